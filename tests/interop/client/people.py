# SPDX-License-Identifier: Apache-2.0
"""Users of the web client, each in a browser of its own."""
import unittest

from harness import browser
from harness.browser import Browser, trusting
from harness.case import Case
from harness.stage import wait_for
from harness.websocket import connect, head_of

ENTER = "\ue007"
# Chromium's log says so of the 401 that asks for digest: no fault.
EXPECTED = ("401",)


class Person:
    """Has the page open."""

    def __init__(self, org, user, **kw):
        self.org, self.user = org, user
        self.aor = f"{user}@{org.domain}"
        self.b = Browser(more=trusting(org), **kw)
        self.open()

    def close(self):
        self.b.close()

    def open(self):
        self.b.open(f"https://{self.org.edge}:{self.org.client_port}/")
        wait_for(lambda: self.shows("login"), 60, "the form")

    def shows(self, id):
        return self.b.run("return document.getElementById(arguments[0])"
                          "?.hidden === false", id)

    def fill(self, password=None):
        self.b.run("document.getElementById('login-address').value = ''")
        self.b.type("#login-address", self.aor)
        self.b.type("#login-password",
                    (password or self.org.passwords[self.user]) + ENTER)

    def sign_in(self):
        self.fill()
        wait_for(lambda: self.shows("app"), 90,
                 f"{self.user} is signed in")
        return self

    def add(self, aor):
        self.b.type("#add-address", aor + ENTER)
        self.b.wait_text(aor, "#peer", 30)

    def open_chat(self, aor):
        wait_for(lambda: self.b.run(
            "const b = document.querySelector(arguments[0]);"
            "b?.click(); return !!b", f'[data-address="{aor}"]'), 90,
            f"{aor} is in the list of {self.user}")
        self.b.wait_text(aor, "#peer", 30)

    def say(self, text):
        self.b.type("#text", text + ENTER)

    def hears(self, text, timeout=90):
        wait_for(lambda: text in self.lines(), timeout,
                 f"{self.user} hears {text!r}")

    def lines(self):
        """The texts of the open conversation."""
        return self.b.run("return [...document.querySelectorAll("
                          "'#log .text')].map(e => e.textContent)")

    def fate(self, text, word, timeout=90):
        """What became of a message that was sent."""
        found = lambda: self.b.run(
            "return [...document.querySelectorAll('#log li')].filter(e => "
            "e.querySelector('.text')?.textContent === arguments[0])"
            ".map(e => e.querySelector('.state')?.textContent).pop() ?? ''",
            text)
        wait_for(lambda: word in found(), timeout,
                 f"{text!r} is {word!r}, it is {found()!r}")

    def sees(self, aor, state, timeout=90):
        wait_for(lambda: self.b.run(
            "return document.querySelector(arguments[0])?.dataset.state",
            f'[data-address="{aor}"]') == state, timeout,
            f"{self.user} sees {aor} as {state}")

    def choose(self, id, value):
        self.b.run("const s = document.getElementById(arguments[0]);"
                   "s.value = arguments[1];"
                   "s.dispatchEvent(new Event('change'))", id, value)

    def complaints(self):
        return [c for c in self.b.complaints()
                if not any(e in c for e in EXPECTED)]


@unittest.skipIf(browser.missing(), browser.missing())
class Pages(Case):
    """contoso with alice, fabrikam with bob; each has a relay. contoso's
    digest is SHA-256 alone, fabrikam's MD5."""

    def setUp(self):
        super().setUp()
        self.contoso, self.fabrikam = self.stage.two()
        for org, md5 in ((self.contoso, "false"), (self.fabrikam, "only")):
            org.limits["drain_s"] = 1
            org.extra += f"""\
home: {{ digest_md5: {md5} }}
relay:
  listen: ["{org.address}:13478"]
  range: 24000-24127
  allow_peers: ["{self.contoso.address}/32", "{self.fabrikam.address}/32"]
"""
            org.start()
        if not self.served():
            self.skipTest("the program was built without the web client")
        self.contoso.add_user("alice")
        self.fabrikam.add_user("bob")

    def get(self, path, *headers, method="GET"):
        """(head, body) of what contoso answers."""
        sock = self.stage.later(connect(
            (self.contoso.address, self.contoso.client_port),
            self.contoso.edge, self.contoso.ca.pem))
        sock.settimeout(20)
        sock.sendall("\r\n".join(
            [f"{method} {path} HTTP/1.1", f"Host: {self.contoso.edge}",
             *headers, "", ""]).encode())
        head, body = head_of(sock)
        while more := sock.recv(65536):
            body += more
        return head, body

    def served(self):
        return self.get("/")[0].startswith("HTTP/1.1 200 ")

    def person(self, org, user, **kw):
        return self.stage.later(Person(org, user, **kw))
