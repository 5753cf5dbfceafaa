# SPDX-License-Identifier: Apache-2.0
"""Real programs as children: found or the test fails, watched line by line,
ended by their own process id."""
import shutil
import subprocess
import threading

from harness.stage import wait_for


def need(program, package):
    """The program's path; without it the test fails, it does not pass."""
    path = shutil.which(program)
    if not path:
        raise AssertionError(f"{program} is not installed: run `make "
                             f"test-packages` (Debian package {package})")
    return path


class Program:
    """A child whose output is read for good and whose input is ours."""

    def __init__(self, words, **kw):
        self.name = str(words[0]).rsplit("/", 1)[-1]
        self.output = ""
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, **kw)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        stream = self.process.stdout
        while True:
            data = stream.read1(65536)
            if not data:
                return
            self.output += data.decode("utf-8", "replace")

    def say(self, line):
        """One line on its standard input."""
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def wait_output(self, text, timeout=10, count=1):
        """Until it has printed this text so many times."""
        def seen():
            if self.output.count(text) >= count:
                return True
            if self.process.poll() is not None:
                self.thread.join(5)
                if self.output.count(text) >= count:
                    return True
                raise AssertionError(self.tale(f"ended before {text!r}"))
            return False
        try:
            wait_for(seen, timeout)
        except AssertionError as e:
            raise AssertionError(self.tale(f"never said {text!r}: {e}"))

    def tale(self, what):
        return f"{self.name} {what}; its last output:\n{self.output[-4000:]}"

    def wait(self, timeout=30):
        """Its exit status; an output read to the end."""
        status = self.process.wait(timeout)
        self.thread.join(5)
        return status

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.thread.join(5)
        self.process.stdin.close()
        self.process.stdout.close()
