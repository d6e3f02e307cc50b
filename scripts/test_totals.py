#!/usr/bin/env python3
"""Sum the results that `meson test` left in its JSON logs: "N passed, N failed", the last line.

A test that speaks TAP counts once per subtest, any other once. Exits 1 when something failed, or
when a log is missing or empty, for then the tests did not run.

What failed is told before, each test with its failed subtests and the end of its output: of a long run
often only the last lines are kept.
"""
import json
import os
import re
import sys

TESTS_TOLD = 12  # in full; then all of them by name
SUBTESTS_TOLD = 20
LINES_TOLD = 60  # of each stream of a test
COLUMNS_TOLD = 400

# Where a report of a sanitizer begins: that is worth more than its end.
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|runtime error: ")


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


def bounded(lines):
    """The lines that say most: a sanitizer's report, else the last ones; each with an end."""
    first = next((i for i, line in enumerate(lines) if SANITIZER.search(line)), None)
    kept = lines[-LINES_TOLD:] if first is None else lines[first:first + LINES_TOLD]
    left_out = [f"… {len(lines) - len(kept)} lines are left out"] if len(kept) < len(lines) else []
    return [line if len(line) <= COLUMNS_TOLD else line[:COLUMNS_TOLD] + "…" for line in left_out + kept]


def tell(test, label):
    """One failed test. Nothing of it looks like a line of TAP or like the totals."""
    output = (test.get("stdout") or "").splitlines()
    failed = [line for line in output if line.startswith("not ok")]
    rest = [line for line in output if not re.match(r"(ok|not ok)\b", line)]
    print(f"FAILED {test['name']} ({label}): {test['result']}")
    for line in failed[:SUBTESTS_TOLD]:
        print(f"  {line[:COLUMNS_TOLD]}")
    if len(failed) > SUBTESTS_TOLD:
        print(f"  … and {len(failed) - SUBTESTS_TOLD} more")
    for lines in (rest, (test.get("stderr") or "").splitlines()):
        for line in bounded(lines):
            print(f"    {line}")
    print()


def main(paths):
    passed = failed = 0
    bad = []  # (test, label)
    silent = []
    for path in paths:
        ran = False
        label = os.path.splitext(os.path.basename(path))[0]
        try:
            with open(path, encoding="utf-8") as log:
                for line in log:
                    ran = True
                    test = json.loads(line)
                    test_passed, test_failed = counts(test)
                    passed += test_passed
                    failed += test_failed
                    if test_failed:
                        bad.append((test, label))
        except OSError:
            pass
        if not ran:
            failed += 1
            silent.append(label)
    if bad or silent:
        print()
    for test, label in bad[:TESTS_TOLD]:
        tell(test, label)
    for test, label in bad if len(bad) > 1 else ():
        print(f"FAILED {test['name']} ({label}): {test['result']}")
    for label in silent:
        print(f"FAILED {label}: no test ran")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main(sys.argv[1:]))
