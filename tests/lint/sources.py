"""The project's files, and C text with its comments or strings blanked out, for the checks here."""
import os
import re
import sys

SKIPPED = re.compile(r"^(build.*|\.git|\.dev|\.cache|__pycache__)$")

TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""",
    re.DOTALL | re.VERBOSE,
)


def files(root, *suffixes, under=("",)):
    """Paths relative to root, sorted, of all files whose names end in one of suffixes."""
    found = []
    for folder in under:
        for at, folders, names in os.walk(os.path.join(root, folder)):
            folders[:] = [f for f in folders if not SKIPPED.match(f)]
            for name in names:
                if name.endswith(suffixes) and not SKIPPED.match(name):
                    found.append(os.path.relpath(os.path.join(at, name), root))
    return sorted(set(found))


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def without_comments(text):
    """C text with comments as blanks; lines keep their numbers."""
    return TOKEN.sub(lambda m: blank(m.group()) if m.group("comment") else m.group(), text)


def code_only(text):
    """C text with comments and the insides of strings as blanks."""
    return TOKEN.sub(lambda m: blank(m.group()), text)


def strings(text):
    """(line, value) of each string literal in C text."""
    for match in TOKEN.finditer(text):
        if match.group("string") and match.group().startswith('"'):
            yield text.count("\n", 0, match.start()) + 1, match.group()[1:-1]


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def finish(problems):
    """Print the problems, one a line, and end with the status that says whether there were any."""
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
