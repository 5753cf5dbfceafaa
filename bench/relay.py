#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What does relaying a MESSAGE cost, end to end and over TLS?

Sallyport, Debian's Kamailio and a null forwarder (TLS in, TLS out, no SIP)
stand in turns between the same load generator and its answering side: servers
pinned to one core, the generator to another. Only ratios of one run mean
anything; every process of a server is counted.

    relay.py [--smoke] [--json] [--seconds N] [--rounds N]
             [--only null,kamailio,sallyport,trace,home,web]
             [--part load|flood|idle]

What is compared is one hop in and one hop out: a partner with a certificate
sends, the server passes it to the next hop inside. The built-in home, which
passes it to a client that is signed in, is a figure of its own; so is the same
with a client on WebSocket (web), and what an idle WebSocket takes.

What a trace that matches nothing costs (trace) is compared with none.

The figures: CPU a transaction and transactions a second at saturation in two
shapes (connections x requests in flight), latency at half of that rate; latency
of a modest rate without and with a flood of handshakes (TLS-02); memory of an
idle TLS connection as the slope between two numbers of connections, handshakes
a second and CPU of one, beside a server that is OpenSSL alone.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "interop"))
from harness import stage  # noqa: E402
from peers.names import Names  # noqa: E402

RELAY = stage.BUILD / "bench" / "relay"
SHAPES = {"4x8": (4, 8), "64x1": (64, 1)}
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = str(CORES[0]), str(CORES[-1])
ANSWER_PORT, HOP = 15062, "pool.contoso.internal"
FLOOD_RATE = 500
SENDER, USER = "zoe@fabrikam.test", "bob@contoso.test"


def children(pid):
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += children(int(child))
    return found


def cpu_ns(pids):
    """On a core so far, all threads."""
    total = 0
    for pid in pids:
        for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
            total += int(stat.read_text().split()[0])
    return total


def memory_bytes(pids):
    """What would be free without them: shared pages count in parts."""
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(
                ).splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def pinned(core, *command, **kw):
    return subprocess.Popen(["taskset", "-c", core, *map(str, command)], **kw)


class World:
    """Addresses, certificates and folders that all servers share."""

    def __init__(self):
        self.stage = stage.Stage()
        self.folder = self.stage.folder
        org = self.org = self.stage.org("contoso", workers=1)
        self.base = org.address.rsplit(".", 1)[0]
        self.answer = f"{self.base}.9:{ANSWER_PORT}"
        names = ["DNS:edge.fabrikam.test", "DNS:fabrikam.test", f"DNS:{HOP}",
                 f"IP:{self.base}.9"]
        self.cert, self.key = org.ca.leaf("fabrikam", names)
        # every server, whatever user it becomes, reads these
        self.server = org.ca.leaf("server", [
            "DNS:edge.contoso.test", "DNS:contoso.test",
            f"IP:{org.address}"], mode=0o644)

        hosts = self.stage.later(Names({HOP: f"{self.base}.9"},
                                       f"{self.base}.53"))
        org.partner("fabrikam.test", "edge.fabrikam.test", self.answer)
        org.limits = {"new_per_source": 100000,
                      "unauthenticated_per_source": 100000}
        org.extra = ("log: { level: warn }\n"
                     f'dns: {{ servers: ["{hosts.address}"] }}\n')

    def close(self):
        self.stage.close()


class Null:
    name, title = "null", "null forwarder"

    def __init__(self, world):
        self.world = world
        self.mutual = f"{world.base}.3:15061"

    def start(self):
        w = self.world
        self.process = pinned(SERVER_CORE, RELAY / "relay_null", self.mutual,
                              w.answer, *w.server, w.org.ca.pem,
                              stdout=subprocess.PIPE)
        self.process.stdout.readline()

    def pids(self):
        return children(self.process.pid)

    def way(self):
        return [f"listen={self.world.answer}"]

    def stop(self):
        self.process.kill()
        self.process.wait()


class Alone(Null):
    """The same program without a target: TLS connections and nothing else."""

    name, title = "openssl", "OpenSSL alone"

    def __init__(self, world):
        super().__init__(world)
        self.plain = self.mutual

    def start(self, verify=True):
        w = self.world
        ca = w.org.ca.pem if verify else "-"
        self.process = pinned(SERVER_CORE, RELAY / "relay_null", self.mutual,
                              "-", *w.server, ca, stdout=subprocess.PIPE)
        self.process.stdout.readline()


