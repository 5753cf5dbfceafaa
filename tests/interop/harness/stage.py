# SPDX-License-Identifier: Apache-2.0
"""Organisations on loopback addresses: each a whole daemon with its own
certificate authority, its own state and its own users."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from . import certs

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("SALLYPORT_BUILD", ROOT / "build"))
DAEMON = BUILD / "bin" / "sallyportd"
CLI = BUILD / "bin" / "sallyport"
# Numbers, not accounts: nothing of the machine is touched.
FIRST_UID = 64800


def wait_for(condition, timeout=10, what="condition"):
    """Returns the first true value of condition(); fails after timeout."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"timed out after {timeout} s: {what}")
        time.sleep(0.01)


class Event:
    """One log line: time level event key=value ..."""

    PAIR = re.compile(r'(\S+?)=("(?:[^"\\]|\\.)*"|\S*)')

    def __init__(self, line):
        self.line = line
        words = line.split(" ", 3)
        self.level, self.name = words[1], words[2]
        rest = words[3] if len(words) > 3 else ""
        self.pairs = {k: v.strip('"') for k, v in self.PAIR.findall(rest)}
        self.at = time.monotonic()

    def __getitem__(self, key):
        return self.pairs[key]

    def matches(self, name, **pairs):
        return self.name == name and all(
            self.pairs.get(k) == str(v) for k, v in pairs.items())


class Log:
    """Reads a daemon's standard error for good."""

    def __init__(self, stream, copy):
        self.events, self.lines = [], []
        self.going = threading.Event()
        self.going.set()
        self.copy = open(copy, "ab")
        self.thread = threading.Thread(target=self._read, args=(stream,),
                                       daemon=True)
        self.thread.start()

    def _read(self, stream):
        for raw in stream:
            self.going.wait()
            self.copy.write(raw)
            self.copy.flush()
            line = raw.decode("utf-8", "replace").rstrip("\n")
            self.lines.append(line)
            if re.match(r"\d{4}-\d\d-\d\dT\S+ \w+ \S+", line):
                self.events.append(Event(line))
        self.copy.close()

    def pause(self):
        """Reads no more: what a slow reader of the log does."""
        self.going.clear()

    def resume(self):
        self.going.set()

    def find(self, name, since=0, **pairs):
        return [e for e in self.events[since:] if e.matches(name, **pairs)]

    def wait(self, name, timeout=10, since=0, **pairs):
        found = lambda: self.find(name, since, **pairs)
        return wait_for(found, timeout, f"log event {name} {pairs}")[0]


