# SPDX-License-Identifier: Apache-2.0
"""A split domain: of contoso.test some users live with a hosting provider.

* Each reaches the other, and calls go on in both directions.
* Partners, who know one edge of contoso.test, reach those in the cloud
  through it; their dialogs pass in both directions.
* Whom neither side knows is 404, without going round.
* The provider speaks for none who has an account here, and nobody else speaks
  for those in the cloud; it has no partners through us.
* Without the entry the other side is a stranger again, at once.
"""
import collections
import json

from harness.case import Case
from harness.sip import Partner, request
from harness.stage import wait_for
from sip.dialogs import Dialog, Talk

Asker = collections.namedtuple("Asker", "name connection")

ENTRY = """
providers:
  - name: {name}
    kind: hosting
    edge: {edge}
    address: "{address}:15061"
    domains: [contoso.test]
    shared_address_space: true
    forwards_partners: {forwards}
    verification: always
"""


def hosts(org, other, forwards="false"):
    """The other has users of org's domain; partners know it, perhaps."""
    org.extra = ENTRY.format(name=other.name, edge=other.edge,
                             address=other.address, forwards=forwards)
    if other.ca.pem not in org.trusted:
        org.trusted.append(other.ca.pem)


class Split(Talk):
    def setUp(self):
        Case.setUp(self)
        self.contoso, self.fabrikam = self.stage.two()
        self.cloud = self.stage.org("cloud")
        self.cloud.domain = "contoso.test"
        hosts(self.contoso, self.cloud)
        hosts(self.cloud, self.contoso, forwards="true")
        for org in (self.contoso, self.fabrikam, self.cloud):
            org.start()

    def assertSaid(self, sender, to, text):
        self.assertStatus(sender.message(to.aor, text), 200)
        self.assertReceived(to, text)

    def test_messages(self):
        alice = self.client(self.contoso, "alice")
        carol = self.client(self.cloud, "carol")
        zoe = self.client(self.fabrikam, "zoe")
        self.assertSaid(alice, carol, "hello")
        self.assertSaid(carol, alice, "hello you")
        self.assertSaid(zoe, carol, "from a partner")
        self.assertSaid(zoe, alice, "as ever")
        # nobody knows him: it goes over once, and not back
        for sender in (alice, carol, zoe):
            reply = sender.message("ghost@contoso.test", "boo")
            self.assertStatus(reply, 404)
        # what is stored is stored where he lives
        carol.close()
        wait_for(lambda: alice.message(carol.aor, "later").status == 202, 20,
                 "carol is away")
        rows = json.loads(self.cloud.run("--json", "messages").stdout)
        self.assertEqual([q["aor"] for q in rows["queues"]], [carol.aor])
        again = self.client(self.cloud, "carol")
        self.assertReceived(again, "later")

    def test_calls(self):
        alice = self.phone(self.contoso, "alice")
        carol = self.phone(self.cloud, "carol")
        zoe = self.phone(self.fabrikam, "zoe")
        for caller, callee in ((alice, carol), (carol, alice), (zoe, carol)):
            a, b = self.establish(caller, callee)
            self.exchange(a, b)
            self.bye(b, a)

    def test_it_ends_by_a_reload(self):
        alice = self.client(self.contoso, "alice")
        carol = self.client(self.cloud, "carol")
        self.assertSaid(carol, alice, "hello")
        self.contoso.extra = ""
        self.contoso.write()
        self.contoso.run("reload")
        wait_for(lambda: carol.message(alice.aor, "x").status == 403, 20,
                 "the cloud is a stranger")
        self.assertStatus(alice.message(carol.aor, "x"), 404)


