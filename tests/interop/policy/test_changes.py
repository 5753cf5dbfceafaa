# SPDX-License-Identifier: Apache-2.0
"""Partners, providers and policies change while connections stand, by reload
and by verb.

* Who stays allowed keeps his connection, whatever else changes.
* Who is not allowed any more is refused at once; what was begun with him comes
  to its end, both ways, and then his connections end.
"""
import threading

from harness.case import Case
from harness.sip import Partner, answer, request
from harness.stage import wait_for


class Changes(Case):
    """fabrikam goes, litware stays; both are scripted."""

    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso")
        self.partners = {}
        for name in ("fabrikam", "litware"):
            org = self.stage.org(name)  # never started
            self.contoso.trusted.append(org.ca.pem)
            self.partners[name] = self.stage.later(Partner(
                (org.address, 15061), name, org.ca, org.cert,
                self.contoso.ca.pem))
            self.partners[name].org = org
        self.held = threading.Event()
        self.partners["fabrikam"].reply = self.hold
        self.write("fabrikam", "litware")
        self.contoso.start()
        self.alice = self.client(self.contoso, "alice")

    def hold(self, m, c):
        """Requests with that text are answered later."""
        if m.body == b"held":
            self.waiting = (m, c)
            self.held.set()
            return None
        return answer(m, 200)

    def write(self, *names, extra=""):
        rows = []
        for n in names:
            org = self.partners[n].org
            rows.append(f'{{ domain: {n}.test, edge: {org.edge}, '
                        f'address: "{org.address}:15061" }}')
        self.contoso.partner_lines[:] = rows
        self.contoso.extra = extra
        self.contoso.write()

    def dialled(self, name):
        """Our connection to it: it answers a moment before it is noted."""
        p = self.partners[name]
        return wait_for(lambda: p.connections, 10, "a connection")[0]

    def inwards(self, c, name, text, to=None):
        org = self.partners[name].org
        return c.ask(request("MESSAGE", f"sip:{to or self.alice.aor}",
                             f"bob@{name}.test", to or self.alice.aor,
                             org.edge, body=text.encode()))

    def begin(self):
        """Connections both ways with both, and a request each way that waits
        for fabrikam's and for alice's answer."""
        self.out, self.into = {}, {}
        for n, p in self.partners.items():
            self.assertStatus(self.alice.message(f"bob@{n}.test", "x"), 200)
            self.out[n] = self.dialled(n)
            self.into[n] = self.stage.later(p.dial(self.contoso))
            self.assertStatus(self.into[n].final(
                self.inwards(self.into[n], n, "y")), 200)
        pending = self.alice.message_async("bob@fabrikam.test", "held")
        self.assertTrue(self.held.wait(10), "the request is there")
        normal, late = self.alice.on_request, []

        def later(m, c):
            if m.body == b"in":
                late.append(m)
                return None
            return normal(m, c)
        self.alice.on_request = later
        coming = self.inwards(self.into["fabrikam"], "fabrikam", "in")
        wait_for(lambda: late, 10, "alice has it")
        return pending, coming, late

    def check(self, change):
        pending, coming, late = self.begin()
        change()
        wait_for(lambda: self.alice.message("bob@fabrikam.test",
                                            "new").status != 200, 10,
                 "it is refused")
        for one in (self.out, self.into):
            self.assertFalse(one["fabrikam"].closed.is_set(),
                             "what was begun goes on")
        m, c = self.waiting
        c.send(answer(m, 200))
        self.assertStatus(self.alice.final(pending), 200)
        self.alice.send(answer(late[0], 200))
        self.assertStatus(self.into["fabrikam"].final(coming), 200)
        for one in (self.out, self.into):
            self.assertTrue(one["fabrikam"].closed.wait(15), "then it ends")
        for one in (self.out, self.into):
            self.assertFalse(one["litware"].closed.is_set(),
                             "nobody touches the other")
        self.assertStatus(self.alice.message("bob@litware.test", "x"), 200)
        self.assertStatus(self.into["litware"].final(
            self.inwards(self.into["litware"], "litware", "z")), 200)
        self.assertEqual(len(self.partners["litware"].connections), 1)

    def test_an_entry_goes(self):
        def change():
            self.write("litware")
            self.contoso.run("reload")
        self.check(change)

    def test_a_verb(self):
        self.check(lambda: self.contoso.run("partner", "block",
                                            "fabrikam.test"))

    def test_a_provider(self):
        """One that is disabled goes as a partner does; the other one, whose
        entry gets another line, stays."""
        def providers(enabled):
            self.contoso.partner_lines[:] = []
            self.contoso.extra = "providers:\n" + "".join(f"""
  - name: {n}
    edge: {p.org.edge}
    address: "{p.org.address}:15061"
    domains: [{n}.test]
    verification: always
    enabled: {enabled if n == "fabrikam" else "yes"}
""" for n, p in self.partners.items())
            self.contoso.write()
            self.contoso.run("reload")
        providers("yes")
        wait_for(lambda: "public" in self.contoso.run(
            "partner", "show", "litware.test", check=False).stdout, 10,
            "they are providers")
        self.check(lambda: providers("no"))

    def test_policies_touch_no_connection(self):
        self.assertStatus(self.alice.message("bob@litware.test", "x"), 200)
        ours = self.dialled("litware")
        theirs = self.stage.later(
            self.partners["litware"].dial(self.contoso))
        self.assertStatus(theirs.final(
            self.inwards(theirs, "litware", "y")), 200)
        for federation, status in (("no", 403), ("yes", 200)):
            self.write("fabrikam", "litware",
                       extra=f"policy: {{ federation: {federation} }}\n")
            self.contoso.run("reload")
            wait_for(lambda: self.alice.message(
                "bob@litware.test", "x").status == status, 10, status)
        self.assertStatus(theirs.final(
            self.inwards(theirs, "litware", "z")), 200)
        self.assertFalse(ours.closed.is_set() or theirs.closed.is_set())
        self.assertEqual(len(self.partners["litware"].connections), 1)