def bracketed(address):
    """As it stands in a URI, or before a port."""
    return f"[{address}]" if ":" in address else address


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class Org:
    """One organisation: contoso.test with its edge on 127.x.y.1, or on an
    address of IPv6."""

    def __init__(self, stage, name, address, workers=3):
        self.stage, self.name, self.address = stage, name, address
        self.domain = f"{name}.test"
        self.host = bracketed(address)
        self.edge = f"edge.{self.domain}"
        self.folder = stage.folder / name
        self.folder.mkdir()
        self.folder.chmod(0o755)
        self.federation_port, self.client_port = 15061, 10443
        self.federation_more = []  # "address:port" of further listeners
        self.workers = workers
        self.ca = certs.Authority(self.folder / "ca", name)
        self.cert = self.ca.leaf("edge", [f"DNS:{self.edge}",
                                          f"DNS:sip.{self.domain}",
                                          f"DNS:{self.domain}",
                                          f"IP:{address}"])
        self.config = self.folder / "sallyport.yaml"
        self.control = self.folder / "control"
        self.partners = []
        self.partner_lines = []  # further ones, as they are written
        self.trusted = [self.ca.pem]
        self.limits = {"new_per_source": 10000,
                       "unauthenticated_per_source": 10000}
        self.inside = "inside:\n  home: builtin\n"
        self.extra = ""
        self.clients_more = ""  # more keys of access.clients
        self.extra_tls = ""  # more keys of tls:
        self.environment = {}  # beside this process's own
        self.prefix = []  # words before the daemon's: a namespace
        self.passwords = {}
        self.process = None
        self.log = None
        self.starts = 0

    def beside(self, n):
        """Another address beside ours, in the same network."""
        if ":" not in self.address:
            return f"{self.address.rsplit('.', 1)[0]}.{n}"
        address = f"{self.address}:{n:x}"
        self.stage.network.ip(f"addr replace {address}/128 dev lo nodad")
        return address

    # configuration

    def partner(self, other, edge=None, address=None):
        """Another Org, or (domain, edge, address)."""
        if isinstance(other, Org):
            self.partners.append((other.domain, other.edge,
                                  f"{other.host}:{other.federation_port}"))
            self.trusted.append(other.ca.pem)
        else:
            self.partners.append((other, edge, address))

    def yaml(self):
        trust = self.folder / "trust.pem"
        trust.write_bytes(b"".join(pathlib.Path(p).read_bytes()
                                   for p in self.trusted))
        federation = ", ".join(
            f'"{a}"' for a in [f"{self.host}:{self.federation_port}"]
            + self.federation_more)
        text = f"""\
edge:
  name: {self.edge}
  domains: [{self.domain}]
state: {self.folder}/state
control: {self.control}
tls:
  certificate: {self.cert[0]}
  key: {self.cert[1]}
  trust: {trust}
{self.extra_tls}{self.inside}access:
  federation: {{ listen: [{federation}] }}
  clients: {{ listen: ["{self.host}:{self.client_port}"]{self.clients_more} }}
workers: {self.workers}
"""
        if os.geteuid() == 0:
            text += f"user: {FIRST_UID}\n"
        text += "limits:\n" + "".join(f"  {k}: {v}\n"
                                      for k, v in self.limits.items())
        if self.partners or self.partner_lines:
            text += "partners:\n"
            text += "".join(f"  - {p}\n" for p in self.partner_lines)
            for domain, edge, address in self.partners:
                text += f"  - {{ domain: {domain}, edge: {edge}"
                if address:
                    text += f', address: "{address}"'
                text += " }\n"
        return text + self.extra

    def write(self, text=None):
        self.config.write_text(text if text is not None else self.yaml())

    # the daemon

    def start(self, wait=True):
        self.write()
        self.starts += 1
        environment = dict(os.environ)
        environment.setdefault("ASAN_OPTIONS", "detect_leaks=1")
        environment.update(self.environment)
        self.process = subprocess.Popen(
            [*self.prefix, DAEMON, "-c", self.config], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=environment)
        self.log = Log(self.process.stderr, self.folder / "log")
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, timeout=20):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended:\n"
                                     + "\n".join(self.log.lines[-20:]))
            return self.log.find("server.ready")
        wait_for(ready, timeout, f"{self.name} ready")

    def stop(self, timeout=45):
        """SIGTERM; returns the exit status."""
        if not self.process:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout)
        self.log.thread.join(10)
        self.process = None
        return status

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process = None

    def run(self, *words, stdin=None, check=True):
        """The operator's command, against this daemon."""
        done = subprocess.run([CLI, "-s", self.control, *words], text=True,
                              input=stdin, capture_output=True, timeout=60)
        if check and done.returncode:
            raise AssertionError(f"sallyport {' '.join(words)}: "
                                 f"{done.returncode}\n{done.stdout}"
                                 f"{done.stderr}")
        return done

    def add_user(self, user, password=None):
        password = password or f"{user}-secret-{self.name}"
        self.passwords[user] = password
        self.run("user", "add", f"{user}@{self.domain}", "--password-file",
                 "-", stdin=password + "\n")

    def status(self):
        return json.loads(self.run("--json", "status").stdout)

    def metric(self, name, label=""):
        """The sum of a counter over all processes; label: a part of it."""
        text = self.run("metrics").stdout
        found = re.findall(rf"^sallyport_{name}(\{{[^}}]*\}})? (\d+)$", text,
                           re.M)
        return sum(int(n) for labels, n in found if label in labels)

    def pid_of(self, role, slot=None):
        """Of the newest process in that role and slot, from the log."""
        pairs = {"role": role}
        if slot is not None:
            pairs["slot"] = slot
        return int(self.log.find("proc.start", **pairs)[-1]["pid"])

    def reload(self):
        self.process.send_signal(signal.SIGHUP)


class Stage:
    """A folder and the organisations in it; everything ends with it."""

    used = 0

    def __init__(self, network=None):
        """In that network each organisation has an address of IPv6."""
        self.network = network
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-test-"))
        self.folder.chmod(0o755)
        self.orgs = []
        self.closing = []

    def org(self, name, **kw):
        # addresses of our own: the process id keeps parallel runs apart
        Stage.used += 1
        pid = os.getpid()
        n = (pid * 1009 + Stage.used) % 16000
        address = f"127.{20 + n // 250}.{1 + n % 250}.1"
        if self.network:
            address = f"fd79::{n:x}"
            self.network.ip(f"addr add {address}/128 dev lo nodad")
        org = Org(self, name, address, **kw)
        self.orgs.append(org)
        return org

    def two(self, **kw):
        """contoso and fabrikam, partners of each other."""
        a, b = self.org("contoso", **kw), self.org("fabrikam", **kw)
        a.partner(b)
        b.partner(a)
        return a, b

    def later(self, thing):
        """Closed at the end."""
        self.closing.append(thing)
        return thing

    def close(self, keep=False):
        bad = []
        for thing in reversed(self.closing):
            try:
                thing.close()
            except OSError:
                pass
            except Exception as e:  # the others are closed all the same
                bad.append(f"{thing}: {e!r}")
        for org in self.orgs:
            org.kill()
            if org.log:
                org.log.thread.join(5)
                bad += [f"{org.name}: {line}" for line in org.log.lines
                        if "AddressSanitizer" in line
                        or "runtime error:" in line
                        or "LeakSanitizer" in line
                        or "Assertion" in line]
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        if bad:
            raise AssertionError("a process reported:\n" + "\n".join(bad))