KAMAILIO = """\
enable_tls=yes
listen=tls:{address}
children=1
tcp_children=1
tcp_max_connections=20000
tls_max_connections=20000
tcp_connection_lifetime=600
log_stderror=yes
debug=0
alias="contoso.test"
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "tls.so"
modparam("tls", "config", "{folder}/tls.cfg")
request_route {{
	if (!mf_process_maxfwd_header("10")) {{
		sl_send_reply("483", "Too Many Hops");
		exit;
	}}
	$du = "sip:{answer};transport=tls";
	if (!t_relay()) sl_reply_error();
	exit;
}}
"""
KAMAILIO_TLS = """\
[server:default]
method = TLSv1.2+
verify_certificate = {verify}
require_certificate = {verify}
private_key = {key}
certificate = {cert}
ca_list = {ca}
[client:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
private_key = {key}
certificate = {cert}
ca_list = {ca}
"""


class Kamailio:
    """With the fastest of its memory managers; one process that reads."""

    name, title = "kamailio", "Kamailio (tm)"

    def __init__(self, world):
        self.world = world
        self.mutual = self.plain = f"{world.base}.2:15061"

    def start(self, verify=True):
        w = self.world
        folder = w.folder / "kamailio"
        folder.mkdir(exist_ok=True)
        (folder / "tls.cfg").write_text(KAMAILIO_TLS.format(
            verify="yes" if verify else "no", cert=w.server[0],
            key=w.server[1], ca=w.org.ca.pem))
        (folder / "cfg").write_text(KAMAILIO.format(
            address=self.mutual, answer=w.answer, folder=folder))
        self.process = pinned(SERVER_CORE, "kamailio", "-f", folder / "cfg",
                              "-DD", "-E", "-m", "1024", "-M", "32",
                              "-x", "tlsf", "-X", "tlsf", "-Y", folder,
                              stderr=open(folder / "log", "wb"),
                              stdout=subprocess.DEVNULL)
        stage.wait_for(lambda: listens(self.mutual), 20, "kamailio")

    def pids(self):
        return children(self.process.pid)

    def way(self):
        return [f"listen={self.world.answer}"]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            for pid in self.pids():
                os.kill(pid, signal.SIGKILL)
            self.process.wait()


class Sallyport:
    """partner -> edge -> next hop, which is the generator's other side."""

    name, title = "sallyport", "Sallyport (next hop)"

    def __init__(self, world):
        self.world = world
        org = self.org = world.org
        self.mutual = f"{org.address}:{org.federation_port}"
        self.plain = f"{org.address}:{org.client_port}"

    def inside(self):
        return ("inside:\n  home: none\n"
                f'  next_hop: ["{HOP}:{ANSWER_PORT}"]\n'
                f'  listen: ["{self.org.address}:15070"]\n  health_s: 1\n')

    def start(self):
        self.org.inside = self.inside()
        # nobody but the one who signs in now
        shutil.rmtree(self.org.folder / "state", ignore_errors=True)
        keep = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {int(SERVER_CORE)})  # inherited
        try:
            self.org.start(wait=False)
        finally:
            os.sched_setaffinity(0, keep)
        stage.wait_for(self.ready, 30, "sallyport")

    def ready(self):
        if self.org.process.poll() is not None:
            raise RuntimeError("\n".join(self.org.log.lines[-5:]))
        return listens(self.mutual) and self.org.control.exists()

    def pids(self):
        return children(self.org.process.pid)

    def way(self):
        # down until it has answered two OPTIONS, as nobody was there before
        return [f"listen={self.world.answer}", "questions=3"]

    def stop(self):
        self.org.stop()


