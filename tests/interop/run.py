#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the conversations: every tests/interop/AREA/test_*.py, or those named.

Prints a line a test and, at the end, "N passed, N failed, N skipped". What
fails is run again by itself, on a stage of its own: a machine that was busy
for a moment, or a peer that crashed, is told apart from a fault, and named as
"unsteady" at the end, so that nobody overlooks it. TRIES (3) says how often a
conversation is run at most.
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


def passes(test):
    name = getattr(test, "_testMethodName", None)
    if not name:  # the setting up of a whole class
        return False
    result = Result()
    unittest.TestSuite([type(test)(name)]).run(result)
    return result.passed and not result.failed


def again(failed):
    """Of those tests: which passed now, and which did not."""
    print(f"again: {len(failed)}", flush=True)
    steady = [test for test in failed if passes(test)]
    return steady, [test for test in failed if test not in steady]


def main(words):
    sys.path.insert(0, str(HERE))
    result = Result()
    for path in sorted(HERE.glob("*/test_*.py")):
        name = f"{path.parent.name}/{path.stem}"
        if words and not any(w in name for w in words):
            continue
        load(path).run(result)
    failed, unsteady = list(dict.fromkeys(result.failed)), []
    for _ in range(int(os.environ.get("TRIES", "3")) - 1):
        if failed:
            steady, failed = again(failed)
            unsteady += steady
    for word, tests in (("unsteady", unsteady), ("failed", failed)):
        for test in tests:
            print(f"{word}: {test.id()}")
    passed = result.passed + len(unsteady)
    print(f"interop: {passed} passed, {len(failed)} failed, "
          f"{len(result.skipped)} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
