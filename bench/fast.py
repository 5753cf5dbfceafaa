#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What does relaying in the kernel cost, end to end?

Sallyport with its fast path and without, Debian's coturn, a null relay and a
bare XDP echo stand in turns behind a veth pair, natively. Packets are made and
counted by programs in the kernel, so that they are not the limit. Both devices
poll in threads of their own: the server's share a core with the server and
count as its work, the load's stand on another core. Only ratios of one run mean
anything.

    fast.py [--smoke] [--json] [--seconds N] [--rounds N] [--rate N]
            [--only echo,null,coturn,sallyport,fast]

The figures, for ChannelData of 120 bytes one way and the same back: CPU a
packet when as many are under way as come back (full) and at a fixed rate.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

import media
from media import LOAD, MEDIA, SERVER, World, run
from relay import CORES, LOAD_CORE, SERVER_CORE, cpu_ns

sys.path.insert(0, str(media.ROOT / "tests" / "interop" / "relay"))
from fastnet import SGRO, SGSO, STSO, STXCSUM, feature, inside  # noqa: E402

FAST = MEDIA / "media_fast"
BYTES, WINDOW, RATE, FLOWS = 120, 192, 100000, (1, 1000)


class FastWorld(World):
    devices = (f"fs{os.getpid()}", f"fl{os.getpid()}")

    def __init__(self):
        super().__init__()
        for name, device in zip((self.server, self.load), self.devices):
            for what, on in ((STXCSUM, 0), (STSO, 0), (SGSO, 0), (SGRO, 1)):
                inside(name, feature, device, what, on)
            run("ip", "netns", "exec", name, "sh", "-c",
                f"echo 1 >/sys/class/net/{device}/threaded")
        links = subprocess.run(
            ["ip", "-n", self.server, "-j", "link", "show", self.devices[0]],
            check=True, capture_output=True, text=True).stdout
        self.mac = json.loads(links)[0]["address"]

    def polls(self, device):
        """Threads of the kernel that poll that device."""
        found = []
        for comm in pathlib.Path("/proc").glob("[0-9]*/comm"):
            try:
                name = comm.read_text()
            except OSError:
                continue
            if name.startswith(f"napi/{device}-"):
                found.append(int(comm.parent.name))
        return found

    def pin(self):
        """They begin anew when a program is attached."""
        for device, core in zip(self.devices, (SERVER_CORE, LOAD_CORE)):
            for pid in self.polls(device):
                os.sched_setaffinity(pid, {int(core)})
        return self.polls(self.devices[0])


