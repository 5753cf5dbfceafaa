# SPDX-License-Identifier: Apache-2.0
"""Several servers inside, and other ways to them.

* Two next hops: while the first is gone, requests go to the second within
  their own transaction, also those that the first had been given and never
  answered; when it is back it is preferred again. One that hangs is found by
  OPTIONS and given up.
* No next hop at all: 503 at once.
* A trusted link: plain TCP both ways, and only from its prefix; Path and
  Record-Route say so.
* An SRV name: its order counts; a target that is not named is not used.
* IPv6.
"""
import signal
import socket
import ssl

from harness.sip import Connection, request
from harness.stage import wait_for
from inside.case import Inside


class TwoServers(Inside):
    servers = ("fe1.contoso.internal", "fe2.contoso.internal")
    more_keys = "  health_s: 1\n"

    def assertPassed(self, n, user):
        """This server saw what was for that user; its log comes a moment
        after the answer."""
        self.kamailios[n].wait_log(f"REQ MESSAGE sip:{user}@fabrikam.test")

    def to(self, alice, user):
        return alice.message(f"{user}@fabrikam.test", user, timeout=35)

    def test_the_first_is_stopped(self):
        alice = self.client(self.contoso, "alice")
        self.assertStatus(self.to(alice, "u1"), 200)
        self.assertPassed(0, "u1")
        before = len(self.contoso.log.events)
        self.kamailios[0].stop()
        for n in range(5):
            self.assertStatus(self.to(alice, f"v{n}"), 200)
        self.assertPassed(1, "v4")
        wait_for(lambda: len({e["slot"] for e in self.contoso.log.find(
            "inside.down", since=before,
            next_hop=self.servers[0])}) == self.contoso.workers, 20,
            "all workers know that it is down")
        states = {(r["next_hop"], r["state"])
                  for r in self.contoso.status()["tables"]["inside"]}
        self.assertEqual(states, {(self.servers[0], "down"),
                                  (self.servers[1], "up")})
        self.assertGreaterEqual(
            self.contoso.metric("inside_next_hop_down_total"), 3)
        before = len(self.contoso.log.events)
        self.kamailios[0].start()
        self.wait_up(self.kamailios[0], since=before)
        self.assertStatus(self.to(alice, "w1"), 200)
        self.assertPassed(0, "w1")

    def test_the_first_hangs(self):
        """What it had been given and not answered is sent to the second."""
        alice = self.client(self.contoso, "alice")
        self.assertStatus(self.to(alice, "u1"), 200)
        self.kamailios[0].signal(signal.SIGSTOP)
        try:
            self.assertStatus(self.to(alice, "v1"), 200)
        finally:
            self.kamailios[0].signal(signal.SIGCONT)
        self.assertPassed(1, "v1")
        down = self.contoso.log.wait("inside.down",
                                     next_hop=self.servers[0])
        self.assertEqual(down["why"], "no answer to OPTIONS")
        self.assertGreater(self.contoso.metric("sip_failovers_total"), 0)

    def test_none_is_left(self):
        alice = self.client(self.contoso, "alice")
        for k in self.kamailios:
            k.stop()
        for name in self.servers:
            wait_for(lambda n=name: len({e["slot"] for e in
                                         self.contoso.log.find(
                "inside.down", next_hop=n)}) == self.contoso.workers, 20,
                f"{name} is down everywhere")
        self.assertStatus(self.to(alice, "u1"), 503)


class TrustedLink(Inside):
    kamailio_words = {"tls": False, "port": 5060}

    @property
    def more_keys(self):
        prefix = self.contoso.address.rsplit(".", 1)[0] + ".0/24"
        return f'  trusted_link: ["{prefix}"]\n'

    def next_hops(self):
        return [f"{k.address}:{k.port}" for k in self.kamailios]

    def test_messages(self):
        alice = self.client(self.contoso, "alice")
        for slot in range(self.contoso.workers):
            bob = self.client_on(self.contoso, f"bob{slot}", slot)
            self.assertStatus(alice.message(bob.aor, f"hello {slot}"), 200)
            self.assertReceived(bob, f"hello {slot}")
        self.assertStatus(alice.message("zoe@fabrikam.test", "out"), 200)
        self.assertEqual(self.partner.requests.get(timeout=5)[0].body, b"out")

    def test_outside_the_prefix(self):
        """Plain TCP from anywhere else is not heard."""
        org = self.contoso
        sock = socket.create_connection(
            (org.address, org.inside_port), 5,
            source_address=(self.fabrikam.address, 0))
        self.addCleanup(sock.close)
        m = request("OPTIONS", f"sip:{org.edge}", "x@contoso.test",
                    "x@contoso.test", "stranger.invalid")
        sock.sendall(m.encode())
        sock.settimeout(15)
        try:
            answer = sock.recv(4096)
        except ConnectionError:
            answer = b""
        self.assertNotIn(b"SIP/2.0", answer)


