# SPDX-License-Identifier: Apache-2.0
"""Two agents of libnice in one program."""
import pathlib
import shlex
import shutil
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parent / "nice_pair.c"


def missing():
    """Why there is no libnice here, or None."""
    if not shutil.which("pkg-config") or subprocess.run(
            ["pkg-config", "--exists", "nice"], check=False).returncode:
        return "libnice is not installed"
    return None


def build(folder):
    program = folder / "nice_pair"
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "nice"],
                           check=True, capture_output=True, text=True)
    subprocess.run(["cc", "-O1", "-o", program, SOURCE,
                    *shlex.split(flags.stdout)], check=True)
    return program
