# SPDX-License-Identifier: Apache-2.0
"""Partners that nobody listed (open federation), over three workers.

* They are found by SRV, both ways; whoever proves no host of the domain is
  not let in.
* SIP-27: a rate over all workers, one request a second when almost everything
  fails, and so many of our addresses; another partner does not notice. What
  was counted outlives a crash of the worker that counted, and a restart.
* The operator's word holds at once, and over a restart.
"""
import json
import os
import signal
import time

from federation.world import World
from harness.sip import Message
from harness.stage import wait_for

RECORDS = (
    "_sipfederationtls._tcp.fabrikam SRV 10 0 15061 sip1.fabrikam",
    "sip1.fabrikam A @A@",
    "_sipfederationtls._tcp.litware SRV 10 0 15061 sip.litware",
    "sip.litware A @B@",
)


class Discovered(World):
    records = RECORDS
    line = "{ domain: northwind.test }"
    settings = ""

    def setUp(self):
        super().setUp()
        self.sip1 = self.server("sip1", self.a)
        self.litware = self.server("sip", self.b, sans=["DNS:sip.litware.test"])
        self.alice = self.client(self.contoso, "alice")
        self.number = 0

    def trust_anchor(self):
        # called just before the start: the configuration is complete then
        org, settings = self.contoso, self.settings
        plain = org.yaml
        org.yaml = lambda: plain().replace(
            "access:\n  federation: {",
            'access:\n  federation: { discovery: on, '
            f'allow_addresses: ["127.0.0.0/8"], {settings}')
        return None

    def ask(self, connection, to, domain="fabrikam.test"):
        self.number += 1
        n = self.number
        return connection.ask(Message(f"MESSAGE sip:{to} SIP/2.0", [
            ("Via", f"SIP/2.0/TLS sip1.{domain}:15061;branch=z9hG4bKz{n}"),
            ("Max-Forwards", "70"), ("From", f"<sip:zoe@{domain}>;tag=z{n}"),
            ("To", f"<sip:{to}>"), ("Call-ID", f"zoe-{n}"),
            ("CSeq", "1 MESSAGE"), ("Content-Type", "text/plain")], b"x"))

    def send(self, connection, to, domain="fabrikam.test"):
        reply = connection.final(self.ask(connection, to, domain))
        self.assertIsNotNone(reply, "no answer")
        return reply.status

    def slowly(self, connection, to, domain="fabrikam.test"):
        """Once more whenever it was too fast."""
        def answered():
            status = self.send(connection, to, domain)
            return status if status != 503 else None
        return wait_for(answered, 20, "an answer that is not 503")

    def everywhere(self, server):
        """A connection on each worker."""
        by_slot = {}
        for _ in range(200):
            c = self.stage.later(server.dial(self.contoso))
            c.org = self.contoso
            by_slot.setdefault(self.slot_of(c), c)
            if len(by_slot) == 3:
                return [by_slot[n] for n in range(3)]
        self.fail("not every worker was reached")

    def listed(self, domain="fabrikam.test"):
        rows = json.loads(self.contoso.run("--json", "partner", "list").stdout)
        found = [r for r in rows["partners"] if r["domain"] == domain]
        return found[0] if found else None


