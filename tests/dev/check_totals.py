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


LONG = "".join(f"# line {n}\n" for n in range(100))

TOLD = [
    # what, tests of the log, what the output has in this order, what it has not
    ("nothing is told of what passed", [{"result": "OK", "stdout": "# hello\nok 1 a\n"}], ["1 passed, 0 failed"], ["hello", "ok 1"]),
    ("a failed test tells its subtests and its output",
     [{"name": "orders", "result": "FAIL", "stdout": "ok 1 a\n# why it failed\nnot ok 2 b\nok 3 c\n", "stderr": "at last\n"}],
     ["FAILED orders (log): FAIL", "not ok 2 b", "why it failed", "at last", "2 passed, 1 failed"], ["ok 1 a", "ok 3 c"]),
    ("of a long output the end", [{"result": "TIMEOUT", "stdout": LONG, "stderr": "x" * 5000}],
     ["TIMEOUT", "40 lines are left out", "# line 40", "# line 99", "xxx…", "0 passed, 1 failed"], ["# line 39", "x" * 500]),
    ("of a sanitizer's report the beginning",
     [{"result": "ERROR", "stderr": f"before\n==1==ERROR: AddressSanitizer: heap-use-after-free\n{LONG}"}],
     ["AddressSanitizer", "# line 0", "0 passed, 1 failed"], ["before", "# line 99"]),
    ("of many failed tests the names", [{"name": f"t{n}", "result": "FAIL", "stdout": f"output of {n}\n"} for n in range(40)],
     ["FAILED t0 ", "output of 0", "output of 11", "FAILED t0 ", "FAILED t39 ", "0 passed, 40 failed"], ["output of 12"]),
    ("output that is no text of this machine", [{"result": "FAIL", "stdout": "gr\u00f6\u00dfer \udc80\n"}], ["gr", "0 passed, 1 failed"], []),
]


def run(root, tests):
    """What is printed of a log of these tests; None: there is no log."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "log.json")
        if tests is not None:
            with open(path, "w", encoding="utf-8") as log:
                for test in tests:
                    log.write(json.dumps({"name": "x", **test}) + "\n")
        return subprocess.run([sys.executable, os.path.join(root, "scripts", "test_totals.py"), path],
                              capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}, encoding="utf-8")


def tells(done, wanted, unwanted):
    at = 0
    for text in wanted:
        at = done.stdout.find(text, at)
        if at < 0:
            return False
    return done.stdout.endswith(f"{wanted[-1]}\n") and not any(text in done.stdout for text in unwanted)


def main(root):
    results = []
    for what, tests, line, code in CASES:
        done = run(root, None if tests is None else [{"result": result, "stdout": stdout} for result, stdout in tests])
        results.append((what, done.stdout.splitlines()[-1:] == [line] and done.returncode == code, done))
    for what, tests, wanted, unwanted in TOLD:
        done = run(root, tests)
        results.append((what, tells(done, wanted, unwanted), done))
    for number, (what, good, done) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {number} {what}{'' if good else f': {done}'}")
    print(f"1..{len(results)}")
    return 0 if all(good for _, good, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
