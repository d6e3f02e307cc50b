"""unittest's results as TAP, so that meson counts every test."""

import os
import sys
import unittest


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number = 0

    def _line(self, verdict, test, detail=""):
        for line in str(detail).rstrip().splitlines():
            print("#", line)
        self.number += 1
        print(f"{verdict} {self.number} - {test.id().split('.', 1)[-1]}", flush=True)

    def addSuccess(self, test):
        self._line("ok", test)

    def addError(self, test, err):
        super().addError(test, err)
        self._line("not ok", test, self._exc_info_to_string(err, test))

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._line("not ok", test, self._exc_info_to_string(err, test))

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._line("not ok", subtest, self._exc_info_to_string(err, test))


def main():
    """Run the tests of the calling program, all or those named on the command line."""
    # A broker that lives for minutes is better off with what the quick compiler makes of it.
    os.environ.setdefault("SKAFU_KAFKA_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
    names = sys.argv[1:]
    loader = unittest.defaultTestLoader
    module = sys.modules["__main__"]
    tests = loader.loadTestsFromNames(names, module) if names else loader.loadTestsFromModule(module)
    result = TapResult()
    tests.run(result)
    print(f"1..{result.number}")
    sys.exit(0 if result.wasSuccessful() and result.number else 1)