class Watched(Sallyport):
    """The same while a trace looks for a call that never comes."""

    name, title = "trace", "Sallyport (a trace that matches nothing)"

    def start(self):
        super().start()
        stage.wait_for(self.watching, 30, "a trace")

    def watching(self):
        self.process = subprocess.Popen(
            [stage.CLI, "-s", self.org.control, "trace", "--call", "none"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        if "watching 1 worker" in self.process.stderr.readline():
            return True
        self.process.wait()
        self.process.stderr.close()
        return False

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        super().stop()


class Home(Sallyport):
    """partner -> edge -> the built-in home -> a client that is signed in."""

    name, title = "home", "Sallyport (built-in home)"
    password = "bench-secret-word"

    def inside(self):
        return "inside:\n  home: builtin\n"

    def start(self):
        super().start()
        stage.wait_for(self.added, 20, "a user")

    def added(self):
        try:
            self.org.add_user("bob", self.password)
            return True
        except AssertionError:
            time.sleep(0.2)
            return False

    def way(self):
        return [f"register={self.plain}", f"password={self.password}"]


class Web(Home):
    """partner -> edge -> the built-in home -> a client on WebSocket."""

    name, title = "web", "Sallyport (built-in home, WebSocket)"

    def way(self):
        return [*super().way(), "ws=1"]


def listens(address):
    host, port = address.split(":")
    wanted = "".join(f"{int(b):02X}" for b in reversed(host.split("."))) + \
        f":{int(port):04X}"
    for line in open("/proc/net/tcp"):
        words = line.split()
        if words[1] == wanted and words[3] == "0A":
            return True
    return False


def load(server, shape, seconds, rate=0, warm=1.0):
    """One run of the generator: its report and the servers' CPU of it."""
    w = server.world
    connections, window = SHAPES[shape]
    process = pinned(
        LOAD_CORE, RELAY / "relay_load", f"send={server.mutual}",
        f"to={USER}", f"from={SENDER}", *server.way(),
        f"connections={connections}", f"window={window}",
        f"seconds={seconds}", f"warm={warm}", f"rate={rate}",
        f"cert={w.cert}", f"key={w.key}", f"ca={w.org.ca.pem}",
        "name=edge.contoso.test", stdout=subprocess.PIPE, text=True)
    if process.stdout.readline() != "begin\n":
        process.wait()
        raise RuntimeError(f"{server.title}: the generator gave up")
    pids = server.pids()
    before = cpu_ns(pids)
    report = json.loads(process.stdout.readline())
    used = cpu_ns(pids) - before
    process.wait()
    report["cpu_us"] = used / 1000 / max(1, report["transactions"])
    return report


def slope(server, address, certificate, low, high, kind="hold"):
    """Bytes of memory for each idle connection."""
    word = [kind, address, "edge.contoso.test"]
    figures, held = [], []
    try:
        for count in (low, high - low):
            process = pinned(LOAD_CORE, RELAY / "relay_idle", *word, count,
                             *certificate, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
            held.append(process)
            up = process.stdout.readline()
            if up != f"up {count} lost 0\n":
                print(f"{server.title}: of {count} connections {up.strip()}",
                      file=sys.stderr)
                return None
            time.sleep(0.5)
            figures.append(memory_bytes(server.pids()))
    finally:
        for process in held:
            process.stdin.close()
        for process in held:
            process.wait()
    return (figures[1] - figures[0]) / (high - low)


def handshakes(server, address, certificate, seconds):
    process = pinned(LOAD_CORE, RELAY / "relay_idle", "shake", address,
                     "edge.contoso.test", seconds, *certificate,
                     stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    pids = server.pids()
    before = cpu_ns(pids)
    report = json.loads(process.stdout.readline())
    used = cpu_ns(pids) - before
    process.wait()
    done = max(1, report["handshakes"])
    return {"per_second": done / report["seconds"],
            "cpu_us": used / 1000 / done, "lost": report["lost"]}


def measure_load(servers, options, out):
    """In turns, so that a slow moment of the machine meets all of them."""
    servers = [s for s in servers if s.name != "openssl"]
    for shape in options.shapes:
        runs = {s.name: [] for s in servers}
        for _ in range(options.rounds):
            for s in servers:
                s.start()
                try:
                    runs[s.name].append(load(s, shape, options.seconds,
                                             warm=options.seconds / 3))
                finally:
                    s.stop()
        for s in servers:
            done = runs[s.name]
            out[s.name][shape] = {
                key: statistics.median(r[key] for r in done)
                for key in ("cpu_us", "per_second", "errors")}
    for s in servers:
        for shape in options.shapes:
            rate = int(out[s.name][shape]["per_second"] / 2)
            s.start()
            try:
                half = load(s, shape, options.seconds, rate,
                            warm=options.seconds / 3)
            finally:
                s.stop()
            out[s.name][shape].update(rate_half=rate, p50_us=half["p50_us"],
                                      p99_us=half["p99_us"])


def flooded(server, address, options):
    """Latency of users while strangers shake hands as fast as they can; those
    have what is left of the generator's core."""
    flood = subprocess.Popen(
        ["nice", "-n", "5", "taskset", "-c", LOAD_CORE,
         RELAY / "relay_idle", "shake", address, "edge.contoso.test",
         str(options.seconds * 2 + 2)], stdout=subprocess.PIPE, text=True)
    flood.stdout.readline()
    try:
        report = load(server, "4x8", options.seconds, FLOOD_RATE,
                      warm=options.seconds / 3)
    finally:
        done = json.loads(flood.stdout.readline() or "{}")
        flood.wait()
    report["handshakes"] = done["handshakes"] / done["seconds"]
    return report


def measure_flood(servers, options, out):
    for s in servers:
        if s.name not in ("sallyport", "home"):
            continue
        s.start()
        try:
            calm = load(s, "4x8", options.seconds, FLOOD_RATE,
                        warm=options.seconds / 3)
            under = flooded(s, s.plain, options)
        finally:
            s.stop()
        out[s.name]["flood"] = {
            "calm_p50_us": calm["p50_us"], "calm_p99_us": calm["p99_us"],
            **{k: under[k] for k in ("p50_us", "p99_us", "errors",
                                     "handshakes")}}


def measure_sockets(server, out, low, high):
    """Idle WebSockets beside idle TLS connections of the same server."""
    for kind in ("sockets", "hold"):
        server.start()
        try:
            out[server.name][kind] = slope(server, server.plain, [], low,
                                           high, kind)
        finally:
            server.stop()


def measure_idle(servers, options, out):
    low, high = (20, 100) if options.smoke else (2000, 10000)
    for s in servers:
        if s.name in ("null", "home", "trace"):
            continue  # would need someone to dial for each; is the same
        if s.name == "web":
            measure_sockets(s, out, low, high)
            continue
        w = s.world
        kinds = {"mutual": (s.mutual, [w.cert, w.key]),
                 "plain": (s.plain, [])}
        for kind, (address, certificate) in kinds.items():
            if kind == "plain" and s.plain == s.mutual:
                s.start(verify=False)
            else:
                s.start()
            try:
                out[s.name][f"handshakes_{kind}"] = handshakes(
                    s, address, certificate, options.seconds / 2)
                out[s.name][f"idle_{kind}"] = slope(
                    s, address, certificate, low, high)
            finally:
                s.stop()


def ratios(out, name, shape):
    words = []
    mine = out[name][shape]["cpu_us"]
    if name != "null" and "null" in out:
        words.append(f"{mine / out['null'][shape]['cpu_us']:.2f} times the "
                     "null forwarder")
    if name == "sallyport" and "kamailio" in out:
        words.append(f"{mine / out['kamailio'][shape]['cpu_us']:.2f} of "
                     "Kamailio")
    if name == "trace" and "sallyport" in out:
        words.append(f"{mine / out['sallyport'][shape]['cpu_us']:.2f} times "
                     "nobody watching")
    if name == "web" and "home" in out:
        words.append(f"{mine / out['home'][shape]['cpu_us']:.2f} times a "
                     "client on TLS")
    return "".join("; " + w for w in words)


def load_text(out):
    for name, row in out.items():
        for shape in (s for s in SHAPES if s in row):
            r = row[shape]
            yield (f"relay {name} {shape}: {r['cpu_us']:.1f} us CPU a "
                   f"transaction, {r['per_second']:.0f}/s, p50 {r['p50_us']} "
                   f"us and p99 {r['p99_us']} us at {r['rate_half']}/s, "
                   f"{r['errors']:.0f} errors{ratios(out, name, shape)}")


def flood_text(out):
    for name, row in out.items():
        r = row.get("flood")
        if r:
            yield (f"relay {name} flood: {FLOOD_RATE}/s, p50 "
                   f"{r['calm_p50_us']} us and p99 {r['calm_p99_us']} us; with "
                   f"{r['handshakes']:.0f} handshakes/s of strangers p50 "
                   f"{r['p50_us']} us and p99 {r['p99_us']} us, "
                   f"{r['errors']:.0f} errors")


def idle_text(out):
    for name, row in out.items():
        if row.get("sockets") and row.get("hold"):
            yield (f"relay {name}: idle WebSocket "
                   f"{row['sockets'] / 1024:.1f} KiB, idle TLS connection "
                   f"{row['hold'] / 1024:.1f} KiB")
        for kind in (k for k in ("mutual", "plain") if f"idle_{k}" in row):
            idle, shake = row[f"idle_{kind}"], row[f"handshakes_{kind}"]
            size = f"{idle / 1024:.1f} KiB" if idle else "not all connected"
            yield (f"relay {name} {kind}: idle connection {size}, "
                   f"{shake['per_second']:.0f} handshakes/s, "
                   f"{shake['cpu_us']:.0f} us CPU each")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--only", default="", help="some of the servers")
    parser.add_argument("--part", choices=["load", "flood", "idle"])
    options = parser.parse_args()
    options.seconds = options.seconds or (0.3 if options.smoke else 3)
    options.rounds = options.rounds or (1 if options.smoke else 3)
    options.shapes = list(SHAPES)[:1 if options.smoke else None]
    world = World()
    kinds = [Null, Alone, Kamailio, Sallyport, Watched, Home,
             Web]
    if not shutil.which("kamailio"):
        print("relay kamailio: not installed, not compared", file=sys.stderr)
        kinds.remove(Kamailio)
    if options.only:
        kinds = [k for k in kinds if k.name in options.only.split(",")]
    try:
        servers = [k(world) for k in kinds]
        out = {s.name: {} for s in servers}
        for part, measure, text in (("load", measure_load, load_text),
                                    ("flood", measure_flood, flood_text),
                                    ("idle", measure_idle, idle_text)):
            if options.part in (None, part):
                measure(servers, options, out)
                if not options.json:
                    print("\n".join(text(out)), flush=True)
    finally:
        world.close()
    if options.json:
        print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
