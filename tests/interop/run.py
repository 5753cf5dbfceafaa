#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the conversations: every tests/interop/AREA/test_*.py, or those named.

Prints a line a test and, at the end, "N passed, N failed, N skipped". What
fails is run once more by itself, on a stage of its own: a machine that was
busy for a moment is told apart from a fault, and named as "unsteady" at the
end, so that nobody overlooks it. TRIES=1 switches that off.
"""
import importlib.util
import os
import pathlib
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent


class Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.passed = 0
        self.failed = []  # tests

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def line(self, word, test, text=""):
        took = time.monotonic() - self.began
        name = test.id().replace("test_", "", 1)
        print(f"{word:4}  {name}  ({took:.1f} s){text}", flush=True)

    def addSuccess(self, test):
        self.passed += 1
        self.line("pass", test)

    def addError(self, test, err):
        super().addError(test, err)
        self.failed.append(test)
        self.line("FAIL", test, "\n" + self.errors[-1][1])

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.failed.append(test)
        self.line("FAIL", test, "\n" + self.failures[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self.failed.append(test)
            self.line("FAIL", subtest,
                      "\n" + (self.failures + self.errors)[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.line("skip", test, f": {reason}")


def load(path):
    name = f"{path.parent.name}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return unittest.defaultTestLoader.loadTestsFromModule(module)


def once_more(failed):
    """Of those tests: which passed now, and how many did not."""
    steady, still = [], 0
    for test in dict.fromkeys(failed):
        name = getattr(test, "_testMethodName", None)
        if not name:  # the setting up of a whole class
            still += 1
            continue
        result = Result()
        unittest.TestSuite([type(test)(name)]).run(result)
        if result.failed or not result.passed:
            still += 1
        else:
            steady.append(test.id())
    return steady, still


def main(words):
    sys.path.insert(0, str(HERE))
    result = Result()
    for path in sorted(HERE.glob("*/test_*.py")):
        name = f"{path.parent.name}/{path.stem}"
        if words and not any(w in name for w in words):
            continue
        load(path).run(result)
    failed, unsteady = len(set(result.failed)), []
    if failed and os.environ.get("TRIES") != "1":
        print(f"once more: {failed}", flush=True)
        unsteady, failed = once_more(result.failed)
    for name in unsteady:
        print(f"unsteady: {name}")
    passed = result.passed + len(unsteady)
    print(f"interop: {passed} passed, {failed} failed, "
          f"{len(result.skipped)} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
