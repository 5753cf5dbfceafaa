#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What do the built-in home's records cost?

Sallyport, and Debian's Kamailio with usrloc, msilo and presence on SQLite,
stand in turns before the same users, each on a TLS connection of his own:
servers pinned to one core, users to another. Only ratios of one run mean
anything; every process of a server is counted.

    home.py [--smoke] [--json] [--seconds N] [--rounds N]
            [--only kamailio,sallyport] [--part register,store,fanout,memory]

register  renewals of a registration, with a digest each, written through
store     messages for users who are away, synced before the answer
fanout    NOTIFYs when one user is watched by a thousand; a null notifier
          (TLS, finished messages, no SIP) is the limit
memory    all processes, with ten thousand users signed in (Sallyport alone)
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import relay as base  # noqa: E402

LOAD = base.stage.BUILD / "bench" / "home" / "home_load"
PASSWORD = "bench-secret-word"
AWAY = 200  # as in home/load.c
TABLES = pathlib.Path("/usr/share/kamailio/db_sqlite")
MODULES = pathlib.Path("/usr/lib/x86_64-linux-gnu/kamailio/modules")

KAMAILIO = """\
enable_tls=yes
listen=tls:{address}
children=1
tcp_children=1
tcp_max_connections=20000
tls_max_connections=20000
tcp_connection_lifetime=3600
tcp_accept_no_cl=yes
log_stderror=yes
debug=0
alias="contoso.test"
mpath="{modules}/"
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "db_sqlite.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "msilo.so"
loadmodule "presence.so"
loadmodule "presence_xml.so"
loadmodule "tls.so"
modparam("tls", "config", "{folder}/tls.cfg")
modparam("usrloc", "db_url", "sqlite://{folder}/db")
modparam("usrloc", "db_mode", 1)
modparam("auth", "algorithm", "SHA-256")
modparam("auth", "nonce_expire", 3600)
modparam("msilo", "db_url", "sqlite://{folder}/db")
modparam("presence", "db_url", "sqlite://{folder}/db")
modparam("presence", "server_address", "sip:presence@{address};transport=tls")
modparam("presence_xml", "db_url", "sqlite://{folder}/db")
modparam("presence_xml", "force_active", 1)
request_route {{
	if (!mf_process_maxfwd_header("10")) {{
		sl_send_reply("483", "Too Many Hops");
		exit;
	}}
	if (is_method("REGISTER")) {{
		if (!pv_www_authenticate("contoso.test", "{password}", "0")) {{
			www_challenge("contoso.test", "1");
			exit;
		}}
		save("location");
		exit;
	}}
	if (is_method("PUBLISH|SUBSCRIBE")) {{
		if (!t_newtran()) {{
			sl_reply_error();
			exit;
		}}
		if (is_method("PUBLISH"))
			handle_publish();
		else
			handle_subscribe();
		t_release();
		exit;
	}}
	if (!is_method("MESSAGE")) {{
		sl_send_reply("405", "Not here");
		exit;
	}}
	if (lookup("location")) {{
		t_relay();
		exit;
	}}
	if (m_store("$ru"))
		sl_send_reply("202", "Accepted");
	else
		sl_send_reply("503", "Not stored");
	exit;
}}
"""


class Kamailio(base.Kamailio):
    name, title = "kamailio", "Kamailio (usrloc, msilo, presence, SQLite)"

    def start(self, users):
        w = self.world
        folder = w.folder / "kamailio"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        db = sqlite3.connect(folder / "db")
        for table in ("standard", "usrloc", "msilo", "presence"):
            db.executescript((TABLES / f"{table}-create.sql").read_text())
        db.close()
        (folder / "tls.cfg").write_text(base.KAMAILIO_TLS.format(
            verify="no", cert=w.server[0], key=w.server[1], ca=w.org.ca.pem))
        (folder / "cfg").write_text(KAMAILIO.format(
            address=self.plain, folder=folder, password=PASSWORD,
            modules=MODULES))
        self.process = base.pinned(
            base.SERVER_CORE, "kamailio", "-f", folder / "cfg", "-DD", "-E",
            "-m", "1024", "-M", "64", "-x", "tlsf", "-X", "tlsf", "-Y", folder,
            stderr=open(folder / "log", "wb"), stdout=subprocess.DEVNULL)
        base.stage.wait_for(self.ready, 30, "kamailio")

    def ready(self):
        if self.process.poll() is not None:
            raise RuntimeError((self.world.folder / "kamailio" / "log")
                               .read_text(errors="replace")[-2000:])
        return base.listens(self.plain)


class Sallyport(base.Home):
    name, title = "sallyport", "Sallyport"

    def __init__(self, world):
        super().__init__(world)
        self.org.extra += (
            "home: { stored_per_user: 1000000, stored_mib_per_user: 1000000, "
            "stored_per_sender: 10000000, stored_mib_per_sender: 1000000, "
            "stored_mib: 1000000, notify_interval_ms: 100 }\n")
        self.made = 0

    def start(self, users):
        """Accounts are kept from one start to the next, records are not."""
        state = self.org.folder / "state"
        kept = self.org.folder / "accounts"
        shutil.rmtree(state, ignore_errors=True)
        keep = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {int(base.SERVER_CORE)})
        try:
            if self.made:
                subprocess.run(
                    [base.stage.CLI, "restore", kept, "-c", self.org.config],
                    check=True, stdout=subprocess.DEVNULL)
            self.org.start(wait=False)
        finally:
            os.sched_setaffinity(0, keep)
        base.stage.wait_for(self.ready, 30, "sallyport")
        base.stage.wait_for(
            lambda: self.org.log.find("server.ready") or
            self.org.run("user", "list", check=False).returncode == 0, 30,
            "its store")
        if self.made < users:
            self.make(users)
            kept.unlink(missing_ok=True)
            self.org.run("backup", str(kept))

    def make(self, users):
        names = [f"user{n}" for n in range(self.made, users)]
        if not self.made:
            names += [f"away{n}" for n in range(AWAY)]
        file = self.org.folder / "users.csv"
        file.write_text("".join(f"{n}@contoso.test,{PASSWORD}\n"
                                for n in names))
        done = subprocess.run(
            [base.stage.CLI, "-s", self.org.control, "user", "import", file],
            capture_output=True, text=True, timeout=600)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        self.made = users