class Open(Discovered):
    settings = "discovered_rate: 10000, "

    def test_both_ways(self):
        c = self.stage.later(self.sip1.dial(self.contoso))
        self.assertEqual(self.send(c, self.alice.aor), 200)
        reply = self.alice.message("zoe@fabrikam.test", "out")
        self.assertStatus(reply, 200)
        self.assertEqual(self.sip1.requests.get(timeout=5)[0].body, b"out")
        row = self.listed()
        self.assertEqual((row["class"], row["state"]), ("discovered", "up"))
        self.assertGreaterEqual(row["certificate_days"], 0)
        self.assertEqual(row["addresses"], "1")

    def test_who_proves_no_host_of_the_domain(self):
        c = self.stage.later(self.litware.dial(self.contoso))
        self.assertEqual(self.send(c, self.alice.aor), 403)
        self.assertEqual(self.alice.received, [])

    def test_nobody_outside_is_ours(self):
        c = self.stage.later(self.sip1.dial(self.contoso))
        self.assertEqual(self.send(c, self.alice.aor, "contoso.test"), 403)

    def test_not_without_discovery(self):
        self.contoso.write(self.contoso.yaml().replace("discovery: on",
                                                       "discovery: off"))
        self.contoso.run("reload")

        def refused():
            c = self.stage.later(self.sip1.dial(self.contoso))
            return self.send(c, self.alice.aor) == 403
        wait_for(refused, 10, "nobody is discovered any more")

    def test_the_word_of_the_operator(self):
        org = self.contoso
        c = self.stage.later(self.sip1.dial(org))
        self.assertEqual(self.send(c, self.alice.aor), 200)
        org.run("partner", "block", "fabrikam.test")
        self.assertTrue(c.closed.wait(5), "its connection ends")
        reply = self.alice.message("zoe@fabrikam.test", "out")
        self.assertDiagnostics(reply, 403, 1005)
        org.stop()
        org.start()
        self.alice = self.client(org, "alice")
        c = self.stage.later(self.sip1.dial(org))
        self.assertEqual(self.send(c, self.alice.aor), 403)
        self.assertEqual(self.listed()["held"], "block")
        org.run("partner", "clear", "fabrikam.test")

        def passes():
            c = self.stage.later(self.sip1.dial(org))
            return self.send(c, self.alice.aor) == 200
        wait_for(passes, 10, "it is let in again")
        shown = org.run("partner", "show", "FABRIKAM.test").stdout
        self.assertIn("discovered", shown)
        done = org.run("partner", "block", "contoso.test", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("ours", done.stderr)

    def test_bans(self):
        org = self.contoso
        c = self.stage.later(self.sip1.dial(org))
        self.assertEqual(self.send(c, self.alice.aor), 200)
        org.run("ban", c.local[0], "--for", "600")
        self.assertTrue(c.closed.wait(5), "its connection ends")
        self.assertIn(c.local[0], org.run("bans").stdout)

        def banned():
            try:
                self.sip1.dial(org).close()
            except OSError:
                return bool(org.log.find("conn.refused", why="banned"))
        wait_for(banned, 10, "nothing is accepted")
        org.run("allow", c.local[0])
        self.assertEqual(org.run("allow", c.local[0],
                                 check=False).returncode, 1)
        c = self.stage.later(self.sip1.dial(org))
        # alice's device came from there too
        self.assertEqual(self.send(c, self.alice.aor), 202)

        org.run("ban", c.local[0], "--for", "1")
        self.assertTrue(c.closed.wait(5))

        def over():
            try:
                self.stage.later(self.sip1.dial(org))
                return True
            except OSError:
                return False
        wait_for(over, 10, "a ban ends by itself")

    def test_explain(self):
        run = self.contoso.run
        words = ("explain", "--from", "zoe@fabrikam.test", "--to",
                 self.alice.aor, "--arriving-as", "sip1.fabrikam.test")
        told = json.loads(run("--json", *words).stdout)
        self.assertTrue(told["allowed"] and told["srv_assumed"]
                        and told["limits_assumed"])
        run("partner", "block", "fabrikam.test")

        def refused():
            told = json.loads(run("--json", *words).stdout)
            return told["refusal"] and told["refusal"]["why"] == "blocked"
        wait_for(refused, 5, "the ruling is explained")
        self.assertIn("no    the sender's domain is not blocked",
                      run(*words).stdout)


class Flood(Discovered):
    def test_sip_27_rate_over_all_workers(self):
        """Three workers, three connections: not three times the rate."""
        connections = self.everywhere(self.sip1)
        self.assertEqual(self.slowly(connections[0], self.alice.aor), 200)
        time.sleep(1.1)  # a full bucket
        begun = time.monotonic()
        asked = [self.ask(c, self.alice.aor)
                 for _ in range(60) for c in connections]
        replies = [c.final(q) for q, c in zip(asked, connections * 60)]
        lasted = time.monotonic() - begun
        good = sum(r.status == 200 for r in replies)
        busy = [r for r in replies if r.status == 503]
        self.assertEqual(good + len(busy), 180)
        self.assertGreaterEqual(good, 20)
        self.assertLessEqual(good, 20 + 20 * lasted + 1)
        self.assertTrue(all(r.get("Retry-After") for r in busy))
        # others do not notice
        other = self.stage.later(self.litware.dial(self.contoso))
        self.assertEqual(self.send(other, self.alice.aor, "litware.test"), 200)
        # and who is allowed has no limit
        self.contoso.run("partner", "allow", "fabrikam.test")
        wait_for(lambda: self.listed()["class"] == "allowed", 5, "allowed")

        def all_pass():
            asked = [self.ask(c, self.alice.aor)
                     for _ in range(20) for c in connections]
            return all(c.final(q).status == 200
                       for q, c in zip(asked, connections * 20))
        wait_for(all_pass, 20, "no limit")


class Scan(Discovered):
    settings = "discovered_rate: 10000, discovered_addresses: 30, "

    def test_sip_27_addresses(self):
        org = self.contoso
        connections = self.everywhere(self.sip1)
        self.assertEqual(self.send(connections[0], self.alice.aor), 200)
        for n in range(29):
            status = self.send(connections[n % 3], f"nobody{n}@contoso.test")
            self.assertEqual(status, 404)
        self.assertEqual(org.log.find("partner.watch"), [])
        for n in range(3):
            self.assertEqual(self.send(connections[n], "more@contoso.test"),
                             403)
        event = org.log.wait("partner.watch", why="addresses")
        self.assertEqual(event["domain"], "fabrikam.test")
        # what it knows already it may go on with
        self.assertEqual(self.send(connections[1], self.alice.aor), 200)
        self.assertEqual(self.send(connections[2], "nobody3@contoso.test"),
                         404)
        other = self.stage.later(self.litware.dial(org))
        self.assertEqual(self.send(other, "more@contoso.test",
                                   "litware.test"), 404)
        row = self.listed()
        self.assertEqual((row["held"], row["addresses"]), ("watch", "30"))
        self.assertEqual(row["last_refusal"], "limit_addresses")

        # the worker that counted crashes
        status = org.status()
        owner = [r for r in status["tables"]["partners"]
                 if r["domain"] == "fabrikam.test"][0]["slot"]
        pid = [p for p in status["processes"]
               if p["role"] == "edge" and str(p["slot"]) == owner][0]["pid"]
        os.kill(pid, signal.SIGKILL)

        def again(to, expected):
            def asked():
                try:
                    c = self.stage.later(self.sip1.dial(org))
                    return self.send(c, to) == expected
                except (OSError, AssertionError):
                    return False
            wait_for(asked, 30, f"{expected} for {to}")
        again("another@contoso.test", 403)
        again("nobody3@contoso.test", 404)

        # all of it restarts
        org.stop()
        org.start()
        self.alice = self.client(org, "alice")
        again("yet-another@contoso.test", 403)
        again(self.alice.aor, 200)
        org.run("partner", "clear", "fabrikam.test")
        again("yet-another@contoso.test", 404)

    def test_sip_27_failures(self):
        """A hundred failures: one a second from then on."""
        connections = self.everywhere(self.sip1)
        for n in range(99):
            self.assertEqual(self.send(connections[n % 3],
                                       f"n{n % 7}@contoso.test"), 404)
        self.assertEqual(self.contoso.log.find("partner.watch"), [])
        self.send(connections[0], "n1@contoso.test")
        event = self.contoso.log.wait("partner.watch", why="failures")
        self.assertEqual(event["domain"], "fabrikam.test")
        begun = time.monotonic()
        got = [self.send(connections[n % 3], self.alice.aor)
               for n in range(30)]
        lasted = time.monotonic() - begun
        self.assertIn(503, got)
        self.assertLessEqual(got.count(200), 2 + lasted)
        self.assertEqual(self.listed()["limited"], "rate")
