#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Instructions a message for each reader of bench_sip_parse, counted by
callgrind: a figure that no busy machine changes.

    instructions.py build/bench/bench_sip_parse [--json] [--smoke]
"""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

KINDS = ["MESSAGE", "INVITE", "SUBSCRIBE", "REGISTER"]
HOSTILE = ["addresses", "folded parameters", "Routes", "empty headers"]


def count(program, reader, kind, times):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--toggle-collect=repeat*",
             f"--callgrind-out-file={Path(folder) / 'out'}",
             program, "run", reader, kind, str(times)],
            capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1)) / times


def readers(program):
    out = subprocess.run([program, "1"], capture_output=True, text=True,
                         check=True).stdout
    return re.findall(r"^sip_parse (\S+) reads:", out, re.M)


def main(args):
    program = args[0]
    smoke = "--smoke" in args
    times = 20 if smoke else 200
    rows = {kind: {r: round(count(program, r, kind, times))
                   for r in readers(program)}
            for kind in (KINDS[:1] if smoke else KINDS)}
    for kind in [] if smoke else HOSTILE:
        rows[kind] = {"ours": round(count(program, "ours", kind, 10))}
    if "--json" in args:
        print(json.dumps(rows))
        return
    for kind, row in rows.items():
        ours = row["ours"]
        others = "".join(f"; {name} {n}, {n / ours:.1f} times ours"
                         for name, n in row.items() if name != "ours")
        print(f"sip_parse {kind}: {ours} instructions{others}")


if __name__ == "__main__":
    main(sys.argv[1:])
