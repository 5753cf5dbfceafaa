# SPDX-License-Identifier: Apache-2.0
"""Partners that are found in the DNS, by a resolver that validates.

* Messages go to the servers that the SRV records name, in their order, and
  come from those servers only: the certificate has to prove one of the names.
* A target that is no host directly in the domain, a special address, and a
  record that fails validation are not followed (DNS-02, DNS-03).
* When the name servers fall silent, what they said is used on (DNS-01).
"""
import socket
import threading
import time

from federation.world import World
from harness.case import Six
from harness.sip import Message, answer
from harness.stage import wait_for


class Found(World):
    records = (
        "_sipfederationtls._tcp.fabrikam SRV 10 0 15061 sip1.fabrikam",
        "sip1.fabrikam A @A@",
        "www.fabrikam A @A@",
    )

    def test_messages_both_ways(self):
        sip1 = self.server("sip1", self.a)
        alice = self.client(self.contoso, "alice")
        self.assertStatus(alice.message("zoe@fabrikam.test", "out"), 200)
        m, _ = sip1.requests.get(timeout=5)
        self.assertEqual(m.body, b"out")
        # and in, by every worker
        for n in range(12):
            c = self.stage.later(sip1.dial(self.contoso))
            self.assertStatus(self.from_zoe(c, alice.aor, f"in {n}", n), 200)
        self.assertEqual([t for _, t in alice.received],
                         [f"in {n}" for n in range(12)])
        row = self.row()
        self.assertEqual(row["state"], "up")
        self.assertIn("sip1.fabrikam.test:15061", row["targets"])
        self.assertEqual(row["connections"], "1")

    def test_many_at_once_wait_for_the_names(self):
        """The first requests of a partner come before its names are known:
        all of them pass, in their order."""
        sip1 = self.server("sip1", self.a)
        alice = self.client(self.contoso, "alice")
        c = self.stage.later(sip1.dial(self.contoso))
        queues = []
        for n in range(50):
            queues.append(c.ask(Message(
                f"MESSAGE sip:{alice.aor} SIP/2.0", [
                    ("Via", f"SIP/2.0/TLS sip1.fabrikam.test;branch=z9hG4bK{n}"),
                    ("Max-Forwards", "70"),
                    ("From", "<sip:zoe@fabrikam.test>;tag=1"),
                    ("To", f"<sip:{alice.aor}>"), ("Call-ID", f"many-{n}"),
                    ("CSeq", "1 MESSAGE"), ("Content-Type", "text/plain")],
                f"{n}".encode())))
        for q in queues:
            self.assertStatus(c.final(q), 200)
        self.assertEqual([t for _, t in alice.received],
                         [str(n) for n in range(50)])

    def test_dns_03_another_host_of_the_domain(self):
        """It has a good certificate, but no record names it."""
        alice = self.client(self.contoso, "alice")
        www = self.server("www", self.b)
        c = self.stage.later(www.dial(self.contoso))
        reply = self.from_zoe(c, alice.aor, "let me in", 1)
        self.assertStatus(reply, 403)
        self.assertTrue(c.closed.wait(5), "closed")
        self.assertEqual(alice.received, [])

    def test_dns_03_speaks_for_another_domain(self):
        alice = self.client(self.contoso, "alice")
        c = self.stage.later(self.server("sip1", self.a).dial(self.contoso))
        self.assertStatus(self.from_zoe(c, alice.aor, "x", 1,
                                        domain="contoso.test"), 403)
        self.assertEqual(alice.received, [])

    def test_dns_02_wrong_server_at_the_address(self):
        """Who is reached has to prove the name: no message otherwise."""
        other = self.server("www", self.a)
        alice = self.client(self.contoso, "alice")
        reply = alice.message("zoe@fabrikam.test", "secret")
        self.assertDiagnostics(reply, 504, 1010)
        self.assertTrue(other.requests.empty())


class Order(World):
    records = (
        "_sipfederationtls._tcp.fabrikam SRV 20 0 15061 sip2.fabrikam",
        "_sipfederationtls._tcp.fabrikam SRV 10 0 15061 sip1.fabrikam",
        "sip1.fabrikam A @A@",
        "sip2.fabrikam A @B@",
    )

    def test_lowest_priority_number_first(self):
        sip1, sip2 = self.server("sip1", self.a), self.server("sip2", self.b)
        alice = self.client(self.contoso, "alice")
        for n in range(5):
            self.assertStatus(alice.message("zoe@fabrikam.test", f"{n}"), 200)
        self.assertEqual(sip1.requests.qsize(), 5)
        self.assertTrue(sip2.requests.empty())

    def test_next_server_when_the_first_refuses(self):
        sip2 = self.server("sip2", self.b)
        alice = self.client(self.contoso, "alice")
        self.assertStatus(alice.message("zoe@fabrikam.test", "x"), 200)
        self.assertEqual(sip2.requests.qsize(), 1)

    def test_next_server_when_the_first_proves_nothing(self):
        self.server("www", self.a)
        sip2 = self.server("sip2", self.b)
        alice = self.client(self.contoso, "alice")
        self.assertStatus(alice.message("zoe@fabrikam.test", "x"), 200)
        self.assertEqual(sip2.requests.qsize(), 1)

    def test_next_server_when_the_first_is_busy(self):
        """Within the transaction: the sender sees the second one's answer."""
        sip1, sip2 = self.server("sip1", self.a), self.server("sip2", self.b)
        sip1.reply = lambda m, c: answer(m, 503, "Busy")
        alice = self.client(self.contoso, "alice")
        self.assertStatus(alice.message("zoe@fabrikam.test", "x"), 200)
        self.assertEqual(sip1.requests.qsize(), 1)
        self.assertEqual(sip2.requests.qsize(), 1)

    def test_next_server_when_the_first_goes_away(self):
        """It takes the request and is gone."""
        sip1, sip2 = self.server("sip1", self.a), self.server("sip2", self.b)

        def leave(m, c):
            threading.Thread(target=c.close, daemon=True).start()
        sip1.reply = leave
        alice = self.client(self.contoso, "alice")
        self.assertStatus(alice.message("zoe@fabrikam.test", "x"), 200)
        self.assertEqual(sip2.requests.qsize(), 1)


