#!/usr/bin/env python3
"""docs/config.md says what the configuration tables in the code say: key, default, range, meaning.

Between "<!-- config: NAME -->" and "<!-- end -->" stands the table of one service, or of all
("daemon"); it is compared with the CONFIG_ROW_… rows, or rewritten with --write.

usage: config_docs.py [--write] SOURCE_ROOT
"""
import os
import re
import sys

import sources

# table: where its rows stand
TABLES = {
    "daemon": "libs/common/daemon",
    "command-svc": "services/command-svc",
    "projector-svc": "services/projector-svc",
    "query-svc": "services/query-svc",
}

def text_of(argument):
    """The value of adjacent C string literals, or None."""
    parts = re.findall(r'"((?:\\.|[^"\\])*)"', argument)
    return "".join(parts).replace('\\"', '"').replace("\\\\", "\\") if parts else None


def split(arguments):
    """Arguments of a macro call, split at the commas outside of strings and parentheses."""
    parts, depth, current, i = [], 0, "", 0
    while i < len(arguments):
        char = arguments[i]
        if char == '"':
            end = re.compile(r'"(?:\\.|[^"\\])*"').match(arguments, i).end()
            current += arguments[i:end]
            i = end
            continue
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += char
        i += 1
    return [part.strip() for part in parts + [current]]


def calls(text):
    """(kind, arguments) of each row of a table."""
    text = sources.without_comments(text).replace("\\\n", "\n")
    for match in re.finditer(r"\bCONFIG_ROW_(STRING|SECRET|INT|BOOL)\(", text):
        if re.search(r"#\s*define\s+$", text[: match.start()].split("\n")[-1]):
            continue
        depth, i, quoted = 1, match.end(), False
        while depth:
            char = text[i]
            if char == '"' and text[i - 1] != "\\":
                quoted = not quoted
            if not quoted:
                depth += (char == "(") - (char == ")")
            i += 1
        yield match[1], split(text[match.end() : i - 1])


def rows(root, folder):
    """Table rows of one folder's configuration, in the order of the code."""
    for path in sources.files(root, ".c", ".h", under=(folder,)):
        if os.path.basename(path).startswith("test_"):
            continue
        for kind, arguments in calls(sources.read(root, path)):
            key, default = arguments[1], text_of(arguments[2])
            limits = f"{arguments[3]} to {arguments[4]}" if kind == "INT" else ""
            if arguments[2] == "port":
                shown = "per service"
            elif default is None:
                shown = "required"
            else:
                shown = f"`{default}`" if default else "empty"
            help_text = (text_of(arguments[-1]) or "").replace("|", "\\|")
            yield f"| `{key}` | {shown} | {limits} | {help_text} |"


def table(root, name):
    lines = list(rows(root, TABLES[name]))
    if not lines:
        return ""
    return "\n".join(["| key | default | range | meaning |", "|---|---|---|---|"] + lines) + "\n"


def main(arguments):
    write = arguments[0] == "--write"
    root = arguments[-1]
    path = "docs/config.md"
    have = sources.read(root, path)
    want, problems = have, []
    for name in TABLES:
        marks = re.compile(rf"(<!-- config: {name} -->\n)(.*?)(<!-- end -->)", re.DOTALL)
        if not marks.search(have):
            problems.append(f"{path}: has no table of {name}")
            continue
        want = marks.sub(lambda m, n=name: m[1] + "\n" + table(root, n) + "\n" + m[3], want)
    if write:
        with open(os.path.join(root, path), "w", encoding="utf-8") as file:
            file.write(want)
    elif want != have:
        wanted, had = want.split("\n"), have.split("\n")
        problems += [f"{path}: lacks: {line}" for line in wanted if line and line not in had]
        problems += [f"{path}: is not in the code: {line}" for line in had if line and line not in wanted]
        problems.append(f"{path}: run tests/lint/config_docs.py --write .")
    sources.finish(problems)


if __name__ == "__main__":
    main(sys.argv[1:])
