#!/usr/bin/env python3
"""Sum the results that `meson test` left in its JSON logs: "N passed, N failed".

A test that speaks TAP counts once per subtest, any other once. Exits 1 when something failed, or
when a log is missing or empty, for then the tests did not run.
"""
import json
import re
import sys


def counts(test):
    """(passed, failed) of one test of the log."""
    good = test["result"] in ("OK", "EXPECTEDFAIL", "SKIP")
    lines = re.findall(r"^(not ok|ok)\b(.*)$", test.get("stdout") or "", re.MULTILINE)
    skipped = sum(1 for _, rest in lines if re.search(r"#\s*skip", rest, re.IGNORECASE))
    passed = sum(1 for word, _ in lines if word == "ok") - skipped
    failed = sum(1 for word, _ in lines if word == "not ok")
    if good:
        return (passed if lines else int(test["result"] != "SKIP"), 0)
    return (passed, max(failed, 1))


def main(paths):
    passed = failed = 0
    for path in paths:
        ran = False
        try:
            with open(path, encoding="utf-8") as log:
                for line in log:
                    ran = True
                    test_passed, test_failed = counts(json.loads(line))
                    passed += test_passed
                    failed += test_failed
        except OSError:
            pass
        if not ran:
            failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