class Spoofs(Case):
    """The cloud and the partner are scripted here: they may lie."""

    def setUp(self):
        super().setUp()
        self.contoso, fabrikam = self.stage.two()
        cloud = self.stage.org("cloud")
        hosts(self.contoso, cloud)
        self.contoso.start()
        self.alice = self.client(self.contoso, "alice")
        self.contoso.add_user("dave")
        self.sides = [self.stage.later(Partner(
            (org.address, 15061), org.name, org.ca, org.cert,
            self.contoso.ca.pem)) for org in (cloud, fabrikam)]
        self.peers = [side.dial(self.contoso) for side in self.sides]

    def says(self, peer, sender, to="alice@contoso.test", routes=(), tag=""):
        m = request("MESSAGE", f"sip:{to}", sender, to, "edge.cloud.test",
                    [("Route", r) for r in routes], body=b"x")
        m.headers = [(n, v + tag if n == "To" else v) for n, v in m.headers]
        reply = peer.final(peer.ask(m))
        number = (reply.get("ms-diagnostics-public") or "0").split(";")[0]
        return reply.status, int(number)

    def test_who_may_say_what(self):
        cloud, partner = self.peers
        self.assertEqual(self.says(cloud, "carol@contoso.test"), (200, 0))
        for user in ("dave", "alice"):  # who live here, there or not
            self.assertEqual(self.says(cloud, f"{user}@contoso.test"),
                             (403, 1017))
        self.contoso.log.wait("id.mismatch", 10, account="")
        self.assertEqual(self.says(cloud, "zoe@fabrikam.test")[0], 403)
        self.assertEqual(self.says(partner, "carol@contoso.test")[0], 403)
        self.assertEqual(self.says(cloud, "carol@contoso.test",
                                   "zoe@fabrikam.test")[0], 404)
        self.assertEqual([t for _, t in self.alice.received], ["x"])

    def routes_to(self, ask):
        """Our sealed values, as the cloud gets them with a request."""
        m = request("INVITE", "sip:carol@contoso.test", ask.name,
                    "carol@contoso.test", "edge.x.test",
                    [("Contact", f"<sip:{ask.name}>")])
        ask.connection.ask(m)
        got, _ = self.sides[0].requests.get(timeout=20)
        while got.method != "INVITE":
            got, _ = self.sides[0].requests.get(timeout=20)
        return Dialog.routes_of(got)

    def test_dialogs_are_nobody_else_s(self):
        cloud, partner = self.peers
        talk = self.routes_to(Asker("alice@contoso.test", self.alice))
        for tag in ("", ";tag=x"):
            for user, status in (("carol", (200, 0)), ("dave", (403, 1017)),
                                 ("alice", (403, 1017))):
                self.assertEqual(self.says(cloud, f"{user}@contoso.test",
                                           routes=talk, tag=tag), status)
        talk = self.routes_to(Asker("zoe@fabrikam.test", partner))
        out = lambda user, tag: self.says(cloud, f"{user}@contoso.test",
                                          "zoe@fabrikam.test", talk, tag)
        self.assertEqual(out("carol", ";tag=x"), (200, 0))
        self.assertEqual(out("dave", ";tag=x"), (403, 1017))
        self.assertEqual(out("carol", "")[0], 404)  # that is a new one
        self.assertEqual(out("dave", ""), (403, 1017))

    def test_transit(self):
        cloud, partner = self.peers
        out = lambda user, to="zoe@fabrikam.test": self.says(
            cloud, f"{user}@contoso.test", to)
        soon = lambda want: wait_for(lambda: out("carol") == want, 20, want)
        self.assertEqual(out("carol")[0], 404)
        entry = self.contoso.extra + "    transit: true\n"
        for more, want in (("", (200, 0)), (
                "policies: [{users: [carol@contoso.test], federation: no}]\n",
                (403, 0)), ("", (200, 0))):
            self.contoso.extra = entry + more
            self.contoso.write()
            self.contoso.run("reload")
            soon(want)
        self.assertEqual(out("dave"), (403, 1017))
        self.assertEqual(out("carol", "x@nowhere.test")[0], 404)
        self.assertEqual(self.says(partner, "zoe@fabrikam.test",
                                   "carol@contoso.test"), (200, 0))
        told = self.contoso.run(
            "explain", "--from", "carol@contoso.test", "--to",
            "zoe@fabrikam.test", "--arriving-as", "edge.cloud.test").stdout
        self.assertIn("if the sender has no account here", told)
        self.assertIn("goes to the partner", told)

    def test_the_file_is_checked(self):
        good = self.contoso.yaml()
        for old, new, says in (
                ("shared_address_space: true", "shared_address_space: false",
                 "a domain of ours"),
                ("kind: hosting", "kind: public", "needs kind: hosting")):
            self.contoso.write(good.replace(old, new))
            done = self.contoso.run("reload", check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(says, done.stderr)