class Echo(media.Null):
    name, title, words = "echo", "bare echo", []

    def start(self):
        w = self.world
        self.process = subprocess.Popen(
            [*w.inside(w.server, SERVER_CORE), FAST, "echo", w.devices[0]],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b"ready\n":
            raise RuntimeError("the echo gave up")


class Fast(media.Sallyport):
    name, title, fast = "fast", "Sallyport in the kernel", "auto"


def measured(server, flows, rate, options):
    w = server.world
    with subprocess.Popen(
            [*w.inside(w.load, LOAD_CORE), FAST, "load", w.devices[1],
             f"server={SERVER}:3478", f"peer={LOAD}", "client=10.79.0.1",
             f"mac={w.mac}", f"bytes={BYTES}", f"flows={flows}",
             f"rate={rate}", f"window={WINDOW}",
             f"seconds={options.seconds}", f"warm={options.seconds / 2}",
             *server.words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True) as process:
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"{server.title}: the generator gave up")
        pids = server.pids() + w.pin()
        process.stdin.write("\n")
        process.stdin.flush()
        process.stdout.readline()
        before = cpu_ns(pids)
        r = json.loads(process.stdout.readline())
        used = cpu_ns(pids) - before
    ways = r["received"] if server.name == "echo" else min(r["up"], r["down"])
    if ways < r["received"] / 10 or not ways:
        raise RuntimeError(f"{server.title}: relays one way only: {r}")
    return {"cpu_ns": used / r["received"],
            "rate": r["received"] / r["seconds"],
            "busy": used / 1e9 / r["seconds"],
            "lost": max(0, r["sent"] - r["received"]) / max(1, r["sent"])}


def one(server, flows, rate, options):
    """Again where a busy machine let nothing through."""
    for _ in range(2):
        try:
            return try_one(server, flows, rate, options)
        except (RuntimeError, ValueError) as error:
            print(f"fast: again: {error}", file=sys.stderr)
    return try_one(server, flows, rate, options)


def try_one(server, flows, rate, options):
    server.start()
    try:
        got = measured(server, flows, rate, options)
        if server.name == "fast":
            carried = server.org.metric("turn_fast_packets_total")
            total = server.org.metric("turn_up_packets_total") + \
                server.org.metric("turn_down_packets_total")
            got["carried"] = carried / max(1, total)
        return got
    finally:
        server.stop()


def in_turns(servers, flows, rate, options):
    runs = {s.name: [] for s in servers}
    for _ in range(options.rounds):
        for s in servers:
            runs[s.name].append(one(s, flows, rate, options))
    return {name: {key: statistics.median(r[key] for r in done)
                   for key in done[0]} for name, done in runs.items()}


def text(what, got):
    for name, r in got.items():
        words = [f"{got[other]['cpu_ns'] / r['cpu_ns']:.1f} times {other}'s "
                 "packets" for other in ("coturn", "null")
                 if other in got and other != name]
        if name != "echo" and "echo" in got:
            words.append(f"{r['cpu_ns'] / got['echo']['cpu_ns']:.2f} times "
                         "the echo's cost")
        if "carried" in r:
            words.append(f"{100 * r['carried']:.0f} % in the kernel")
        yield (f"fast {name} {what}: {r['cpu_ns']:.0f} ns CPU a packet "
               f"({', '.join(words)}), {1e9 / r['cpu_ns']:.0f}/s of a core, "
               f"{r['rate']:.0f}/s now with {100 * r['busy']:.0f} % of it, "
               f"{100 * r['lost']:.1f} % lost").replace(" ()", "")


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--rate", type=int)
    parser.add_argument("--only", default="", help="some of the servers")
    options = parser.parse_args()
    options.seconds = options.seconds or (0.3 if options.smoke else 1)
    options.rounds = options.rounds or (1 if options.smoke else 3)
    options.rate = options.rate or (2000 if options.smoke else RATE)
    options.flows = (1,) if options.smoke else FLOWS
    return options


def reason():
    """None, or why it cannot be measured here."""
    if os.geteuid() != 0:
        return "needs root for namespaces"
    if not FAST.exists():
        return "built without programs for the kernel"
    if len(CORES) < 2:
        return "needs two cores"
    return None


def trial(world):
    """None, or why the kernel does not do it."""
    short = argparse.Namespace(seconds=0.05)
    try:
        one(Echo(world), 1, 1000, short)
        fast = Fast(world)
        fast.start()
        off = fast.org.log.find("fast.off")
        fast.stop()
        return off[-1]["why"] if off else None
    except (RuntimeError, ValueError) as error:
        return f"no echo or no live frames: {error}"


def measure(world, options):
    kinds = [Echo, media.Null, media.Coturn, media.Sallyport, Fast]
    if not shutil.which("turnserver"):
        print("fast coturn: not installed, not compared", file=sys.stderr)
        kinds.remove(media.Coturn)
    if options.only:
        kinds = [k for k in kinds if k.name in options.only.split(",")]
    servers, out = [k(world) for k in kinds], {}
    for flows in options.flows:
        for word, rate in (("full", 0), ("rate", options.rate)):
            what = f"{BYTES}x{flows} {word}"
            out[what] = in_turns(servers, flows, rate, options)
            if not options.json:
                print("\n".join(text(what, out[what])), flush=True)
    if options.json:
        print(json.dumps(out, indent=1))


def main():
    options = arguments()
    why = reason()
    if why:
        print(f"fast: not measured: {why}", file=sys.stderr)
        return
    try:
        world = FastWorld()
    except subprocess.CalledProcessError as error:
        print(f"fast: not measured: {error.stderr}", file=sys.stderr)
        return
    try:
        why = trial(world)
        if why:
            print(f"fast: not measured: {why}", file=sys.stderr)
        else:
            measure(world, options)
    finally:
        world.close()


if __name__ == "__main__":
    main()