class Far(World):
    records = (
        "_sipfederationtls._tcp.fabrikam SRV 10 0 15061 sip.far.fabrikam",
        "sip.far.fabrikam A @A@",
    )

    def test_dns_03_target_outside_of_the_domain(self):
        """Neither dialled nor let in: 1009 both ways."""
        far = self.server("far", self.a, sans=["DNS:www.fabrikam.test",
                                               "DNS:sip.far.fabrikam.test"])
        alice = self.client(self.contoso, "alice")
        self.assertDiagnostics(alice.message("zoe@fabrikam.test", "x"), 504,
                               1009)
        c = self.stage.later(far.dial(self.contoso))
        reply = self.from_zoe(c, alice.aor, "x", 1)
        self.assertStatus(reply, 504)
        self.assertIn("1009", reply.get("ms-diagnostics-public"))
        self.assertTrue(c.closed.wait(5), "closed")
        self.assertEqual(alice.received, [])
        self.assertTrue(far.requests.empty())


class Rebinding(World):
    records = Found.records
    line = "{ domain: fabrikam.test }"

    def test_dns_03_address_of_our_own_network(self):
        sip1 = self.server("sip1", self.a)
        alice = self.client(self.contoso, "alice")
        self.assertDiagnostics(alice.message("zoe@fabrikam.test", "x"), 504,
                               1014)
        self.contoso.log.wait("dns.refused", partner="srv:fabrikam.test")
        self.assertTrue(sip1.requests.empty())
        self.assertEqual(sip1.connections, [])


class Bogus(World):
    records = Found.records

    def trust_anchor(self):
        return self.zone.wrong_anchor()

    def test_dns_02_zone_that_fails_validation(self):
        sip1 = self.server("sip1", self.a)
        alice = self.client(self.contoso, "alice")
        self.assertDiagnostics(alice.message("zoe@fabrikam.test", "x"), 504,
                               1008)
        self.contoso.log.wait("dns.fail")
        c = self.stage.later(sip1.dial(self.contoso))
        self.assertStatus(self.from_zoe(c, alice.aor, "x", 1), 504)
        self.assertEqual(alice.received, [])
        self.assertTrue(sip1.requests.empty())


class Nothing(World):
    records = ("_sipfederationtls._tcp.closed SRV 0 0 0 .",)

    def test_dns_01_no_record(self):
        alice = self.client(self.contoso, "alice")
        self.assertDiagnostics(alice.message("zoe@fabrikam.test", "x"), 504,
                               1008)
        self.assertIn("no SRV record", self.row()["last_error"])


class Stale(World):
    records = Found.records

    def test_dns_01_name_servers_fall_silent(self):
        """Lifetimes are 30 seconds here. After more than that without name
        servers, a new connection is made by what they said before."""
        sip1 = self.server("sip1", self.a)
        alice = self.client(self.contoso, "alice")
        self.assertStatus(alice.message("zoe@fabrikam.test", "before"), 200)
        self.zone.pause()
        try:
            began = time.monotonic()
            wait_for(lambda: time.monotonic() - began > 32, 60, "32 s")
            for c in sip1.connections:
                c.close()
            wait_for(lambda: self.row()["connections"] == "0", 10, "gone")
            began = time.monotonic()
            self.assertStatus(alice.message("zoe@fabrikam.test", "after"),
                              200)
            self.assertLess(time.monotonic() - began, 8)
            c = self.stage.later(sip1.dial(self.contoso))
            self.assertStatus(self.from_zoe(c, alice.aor, "in", 1), 200)
        finally:
            self.zone.resume()


class FoundSix(Six, Found):
    pass


class Both(World):
    records = (
        "_sipfederationtls._tcp.fabrikam SRV 10 0 @PORT@ sip1.fabrikam",
        "sip1.fabrikam AAAA ::1",
        "sip1.fabrikam A @A@",
    )

    def setUp(self):
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
            self.port = s.getsockname()[1]
        self.records = tuple(r.replace("@PORT@", str(self.port))
                             for r in self.records)
        super().setUp()

    def test_ipv6_first(self):
        six, four = self.server("sip1", "::1", self.port), self.server("sip1", self.a, self.port)
        alice = self.client(self.contoso, "alice")
        self.assertStatus(alice.message("zoe@fabrikam.test", "x"), 200)
        self.assertEqual(six.requests.qsize(), 1)
        self.assertTrue(four.requests.empty())

    def test_ipv4_when_ipv6_fails(self):
        four = self.server("sip1", self.a, self.port)
        alice = self.client(self.contoso, "alice")
        self.assertStatus(alice.message("zoe@fabrikam.test", "x"), 200)
        self.assertEqual(four.requests.qsize(), 1)
