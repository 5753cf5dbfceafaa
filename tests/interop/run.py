#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the conversations: every tests/interop/AREA/test_*.py, or those named.

Prints a line a test and, at the end, "N passed, N failed, N skipped". JOBS (2)
files are run at the same time, since most of a conversation is waiting. What
fails is run again by itself, on a stage of its own: a machine that was busy
for a moment, or a peer that crashed, is told apart from a fault, and named as
"unsteady" at the end, so that nobody overlooks it. TRIES (3) says how often a
conversation is run at most.
"""
import concurrent.futures
import importlib.util
import os
import pathlib
import re
import subprocess
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


def tests_of(suite):
    for part in suite:
        if isinstance(part, unittest.TestSuite):
            yield from tests_of(part)
        else:
            yield part


def run_here(path):
    """One file, in this process; its failures are named at the end."""
    result = Result()
    load(path).run(result)
    for test in dict.fromkeys(result.failed):
        print(f"failed: {test.id()}")
    print(f"interop: {result.passed} passed, {len(set(result.failed))} failed,"
          f" {len(result.skipped)} skipped")


def run_apart(path):
    """One file, in a process of its own: what that printed."""
    done = subprocess.run([sys.executable, __file__, "--file", path],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace")
    head, _, tail = done.stdout.rpartition("interop: ")
    print(re.sub(r"(?m)^failed: .*\n", "", head), end="", flush=True)
    counts = [int(n) for n in re.findall(r"\d+", tail)]
    if done.returncode or len(counts) != 3:
        print(f"FAIL  {path.parent.name}/{path.name} ended with "
              f"{done.returncode}\n{tail}", flush=True)
        return 0, 0, [path.stem]
    names = set(re.findall(r"(?m)^failed: (.*)", head))
    known = [t for t in tests_of(load(path)) if t.id() in names]
    return counts[0], counts[2], known + [n for n in names
                                          if n not in {t.id() for t in known}]


def name_of(test):
    return test if isinstance(test, str) else test.id()


def main(words):
    paths = [p for p in sorted(HERE.glob("*/test_*.py"))
             if not words
             or any(w in f"{p.parent.name}/{p.stem}" for w in words)]
    with concurrent.futures.ThreadPoolExecutor(
            int(os.environ.get("JOBS", "2"))) as pool:
        done = list(pool.map(run_apart, paths))
    passed, skipped = sum(d[0] for d in done), sum(d[1] for d in done)
    failed, unsteady = [t for d in done for t in d[2]], []
    for _ in range(int(os.environ.get("TRIES", "3")) - 1):
        if failed:
            steady, failed = again(failed)
            unsteady += steady
    for word, tests in (("unsteady", unsteady), ("failed", failed)):
        for test in tests:
            print(f"{word}: {name_of(test)}")
    passed += len(unsteady)
    print(f"interop: {passed} passed, {len(failed)} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    if sys.argv[1:2] == ["--file"]:
        run_here(pathlib.Path(sys.argv[2]))
    else:
        sys.exit(main(sys.argv[1:]))
