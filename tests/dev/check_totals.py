#!/usr/bin/env python3
"""scripts/test_totals.py counts what happened, and never takes silence for success.

usage: check_totals.py SOURCE_ROOT
"""
import json
import os
import subprocess
import sys
import tempfile

CASES = [
    # what, tests of the log (None: no log at all), line, exit code
    ("subtests count", [("OK", "ok 1 a\nok 2 b\n1..2\n")], "2 passed, 0 failed", 0),
    ("a test without subtests counts once", [("OK", "hello\n")], "1 passed, 0 failed", 0),
    ("a failed subtest", [("FAIL", "ok 1 a\nnot ok 2 b\n1..2\n")], "1 passed, 1 failed", 1),
    ("a crash after good subtests", [("ERROR", "ok 1 a\n")], "1 passed, 1 failed", 1),
    ("a timeout", [("TIMEOUT", "")], "0 passed, 1 failed", 1),
    ("a skipped test is no pass", [("SKIP", ""), ("OK", "ok 1 a # SKIP no\n")], "0 passed, 0 failed", 0),
    ("an empty log", [], "0 passed, 1 failed", 1),
    ("no log", None, "0 passed, 1 failed", 1),
]


def main(root):
    failed = 0
    for number, (what, tests, line, code) in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "log.json")
            if tests is not None:
                with open(path, "w", encoding="utf-8") as log:
                    for result, stdout in tests:
                        log.write(json.dumps({"name": "x", "result": result, "stdout": stdout}) + "\n")
            done = subprocess.run([sys.executable, os.path.join(root, "scripts", "test_totals.py"), path],
                                  capture_output=True, text=True, check=False)
        good = (done.stdout.strip(), done.returncode) == (line, code)
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} {what}{'' if good else f': {done}'}")
    print(f"1..{len(CASES)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