class Null(base.Null):
    """Registers and knows nothing: for the fan-out alone."""

    name, title = "null", "null notifier"

    def __init__(self, world):
        super().__init__(world)
        self.plain = self.mutual

    def start(self, users):
        self.process = base.pinned(
            base.SERVER_CORE, LOAD.with_name("home_null"), self.plain,
            *self.world.server, stdout=subprocess.PIPE)
        self.process.stdout.readline()


def begin(server, part, users, seconds):
    process = base.pinned(
        base.LOAD_CORE, LOAD, part, server.plain, "edge.contoso.test", users,
        PASSWORD, seconds, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True)
    if process.stdout.readline() != f"up {users}\n":
        process.kill()
        raise RuntimeError(f"{server.title}: not all users came in")
    return process


def run(server, part, users, seconds):
    """One run: the report of the users, and the CPU of the server in it."""
    server.start(users)
    try:
        process = begin(server, part, users, seconds)
        if process.stdout.readline() != "begin\n":
            raise RuntimeError(f"{server.title}: {part} did not begin")
        pids = server.pids()
        before = base.cpu_ns(pids)
        line = process.stdout.readline()
        used = base.cpu_ns(pids) - before
        process.wait()
        report = json.loads(line)
    finally:
        server.stop()
    report["cpu_us"] = used / 1000 / max(1, report["done"])
    return report


def memory(server, users):
    server.start(users)
    try:
        empty = base.memory_bytes(server.pids())
        process = begin(server, "hold", users, 1)
        full = base.memory_bytes(server.pids())
        process.stdin.close()
        process.wait()
    finally:
        server.stop()
    return {"users": users, "empty_mib": empty / 2**20,
            "full_mib": full / 2**20,
            "kib_a_user": (full - empty) / 1024 / users}


UNITS = {"register": "refresh", "store": "message", "fanout": "NOTIFY"}


def measure(servers, part, users, options):
    """In turns, so that a slow moment of the machine meets all of them."""
    runs = {s.name: [] for s in servers}
    for _ in range(options.rounds):
        for s in servers:
            runs[s.name].append(run(s, part, users, options.seconds))
    return {name: {key: statistics.median(r[key] for r in done)
                   for key in ("cpu_us", "per_second", "errors")}
            for name, done in runs.items()}


def text(part, users, figures):
    for name, r in figures.items():
        more = ""
        if name == "sallyport" and "kamailio" in figures:
            other = figures["kamailio"]
            more = (f"; {r['per_second'] / max(1, other['per_second']):.2f} "
                    f"times the rate of Kamailio, "
                    f"{other['cpu_us'] / max(0.001, r['cpu_us']):.2f} times "
                    "as much for the same CPU")
        if name == "sallyport" and "null" in figures:
            floor = figures["null"]["cpu_us"]
            more += f"; {r['cpu_us'] / max(0.001, floor):.2f} times the null's"
        yield (f"home {name} {part} ({users} users): {r['cpu_us']:.1f} us CPU "
               f"a {UNITS[part]}, {r['per_second']:.0f}/s, "
               f"{r['errors']:.0f} errors{more}")


def kinds(options):
    known = {"null": Null, "kamailio": Kamailio, "sallyport": Sallyport}
    if not (shutil.which("kamailio") and TABLES.exists() and
            (MODULES / "presence.so").exists()):
        print("home kamailio: not installed, not compared", file=sys.stderr)
        del known["kamailio"]
    wanted = options.only.split(",") if options.only else known
    return [known[name] for name in wanted if name in known]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--only", default="")
    parser.add_argument("--part", default="register,store,fanout,memory")
    options = parser.parse_args()
    options.seconds = options.seconds or (0.5 if options.smoke else 6)
    options.rounds = options.rounds or (1 if options.smoke else 3)
    users = {"register": 200, "store": 20, "fanout": 1001, "memory": 10000}
    if options.smoke:
        users = {"register": 10, "store": 4, "fanout": 21, "memory": 30}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    world = base.World()
    out = {}
    try:
        servers = [k(world) for k in kinds(options)]
        for part in options.part.split(","):
            if part == "memory":
                found = {s.name: memory(s, users[part]) for s in servers
                         if s.name == "sallyport"}
                lines = [f"home {name} memory: {m['full_mib']:.0f} MiB with "
                         f"{m['users']} users signed in, {m['empty_mib']:.0f} "
                         f"without: {m['kib_a_user']:.1f} KiB a user"
                         for name, m in found.items()]
            else:
                able = [s for s in servers
                        if part == "fanout" or s.name != "null"]
                found = measure(able, part, users[part], options)
                lines = text(part, users[part], found)
            out[part] = found
            if not options.json:
                print("\n".join(lines), flush=True)
    finally:
        world.close()
    if options.json:
        print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
