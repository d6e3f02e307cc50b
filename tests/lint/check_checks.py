#!/usr/bin/env python3
"""The checks of this folder find what they are for: each gets a tree with one thing wrong.

usage: check_checks.py SOURCE_ROOT DOMAIN_FOLDER
"""
import os
import shutil
import subprocess
import sys
import tempfile

BASE = "libs/common/base/wrong.c"
# check, file, its text, what is said about it
CASES = [
    ("check_layers.py", BASE, "#include <libpq-fe.h>\n", "base may not include <libpq-fe.h>"),
    ("check_layers.py", BASE, '#include "common/http/http.h"\n', "base may not include common/http/http.h"),
    ("check_layers.py", "DOMAIN/wrong.c", '#include "common/pg/pg_conn.h"\n', "the domain may not include"),
    ("check_layers.py", "services/a-svc/wrong.c", '#include "b-svc/b.h"\n', "a-svc may not include b-svc/b.h of b-svc"),
    ("check_names.py", BASE, 'const char *a = "MESSAGE";\n', "names MESSAGE of the domain"),
    ("check_names.py", "tools/x.sql", "-- x\nSELECT 'THING'\n", 'names "THING" of the domain'),
    ("check_names.py", "services/x.c", 'const char *a = "/v1/THINGs/x";\n', "of the domain"),
    ("check_names.py", BASE, "/* MESSAGE is only an example */\n", None),
    ("check_functions.py", BASE, 'void f(char *a) { strcpy(a, "x"); }\n', "strcpy() is not used here"),
    ("check_functions.py", BASE, "void f(void) { sleep(1); }\n", "sleep() is not used here"),
    ("check_functions.py", BASE, 'char *f(void) { return getenv("A"); }\n', "getenv() belongs elsewhere"),
    ("check_functions.py", "DOMAIN/wrong.c", "long f(void) { return clock_now_us(); }\n", "makes the domain impure"),
    ("check_functions.py", BASE, "/* no strcpy() here */ void f(X *x) { x->sleep(1); }\n", None),
    ("check_text.py", "docs/x.md", "TO" "DO: write this\n", "finish it, or leave it out"),
    ("check_text.py", "docs/x.md", "see /ho" "me/someone/file\n", "a path of one machine"),
    ("check_text.py", "libs/x.c", "int a;\t\n", "tab or blank at the end of the line"),
    ("check_text.py", "libs/sql/x.sql", "SELECT 1\n", "the first line is a comment"),
    ("check_text.py", "libs/sql/x.sql", "-- x\nSELECT 1; SELECT 2\n", "holds more than one statement"),
]


def domain_words(root, domain):
    """(a message, a thing) that the domain really has."""
    from check_names import domain_names

    messages, things = domain_names(root, domain)
    return min(messages), min(thing for thing in things if thing.islower())


def run(here, check, tree, domain, path, text):
    path = os.path.join(tree, path.replace("DOMAIN", domain))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    arguments = [sys.executable, os.path.join(here, check), tree] + ([domain] if check != "check_text.py" else [])
    return subprocess.run(arguments, capture_output=True, text=True, check=False)


def main(root, domain):
    here = os.path.join(root, "tests", "lint")
    message, thing = domain_words(root, domain)
    failed = 0
    for number, (check, path, text, expected) in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory() as tree:
            shutil.copytree(os.path.join(root, domain), os.path.join(tree, domain))
            text, wanted = (
                value and value.replace("MESSAGE", message).replace("THING", thing) for value in (text, expected)
            )
            done = run(here, check, tree, domain, path, text)
        good = (done.returncode == 0) if wanted is None else (done.returncode == 1 and wanted in done.stdout)
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} {check}: {wanted or 'nothing'}{'' if good else f': {done}'}")
    print(f"1..{len(CASES)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
