#!/usr/bin/env python3
"""Text that belongs in no commit, in any file; SQL files as the header generator expects them.

usage: check_text.py SOURCE_ROOT
"""
import os
import re
import sys

import sources

NOT_HERE = {
    r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b": "finish it, or leave it out",
    r"^(<{7}|>{7}|={7})( |$)": "a merge was not finished",
    r"(?<![\w.$}])/(home|root|work)/\w": "a path of one machine",
    r"\bnot (yet )?implemented\b": "finish it, or leave it out",
}
C_LINES_MAX = 450
BINARY = (".png", ".jpg", ".bin", ".pyc", ".o")


def sql_problems(path, text):
    if not text.startswith("--"):
        yield f"{path}:1: the first line is a comment that says what the statement does and takes"
    if "/sql/" not in path:
        return
    code = re.sub(r"--[^\n]*|'[^']*'|\$(\w*)\$.*?\$\1\$", "", text, flags=re.DOTALL)
    if re.search(r";\s*\S", code) and not text.startswith("-- several statements"):
        yield f"{path}: holds more than one statement, and its first line does not begin \"-- several statements\""


def check(root, path):
    with open(os.path.join(root, path), "rb") as file:
        data = file.read()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        if "corpus/" not in path:
            yield f"{path}: is not UTF-8"
        return
    if "corpus/" in path:
        return
    for pattern, why in NOT_HERE.items():
        for match in re.finditer(pattern, text, re.MULTILINE | re.IGNORECASE if "not " in pattern else re.MULTILINE):
            yield f"{path}:{sources.line_of(text, match.start())}: \"{match.group().strip()}\": {why}"
    if text and not text.endswith("\n"):
        yield f"{path}: the last line has no end"
    if path.endswith((".c", ".h", ".sql", ".sh", ".py", "meson.build")):
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip() or "\t" in line:
                yield f"{path}:{number}: tab or blank at the end of the line"
    if path.endswith((".c", ".h")) and text.count("\n") > C_LINES_MAX:
        yield f"{path}: {text.count(chr(10))} lines are more than one noun; {C_LINES_MAX} at most"
    if path.endswith(".sql"):
        yield from sql_problems(path, text)


def main(root):
    problems = []
    for path in sources.files(root, ""):
        if not path.endswith(BINARY):
            problems += check(root, path)
    sources.finish(problems)


if __name__ == "__main__":
    main(*sys.argv[1:])
