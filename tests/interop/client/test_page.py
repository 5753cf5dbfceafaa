# SPDX-License-Identifier: Apache-2.0
"""The web client in real browsers, at two organisations."""
import unittest

from harness import browser
from harness.browser import Browser, trusting
from harness.case import Case
from harness.stage import wait_for

ENTER = "\ue007"


class Person:
    """A user in a browser."""

    def __init__(self, org, user, **kw):
        self.org, self.user = org, user
        self.aor = f"{user}@{org.domain}"
        self.b = Browser(more=trusting(org), **kw)
        self.open()

    def close(self):
        self.b.close()

    def open(self):
        self.b.open(f"https://{self.org.edge}:{self.org.client_port}/")
        wait_for(lambda: self.b.run(
            "return !document.getElementById('login')?.hidden"), 60, "form")

    def sign_in(self, password=None):
        self.b.type("#login-address", self.aor)
        self.b.type("#login-password",
                    (password or self.org.passwords[self.user]) + ENTER)

    def signed_in(self):
        wait_for(lambda: self.b.run(
            "return !document.getElementById('app').hidden"), 60,
            f"{self.user} is signed in; {self.b.text()!r}")

    def add(self, aor):
        self.b.type("#add-address", aor + ENTER)
        self.b.wait_text(aor, "#peer", 30)

    def say(self, text):
        self.b.type("#text", text + ENTER)

    def hears(self, text, timeout=60):
        self.b.wait_text(text, "#log", timeout)


@unittest.skipIf(browser.missing(), browser.missing())
class Page(Case):
    def setUp(self):
        super().setUp()
        self.contoso, self.fabrikam = self.stage.two()
        for org in (self.contoso, self.fabrikam):
            org.start()
        self.contoso.add_user("alice")
        self.fabrikam.add_user("bob")

    def person(self, org, user, **kw):
        return self.stage.later(Person(org, user, **kw))

    def test_across_the_wall(self):
        alice = self.person(self.contoso, "alice")
        bob = self.person(self.fabrikam, "bob")
        for p in (alice, bob):
            p.sign_in()
            p.signed_in()
        alice.add(bob.aor)
        alice.say("Good morning")
        alice.hears("delivered")
        wait_for(lambda: alice.aor in bob.b.text("#people"), 60, "alice")
        bob.b.click(f'[data-address="{alice.aor}"]')
        bob.hears("Good morning")
        bob.say("and to you")
        alice.hears("and to you")
        alice.b.picture("client-chat")
        self.assertEqual(alice.b.complaints() + bob.b.complaints(), [])
