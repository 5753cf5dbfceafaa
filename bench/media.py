#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What does relaying media cost?

Sallyport, Debian's coturn and a null relay (batches in, one look-up, batches
out; no protocol, no rights) stand in turns in a namespace of their own, behind
a veth pair, pinned to one core; clients and peers are one program on another.
Every process of a server is counted, and with it the kernel's work up to the
receiver's socket, which veth does in the sender's name. Only ratios of one run
mean anything.

    media.py [--smoke] [--json] [--seconds N] [--rounds N]
             [--only null,coturn,sallyport] [--part packets|trains|alloc|memory]
             [--shape 120x1,120x1000,...]

The figures, for packets of BYTES in FLOWS, half of them each way: CPU a packet
at a fixed rate, with the time a packet is on its way; packets a second of a
whole core when as many are under way as come back. Trains are packets of one
flow that arrive as one. Allocations: challenge, Allocate and release by clients
that were never seen, 256 at once. Memory: the slope between two numbers of
allocations with a channel each; the kernel's beside it.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "interop"))
sys.path.insert(0, str(ROOT / "bench"))
from harness import stage  # noqa: E402
from relay import (CORES, LOAD_CORE, SERVER_CORE, children,  # noqa: E402
                   cpu_ns, memory_bytes)

MEDIA = stage.BUILD / "bench" / "media"
SERVER, LOAD = "10.78.0.2", "10.78.0.1"
CLIENTS = "10.79.0.0/16"
RATE, OUTSTANDING, TRAIN = 100000, 256, 16
# transport, bytes, flows
SHAPES = {f"{t}{b}x{f}": (t, b, f)
          for t in ("udp", "tcp") for b in (120, 1200) for f in (1, 1000)}
USER, PASSWORD, REALM = "bench", "bench-secret", "edge.contoso.test"
CGROUP = pathlib.Path("/sys/fs/cgroup/memory")


def run(*words):
    subprocess.run([str(w) for w in words], check=True, capture_output=True)


class World:
    """Two namespaces and what joins them; a source address for each client."""

    devices = ("v0", "v0")  # the server's, the load's

    def __init__(self):
        self.stage = stage.Stage()
        tag = f"bm{os.getpid()}"
        self.server, self.load = f"{tag}s", f"{tag}l"
        for name in (self.server, self.load):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        here, there = self.devices
        run("ip", "-n", self.server, "link", "add", here, "type", "veth",
            "peer", "name", there, "netns", self.load)
        for name, device, at in ((self.server, here, SERVER),
                                 (self.load, there, LOAD)):
            run("ip", "-n", name, "addr", "add", f"{at}/24", "dev", device)
            run("ip", "-n", name, "link", "set", device, "up")
        run("ip", "-n", self.load, "route", "add", "local", CLIENTS, "dev",
            "lo")
        run("ip", "-n", self.server, "route", "add", CLIENTS, "via", LOAD)
        self.folder = self.stage.folder

    def inside(self, name, core):
        return ["ip", "netns", "exec", name, "taskset", "-c", core]

    def close(self):
        self.stage.close()
        for name in (self.server, self.load):
            subprocess.run(["ip", "netns", "del", name], check=False)


