# SPDX-License-Identifier: Apache-2.0
"""Everybody of the port table on a host of their own: contoso's edge behind a
firewall, fabrikam, a public provider, clients, a name server. Each feature is
a method that says whether it worked; `row` is the row that carries it."""
import base64
import json
import pathlib
import queue
import shlex
import socket
import ssl
import subprocess
import time

from harness.case import Case
from harness.sip import Client, Partner, request
from harness.stage import Org, wait_for

from ports.hosts import Attempt, Hosts, address
from ports.lookups import Lookups
from ports.turn import TCP, Turn

NICE = pathlib.Path(__file__).resolve().parents[1] / "relay" / "nice_pair.c"
USER, PASSWORD = "turn", "secret"
EDGE = address("edge")
RELAY = (EDGE, 3478)
NEAR = '["10.88.0.0/16"]'  # these hosts are no public addresses
FRESH = 100  # names of each kind that nobody has asked for yet


def fresh(kind, n):
    return f"{kind}{n}.test"


def feature(row, *needs):
    """The row that it is the feature of, and others that it needs too."""
    def mark(fn):
        fn.row, fn.needs = row, {row, *needs}
        return fn
    return mark


class World(Case):
    home = "inside:\n  home: builtin\n"
    profile = None

    def setUp(self):
        self.hosts = Hosts()
        self.addCleanup(self.hosts.close)  # the last: after the stage
        super().setUp()
        self.count = 0
        self.trying = None  # the row
        self.next = {"short": 0, "long": 0}
        self.org = self.edge_org()
        self.partner = self.peer("fabrikam", "partner", "sip.fabrikam.test")
        self.provider = self.peer("bigim", "provider", "sip.bigim.test")
        with self.hosts.at("names"):
            self.names = self.stage.later(Lookups(self.table(),
                                                  address("names")))
        self.before_start()
        self.org.start()
        self.after_start()

    # who there is

    def edge_org(self):
        org = Org(self.stage, "contoso", EDGE, workers=2)
        self.stage.orgs.append(org)
        org.prefix = self.hosts.words("edge")
        org.federation_port, org.client_port = 5061, 443
        org.inside = self.home
        org.partner_lines.append("{ domain: fabrikam.test, "
                                 "edge: sip.fabrikam.test, "
                                 f"allow_addresses: {NEAR} }}")
        for kind in ("short", "long"):
            org.partner_lines += [f"{{ domain: {fresh(kind, n)}, allow_addresses: {NEAR} }}"
                                  for n in range(FRESH)]
        org.extra = f"""\
providers:
  - {{ name: bigim, edge: sip.bigim.test, domains: [bigim.test],
      address: "{address('provider')}:5061", audio_video: "yes" }}
dns: {{ servers: ["{address('names')}:53"] }}
relay:
  listen: ["{EDGE}:3478"]
  tls_listen: ["{EDGE}:5349"]
  users: [{{ name: {USER}, password: {PASSWORD} }}]
  allow_peers: ["10.88.0.0/16", "{EDGE}/32"]
  wide_channels: "yes"
  messenger: "yes"
  quota: {{ allocations_per_user: 0 }}
"""
        return org

    def table(self):
        """What the name server knows."""
        table = {"sip.fabrikam.test": address("partner"),
                 "sip.bigim.test": address("provider")}
        for kind in ("short", "long"):
            for n in range(FRESH):
                name = fresh(kind, n)
                table[f"_sipfederationtls._tcp.{name}"] = [
                    (0, 0, 5061, f"sip.{name}")]
                table[f"sip.{name}"] = address("partner")
        return table

    def peer(self, name, host, proves):
        other = self.stage.org(name)  # never started: its authority
        cert = other.ca.leaf("sip", [f"DNS:{proves}"])
        self.org.trusted.append(other.ca.pem)
        with self.hosts.at(host):
            return self.stage.later(Partner(
                (address(host), 5061), name, other.ca, cert,
                self.org.ca.pem))

    def before_start(self):
        """What else has to be there."""

    def after_start(self):
        self.org.add_user("bob")
        with self.hosts.at("client"):
            self.alice = self.client(self.org, "alice")
        # providers' users are heard by those who know them
        self.org.run("user", "contacts", self.alice.aor, "allow",
                     "pia@bigim.test")

    # what the firewall loads

    def rules(self, form, profile=None, *words):
        words = list(words) + (["--profile", profile] if profile else [])
        return self.org.run("firewall", "--perimeter", "--format", form,
                            "--edge", EDGE, *words).stdout

    def rows(self):
        return json.loads(self.org.run("ports", "--json").stdout)

    # features

    def text(self):
        self.count += 1
        return f"text {self.count}"

    @feature("client")
    def sign_in(self):
        with self.hosts.at("client"):
            c = Client(self.org, "bob")
        reply = c.register()
        c.close()
        return reply is not None and reply.status == 200

    def _from(self, peer, host, sender):
        with self.hosts.at(host):
            c = peer.dial(self.org)
        text = self.text()
        m = request("MESSAGE", f"sip:{self.alice.aor}", sender,
                    self.alice.aor, address(host), body=text.encode())
        reply = c.final(c.ask(m))
        c.close()
        if reply is None or reply.status != 200:
            return False
        return text in [t for _, t in self.alice.received]

    @feature("fed-in")
    def partner_writes(self):
        return self._from(self.partner, "partner", "zoe@fabrikam.test")

    @feature("fed-in")
    def provider_writes(self):
        return self._from(self.provider, "provider", "pia@bigim.test")

    def _to(self, peer, to):
        """By a connection that is new, while fed-out is tried."""
        if self.trying == "fed-out":
            for c in peer.connections:
                c.close()
        before = len(peer.connections) - (self.trying != "fed-out")
        reply = self.alice.message(to, self.text(), timeout=60)
        return reply is not None and reply.status == 200 and \
            len(peer.connections) > before

    @feature("fed-out", "dns-udp")
    def partner_reads(self):
        return self._to(self.partner, "zoe@fabrikam.test")

    @feature("fed-out")
    def provider_reads(self):
        return self._to(self.provider, "pia@bigim.test")

    @feature("fed-in", "fed-out")
    def partner_watches(self):
        """SUBSCRIBE from the partner; the state comes by NOTIFY."""
        with self.hosts.at("partner"):
            c = self.partner.dial(self.org)
        m = request("SUBSCRIBE", f"sip:{self.alice.aor}",
                    "zoe@fabrikam.test", self.alice.aor, address("partner"),
                    [("Event", "presence"), ("Expires", "60"),
                     ("Contact", "<sip:zoe@sip.fabrikam.test:5061"
                      ";transport=tls>"),
                     ("Accept", "application/pidf+xml")])
        call = m.get("Call-ID")
        reply = c.final(c.ask(m))
        if reply is None or reply.status != 200:
            return False
        while True:
            try:
                seen, _ = self.partner.requests.get(timeout=20)
            except queue.Empty:
                return False
            if seen.method == "NOTIFY" and seen.get("Call-ID") == call:
                c.close()
                return True

    def _look_up(self, kind, transport):
        """A partner whom nobody has looked for yet: that the address of the
        server is asked for proves that its name was told."""
        name = fresh(kind, self.next[kind])
        self.next[kind] += 1
        self.alice.message_async(f"zoe@{name}", self.text())
        return wait_for(
            lambda: (transport, f"sip.{name}") in self.names.asked, 60,
            f"sip.{name} is asked for over {transport}")

    @feature("dns-udp")
    def looks_up(self):
        return self._look_up("short", "udp")

    @feature("dns-tcp", "dns-udp")
    def looks_up_long_answer(self):
        return self._look_up("long", "tcp")

    def turn(self, tcp=False):
        with self.hosts.at("messenger"):
            return Turn(RELAY, USER, PASSWORD, tcp, timeout=5)

    @feature("turn-udp-in")
    def allocates(self):
        self.turn().close()
        return True

    @feature("turn-tcp-in")
    def allocates_by_tcp(self):
        self.turn(tcp=True).close()
        return True

    def _nice(self, mode, kind, user, password):
        """Two clients on one host, who may use nothing but the relay."""
        done = subprocess.run(
            [*self.hosts.words("messenger"), self.nice(), mode, EDGE, "3478",
             user, password, kind, "10"], capture_output=True, text=True,
            timeout=90)
        return done.returncode == 0 and "received 10 10" in done.stdout

    def nice(self):
        program = self.stage.folder / "nice_pair"
        if not program.exists():
            flags = subprocess.run(
                ["pkg-config", "--cflags", "--libs", "nice"], check=True,
                capture_output=True, text=True).stdout
            subprocess.run(["cc", "-O1", "-o", program, NICE,
                            *shlex.split(flags)], check=True)
        return program

    @feature("turn-tcp-in-2")
    def allocates_by_tls(self):
        context = ssl.create_default_context(cafile=str(self.org.ca.pem))
        with self.hosts.at("messenger"):
            Turn((EDGE, 5349), USER, PASSWORD, True, timeout=5,
                 wrap=lambda s: context.wrap_socket(
                     s, server_hostname=self.org.edge)).close()
        return True

    @feature("client")
    def allocates_by_443(self):
        """Where nothing but the port of the web is let out."""
        with self.hosts.at("messenger"):
            Turn((EDGE, 443), USER, PASSWORD, True, timeout=5).close()
        return True

    @feature("turn-udp-in")
    def messenger_calls(self):
        words = [base64.b64encode(w.encode()).decode()
                 for w in (USER, PASSWORD)]
        return self._nice("oc2007r2", "udp", *words)

    @feature("turn-udp-in")
    def old_messenger_calls(self):
        """Its key is the password: a credential that was minted."""
        told = json.loads(self.org.run("--json", "turn", "credential", "--ms",
                                       "--user", self.alice.aor).stdout)
        return self._nice("msn", "udp", told["username"], told["password"])

    @feature("turn-tcp-in")
    def ordinary_client_calls(self):
        return self._nice("rfc5245", "tcp", USER, PASSWORD)

    def _media(self, host, port, tcp=False):
        """A datagram through the relay to a port of that host, and back."""
        with self.hosts.at(host):
            peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            peer.bind((address(host), port))
            peer.settimeout(5)
        t = self.turn(tcp)
        try:
            t.permit(address(host))
            t.send((address(host), port), b"there")
            data, relay = peer.recvfrom(100)
            peer.sendto(b"back", relay)
            return (data, t.next(), relay) == (b"there", b"back", t.relayed)
        finally:
            t.close()
            peer.close()

    @feature("turn-udp-out", "turn-udp-in")
    def media_to_an_edge(self):
        return self._media("other", 3478)

    @feature("turn-udp-out", "turn-tcp-in")
    def media_to_an_edge_by_tcp(self):
        """The client has TCP only; the other edge is reached over UDP."""
        return self._media("other", 3478, tcp=True)

    @feature("rtp-udp-out", "turn-udp-in")
    def media_to_a_peer(self):
        return self._media("other", 52000)

    @feature("rtp-udp-in", "turn-udp-in")
    def media_from_a_peer(self):
        """The peer speaks first."""
        t = self.turn()
        try:
            t.permit(address("other"))
            with self.hosts.at("other"), socket.socket(
                    socket.AF_INET, socket.SOCK_DGRAM) as peer:
                peer.sendto(b"first", t.relayed)
            return t.next() == b"first"
        finally:
            t.close()

    def _streams(self):
        with self.hosts.at("messenger"):
            t = Turn(RELAY, USER, PASSWORD, True, timeout=5, wish=TCP)
        t.permit(address("other"))
        return t

    @staticmethod
    def _talk(data, peer):
        peer.settimeout(5)
        data.sendall(b"there")
        there = peer.recv(100)
        peer.sendall(b"back")
        back = data.recv(100)
        for s in (data, peer):
            s.close()
        return (there, back) == (b"there", b"back")

    @feature("rtp-tcp-out", "turn-tcp-in")
    def stream_to_a_peer(self):
        """RFC 6062: the relay connects."""
        with self.hosts.at("other"):
            server = socket.create_server((address("other"), 50000))
        server.settimeout(5)
        t = None
        try:
            t = self._streams()
            with self.hosts.at("messenger"):
                data = t.connect((address("other"), 50000))
            peer, source = server.accept()
            return self._talk(data, peer) and source == t.relayed
        finally:
            if t:
                t.close()
            server.close()

    @feature("rtp-tcp-in", "turn-tcp-in")
    def stream_from_a_peer(self):
        """RFC 6062: the peer connects to the relay's port."""
        t = self._streams()
        try:
            with self.hosts.at("other"):
                peer = socket.create_connection(t.relayed, 5)
            with self.hosts.at("messenger"):
                data = t.accept()
            return self._talk(data, peer)
        finally:
            t.close()

    # trials

    def features(self, rows):
        """Those whose rows are there: (name, feature)."""
        for name in sorted(dir(type(self))):
            fn = getattr(type(self), name)
            if getattr(fn, "row", None) and fn.needs <= rows:
                yield name, getattr(self, name)

    def trials(self, wall, text, only=None, others=True):
        """Each row is enough for its features, and they need it; only: the
        rows to try; others: all else works without it."""
        wall.load(text)
        rows = set(wall.counters())
        features = dict(self.features(rows))
        self.assertEqual({f.row for f in features.values()}, rows)
        for name, fn in features.items():
            with self.subTest("enough", row=fn.row, feature=name):
                before = wall.counters()[fn.row]
                self.trying = fn.row
                self.works(name, fn)
                self.assertGreater(wall.counters()[fn.row], before)
        for row in sorted(only or rows):
            with self.subTest("needed", row=row):
                self.without(wall, text, row, {
                    n: f for n, f in features.items()
                    if others or f.row == row})

    def works(self, name, fn):
        """Also when the first try met what is just ending."""
        def tried():
            try:
                return fn()
            except (OSError, AssertionError):
                time.sleep(0.2)  # the next try, not at once
                return False
        wait_for(tried, 90, f"{name} works")

    def without(self, wall, text, row, features):
        wall.load(text, without=row)
        self.trying = row
        attempts = {}
        for name, fn in features.items():
            if fn.row == row:
                attempts[name] = self.dropped(wall, name, fn)
        for name, fn in features.items():
            if row not in fn.needs and "calls" not in name:
                self.works(name, fn)
        for name, attempt in attempts.items():
            self.assertFalse(attempt.worked, name)
        wall.load(text)
        for name in attempts:
            self.works(name, features[name])

    def dropped(self, wall, name, fn):
        """Tries it until its packets are dropped; what the daemon refuses by
        itself, because it just failed, is tried again."""
        before = wall.dropped()
        attempts = [Attempt(fn)]

        def seen():
            self.assertFalse(attempts[-1].worked, name)
            if attempts[-1].ended.wait(0.2):
                attempts.append(Attempt(fn))
            return wall.dropped() > before
        wait_for(seen, 60, f"{name} is dropped")
        return attempts[-1]