class Strangers(Inside):
    def knock(self, org, cert):
        return Connection((org.address, org.inside_port), org.edge,
                          org.ca.pem, cert=cert)

    def test_another_name(self):
        """Vouched for by the right authority, but not named."""
        org = self.contoso
        cert = org.ca.leaf("other", ["DNS:other.contoso.internal"])
        c = self.stage.later(self.knock(org, cert))
        org.log.wait("inside.stranger")
        self.assertTrue(c.closed.wait(10))

    def test_no_certificate(self):
        org = self.contoso
        try:
            c = self.stage.later(self.knock(org, None))
            self.assertTrue(c.closed.wait(10))
        except (ssl.SSLError, OSError):
            pass
        self.assertEqual([e for e in org.log.find("conn.open")
                          if e["kind"] == "inside"
                          and e["peer"] == "stranger:"], [])

    def test_asked_by_options(self):
        """Somebody named asks whether the edge is there."""
        org = self.contoso
        cert = org.ca.leaf("again", [f"DNS:{self.servers[0]}"])
        c = self.stage.later(self.knock(org, cert))
        m = request("OPTIONS", f"sip:{org.edge}:{org.inside_port}",
                    "x@contoso.test", "x@contoso.test", self.servers[0])
        self.assertStatus(c.final(c.ask(m)), 200)


class Srv(Inside):
    servers = ("fe1.contoso.internal", "fe2.contoso.internal")
    more_keys = "  peers: [fe1.contoso.internal, fe2.contoso.internal]\n"

    def next_hops(self):
        self.names["_sips._tcp.pool.contoso.internal"] = [
            (30, 0, 5061, "fe1.contoso.internal"),
            (10, 0, 5061, "fe2.contoso.internal"),
            (20, 0, 5061, "evil.contoso.internal")]
        self.names["evil.contoso.internal"] = self.address_of(9)
        return ["pool.contoso.internal"]

    def test_order_and_names(self):
        alice = self.client(self.contoso, "alice")
        self.assertStatus(alice.message("zoe@fabrikam.test", "out"), 200)
        self.kamailios[1].wait_log("REQ MESSAGE")
        self.assertNotIn("REQ MESSAGE", self.kamailios[0].log)
        no = self.contoso.log.wait("inside.not_named")
        self.assertEqual(no["next_hop"], "evil.contoso.internal")
        self.assertEqual(self.contoso.log.find(
            "inside.down", next_hop="evil.contoso.internal"), [])


class IPv6(Inside):
    def before_start(self):
        for n in range(1, 4):
            self.network.ip(f"addr add fd77::{n}/128 dev lo nodad")
        super().before_start()

    def address_of(self, n):
        return f"fd77::{n + 2}"

    def listen(self):
        self.names[self.contoso.edge] = "fd77::1"
        return f"[fd77::1]:{self.contoso.inside_port}"

    def test_messages(self):
        alice = self.client(self.contoso, "alice")
        for slot in range(self.contoso.workers):
            bob = self.client_on(self.contoso, f"bob{slot}", slot)
            self.assertStatus(alice.message(bob.aor, f"hello {slot}"), 200)
            self.assertReceived(bob, f"hello {slot}")
        ups = self.contoso.log.find("inside.up")
        self.assertTrue(all(e["address"] == "[fd77::2]:5061" for e in ups))
        accepted = [e for e in self.contoso.log.find("conn.open")
                    if e["kind"] == "inside"]
        self.assertTrue(accepted)
        self.assertTrue(all(e["source"].startswith("[fd77::2]")
                            for e in accepted))
        self.assertStatus(alice.message("zoe@fabrikam.test", "out"), 200)


class IPv6TrustedLink(IPv6):
    kamailio_words = {"tls": False, "port": 5060}
    more_keys = '  trusted_link: ["fd77::/64"]\n'

    def next_hops(self):
        return [f"[{k.address}]:{k.port}" for k in self.kamailios]

    def test_messages(self):
        alice = self.client(self.contoso, "alice")
        bob = self.client(self.contoso, "bob")
        self.assertStatus(alice.message(bob.aor, "hello"), 200)
        self.assertReceived(bob, "hello")