class Null:
    name, title, words = "null", "null relay", ["null=1"]

    def __init__(self, world):
        self.world = world

    def start(self):
        self.begin()
        # it answers
        probe = generator(self, "hold", "client=10.79.255.1")
        probe.stdin.close()
        probe.wait()

    def begin(self):
        self.process = subprocess.Popen(
            [*self.world.inside(self.world.server, SERVER_CORE),
             MEDIA / "media_null", f"{SERVER}:3478"], stdout=subprocess.PIPE)
        self.process.stdout.readline()

    def pids(self):
        return children(self.process.pid)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Coturn(Null):
    """One thread that relays, as ours is one process."""

    name, title = "coturn", "coturn"
    words = [f"user={USER}", f"password={PASSWORD}"]

    def begin(self):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.world.folder))
        self.process = subprocess.Popen(
            [*self.world.inside(self.world.server, SERVER_CORE), "turnserver",
             "-n", "-c", "/dev/null", "--log-file=/dev/null", "--simple-log",
             "-L", SERVER, "-E", SERVER, "-p", "3478", "--no-tls", "--no-dtls",
             "-r", REALM, "-a", "-u", f"{USER}:{PASSWORD}", "-m", "1",
             f"--userdb={folder}/db", f"--pidfile={folder}/pid", "--no-cli",
             "--min-port=50000", "--max-port=59999", "--no-software-attribute",
             "--no-multicast-peers", "--no-rfc5780", "--no-stun-backward-compatibility"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stage.wait_for(self.listens, 20, "coturn")

    def listens(self):
        text = subprocess.run(
            ["ip", "netns", "exec", self.world.server, "cat", "/proc/net/udp"],
            capture_output=True, text=True).stdout
        return ":0D96" in text


class Sallyport(Null):
    name, title = "sallyport", "Sallyport"
    words = Coturn.words
    fast = '"off"'

    def begin(self):
        w = self.world
        self.org = stage.Org(w.stage, f"bench{len(w.stage.orgs)}", "127.0.0.1",
                             workers=1)
        w.stage.orgs.append(self.org)
        self.org.prefix = w.inside(w.server, SERVER_CORE)
        self.org.extra = (
            "log: { level: warn }\n"
            "relay:\n"
            f'  listen: ["{SERVER}:3478"]\n'
            f"  users: [{{ name: {USER}, password: {PASSWORD} }}]\n"
            '  allow_peers: ["10.78.0.0/24"]\n'
            "  quota: { allocations_per_user: 0 }\n"
            "  bandwidth: { per_port_kbit: 0, per_user_kbit: 0 }\n"
            f"  xdp: {self.fast}\n")
        self.org.start(wait=False)
        stage.wait_for(self.ready, 30, "sallyport")

    def ready(self):
        if self.org.process.poll() is not None:
            raise RuntimeError("\n".join(self.org.log.lines[-5:]))
        return self.org.control.exists()

    def pids(self):
        return children(self.org.process.pid)

    def stop(self):
        # an orderly end would wait for the allocations
        pids = self.pids()
        self.org.kill()
        stage.wait_for(lambda: not any(pathlib.Path(f"/proc/{p}").exists()
                                       for p in pids), 20, "its end")


def generator(server, mode, *words):
    w = server.world
    process = subprocess.Popen(
        [*w.inside(w.load, LOAD_CORE), MEDIA / "media_load", mode,
         f"server={SERVER}:3478", f"peer={LOAD}", *server.words, *words],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if process.stdout.readline() != "begin\n":
        process.wait()
        raise RuntimeError(f"{server.title}: the generator gave up")
    return process


def measured(server, mode, *words):
    """One run: its report and the server's CPU of it."""
    process = generator(server, mode, *words)
    pids = server.pids()
    before = cpu_ns(pids)
    report = json.loads(process.stdout.readline())
    report["cpu_ns"] = cpu_ns(pids) - before
    process.wait()
    return report


def packets(server, shape, options, rate, *more):
    transport, size, flows = SHAPES[shape]
    r = measured(server, "run", "client=10.79.0.1", f"bytes={size}",
                 f"flows={flows}", f"tcp={int(transport == 'tcp')}",
                 f"rate={rate}", f"seconds={options.seconds}",
                 f"warm={options.seconds / 3}", *more)
    done = max(1, r["received"])
    return {"cpu_us": r["cpu_ns"] / 1000 / done,
            "rate": done / r["seconds"],
            "lost": max(0, r["sent"] - r["received"]) / max(1, r["sent"]),
            "p50_us": r["p50_us"], "p99_us": r["p99_us"]}


def in_turns(servers, options, one):
    """So that a slow moment of the machine meets all of them."""
    runs = {s.name: [] for s in servers}
    for _ in range(options.rounds):
        for s in servers:
            s.start()
            try:
                runs[s.name].append(one(s))
            finally:
                s.stop()
    return {name: {key: statistics.median(r[key] for r in done)
                   for key in done[0]} for name, done in runs.items()}


def measure_packets(servers, options):
    for shape in options.shapes:
        for word, rate in (("rate", options.rate), ("full", 0)):
            got = in_turns(servers, options,
                           lambda s: packets(s, shape, options, rate))
            yield f"{shape} {word}", got


def measure_trains(servers, options):
    for shape in ("udp1200x1", "udp1200x1000"):
        got = in_turns(servers, options, lambda s: packets(
            s, shape, options, options.rate, f"train={TRAIN}"))
        yield f"{shape} trains of {TRAIN}", got


def measure_alloc(servers, options):
    def one(s):
        r = measured(s, "alloc", "client=10.79.0.1", f"window={OUTSTANDING}",
                     f"seconds={options.seconds}",
                     f"warm={options.seconds / 3}")
        done = max(1, r["made"])
        return {"alloc_us": r["cpu_ns"] / 1000 / done,
                "made": done / r["seconds"],
                "answers": r["answered"] / r["seconds"], "lost": r["lost"]}
    yield "alloc", in_turns([s for s in servers if s.name != "null"], options,
                            one)


def kernel_bytes(group):
    text = (group / "memory.kmem.usage_in_bytes").read_text()
    return int(text)


def measure_memory(servers, options):
    low, high = (50, 250) if options.smoke else (1000, 9000)

    def one(s):
        group = CGROUP / f"bench{os.getpid()}"
        try:
            group.mkdir(exist_ok=True)
            for pid in s.pids():
                (group / "cgroup.procs").write_text(str(pid))
            kernel_bytes(group)
        except OSError:
            group = None
        held, ours, kernels = [], [], []
        for first, count in (("10.79.0.1", low), ("10.79.100.1", high - low)):
            held.append(generator(s, "hold", f"client={first}",
                                  f"flows={count}"))
            ours.append(memory_bytes(s.pids()))
            kernels.append(kernel_bytes(group) if group else 0)
        for h in held:
            h.stdin.close()
            h.wait()
        return {"bytes": (ours[1] - ours[0]) / (high - low),
                "kernel": (kernels[1] - kernels[0]) / (high - low)}
    got = in_turns(servers, options, one)
    group = CGROUP / f"bench{os.getpid()}"
    if group.exists():
        group.rmdir()
    yield "memory", got


def beside(got, name, key):
    words = []
    for other in ("null", "coturn"):
        if other != name and other in got and got[other].get(key):
            words.append(f"{got[name][key] / got[other][key]:.2f} times "
                         f"{other}")
    return f" ({', '.join(words)})" if words else ""


def text(what, got):
    for name, r in got.items():
        if "cpu_us" in r:
            rate = 1e6 / r["cpu_us"] if r["cpu_us"] else 0
            yield (f"media {name} {what}: {r['cpu_us']:.2f} us CPU a packet"
                   f"{beside(got, name, 'cpu_us')}, {rate:.0f}/s of a core, "
                   f"{r['rate']:.0f}/s now, {100 * r['lost']:.1f} % lost, p50 "
                   f"{r['p50_us']:.0f} us, p99 {r['p99_us']:.0f} us")
        elif "alloc_us" in r:
            yield (f"media {name} alloc: {r['alloc_us']:.1f} us CPU each"
                   f"{beside(got, name, 'alloc_us')}, "
                   f"{1e6 / r['alloc_us']:.0f}/s of a core, "
                   f"{r['made']:.0f}/s now, {r['answers']:.0f} answers/s, "
                   f"{r['lost']:.0f} late")
        else:
            yield (f"media {name} memory: {r['bytes']:.0f} bytes an "
                   f"allocation, the kernel's {r['kernel']:.0f}")


PARTS = {"packets": measure_packets, "trains": measure_trains,
         "alloc": measure_alloc, "memory": measure_memory}


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--only", default="", help="some of the servers")
    parser.add_argument("--part", choices=list(PARTS))
    parser.add_argument("--shape", default="")
    options = parser.parse_args()
    options.seconds = options.seconds or (0.2 if options.smoke else 2)
    options.rounds = options.rounds or (1 if options.smoke else 3)
    options.rate = options.rate or (2000 if options.smoke else RATE)
    options.shapes = options.shape.split(",") if options.shape else (
        ["udp120x1", "tcp120x1"] if options.smoke else list(SHAPES))
    return options


def main():
    options = arguments()
    if os.geteuid() != 0:
        print("media: needs root for namespaces, not measured",
              file=sys.stderr)
        return
    if len(CORES) < 2:
        print("media: one core, servers and clients share it",
              file=sys.stderr)
    kinds = [Null, Coturn, Sallyport]
    if not shutil.which("turnserver"):
        print("media coturn: not installed, not compared", file=sys.stderr)
        kinds.remove(Coturn)
    if options.only:
        kinds = [k for k in kinds if k.name in options.only.split(",")]
    world, out = World(), {}
    try:
        servers = [k(world) for k in kinds]
        for part, measure in PARTS.items():
            if options.part not in (None, part):
                continue
            for what, got in measure(servers, options):
                out[what] = got
                if not options.json:
                    print("\n".join(text(what, got)), flush=True)
    finally:
        world.close()
    if options.json:
        print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
