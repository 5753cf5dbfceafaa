# SPDX-License-Identifier: Apache-2.0
"""The web client in real browsers, at two organisations (ADM-03 to ADM-05).

* A wrong password says so. Who signed in sees when a contact's state changes,
  across the wall; writes, and learns what became of it: sent, delivered, read,
  or kept for later; sees that the other is typing.
* Twelve script injections are shown as text, and none of them runs; bodies
  that are not understood are refused.
* English and Chinese; on a phone's screen; with the keyboard alone, every
  control with a name.
* Contacts are those that the server keeps, and those that were added here.
* A server that begins anew: the page comes back by itself.

With SALLYPORT_PICTURES=FOLDER each page is kept as a picture.
"""
import html
import re

from harness.sip import request
from harness.stage import wait_for

from admin.test_page import PAYLOADS
from client.people import ENTER, Pages
from presence.watch import pidf, sign_in

TAB = "\ue004"


class Page(Pages):
    def test_across_the_wall(self):
        alice = self.person(self.contoso, "alice")
        bob = self.person(self.fabrikam, "bob")
        alice.fill("wrong")
        alice.b.wait_text("Address or password is wrong.", "#login-error", 90)
        self.assertFalse(alice.shows("app"))
        alice.b.picture("client-sign-in")
        alice.sign_in()
        alice.add(bob.aor)
        alice.sees(bob.aor, "offline")
        bob.sign_in()
        alice.sees(bob.aor, "available")
        bob.choose("mine", "busy")
        alice.sees(bob.aor, "busy")
        bob.choose("mine", "offline")
        alice.sees(bob.aor, "offline")
        bob.choose("mine", "away")
        alice.sees(bob.aor, "away")
        # written, delivered, read, answered
        alice.say("Good morning")
        alice.fate("Good morning", "delivered")
        bob.open_chat(alice.aor)
        bob.hears("Good morning")
        alice.fate("Good morning", "read")
        bob.b.type("#text", "and")
        alice.b.wait_text(f"{bob.aor} is typing", "#typing", 90)
        bob.b.type("#text", " to you" + ENTER)
        alice.hears("and to you")
        self.assertEqual(alice.b.text("#typing"), "")
        alice.b.picture("client-chat")
        self.injections(alice, bob)
        self.away(alice, bob)
        self.assertEqual(alice.complaints() + bob.complaints(), [])

    def injections(self, alice, bob):
        for payload in PAYLOADS:
            bob.say(payload)
        alice.hears(PAYLOADS[-1])
        wait_for(lambda: set(PAYLOADS) <= set(alice.lines()), 30,
                 "every payload is shown as text")
        self.assertTrue(set(PAYLOADS) <= set(bob.lines()))
        for p in (alice, bob):
            self.assertIsNone(p.b.run("return window.hit ?? null"))
            self.assertEqual(p.b.run(
                "return document.querySelectorAll('#app img, #app iframe, "
                "#app svg, #app script, #app details').length"), 0)

    def away(self, alice, bob):
        """Kept for who is away, told to who wrote it."""
        bob.b.click("#logout")
        alice.sees(bob.aor, "offline")
        alice.say("for later")
        alice.fate("for later", "will be delivered later")
        bob.sign_in()
        bob.open_chat(alice.aor)
        bob.hears("for later")
        alice.fate("for later", "read")

    def test_chinese_on_a_phone_by_keyboard(self):
        alice = self.person(self.contoso, "alice")
        alice.b.phone()
        alice.choose("lang-login", "zh")
        self.assertIn("登录", alice.b.text("#login"))
        self.assertEqual(alice.b.run("return document.documentElement.lang"),
                         "zh-CN")
        alice.b.keys(*"alice@contoso.test", TAB,
                     *self.contoso.passwords["alice"], ENTER)
        wait_for(lambda: alice.shows("app"), 90, "signed in by keyboard")
        for org, user in ((self.fabrikam, "bob"), (self.contoso, "carol")):
            peer = self.client(org, user)
            self.assertStatus(peer.message(alice.aor, f"{user}: 你好"), 200)
        wait_for(lambda: alice.b.run(
            "return document.querySelectorAll('#people button').length") == 2,
            90, "both have written")
        self.assertIn("(2)", alice.b.run("return document.title"))
        self.assertEqual(alice.b.run(
            "return document.documentElement.scrollWidth <= innerWidth"), True)
        alice.b.picture("client-phone-people-zh")
        # the list, a conversation and back, without a mouse
        alice.b.run("document.querySelector('#people button').focus()")
        alice.b.keys(ENTER)
        alice.hears("bob: 你好")
        self.assertFalse(alice.b.run(
            "return !!document.getElementById('side').offsetParent"))
        alice.b.keys(*"收到", ENTER)
        alice.fate("收到", "已发送")
        alice.b.picture("client-phone-chat-zh")
        self.assertEqual(alice.b.run(
            "return document.documentElement.scrollWidth <= innerWidth"), True)
        alice.b.click("#back")
        self.assertTrue(alice.b.run(
            "return !!document.getElementById('side').offsetParent"))
        self.assertEqual(alice.b.run(
            "return [...document.querySelectorAll('button, input, select, "
            "textarea')].filter(n => n.offsetParent && !(n.labels?.length"
            " || n.innerText || n.ariaLabel)).length"), 0)
        self.assertEqual(alice.complaints(), [])
        self.strange(alice, peer)
        # no word is left in the other language
        words = alice.b.text("#side")
        self.assertFalse(re.search(r"\b(Add|Sign out|Available|Offline)\b",
                                   words), words)

    def strange(self, alice, carol):
        """What is not understood is refused, and the page goes on."""
        head = "From: <sip:x@y.test>\r\nTo: <sip:z@y.test>\r\n\r\n"
        bomb = ('<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">'
                + "".join(f'<!ENTITY {chr(i + 1)} "{f"&{chr(i)};" * 10}">'
                          for i in range(ord("b"), ord("k"))) + "]>")
        rows = [
            ("application/octet-stream", "\0\1\2", 415),
            ("text/html", "<script>window.hit=1</script>", 415),
            ("message/cpim", "no head", 415),
            ("message/cpim", "\r\n\r\n\r\n\r\n", 415),
            ("message/cpim", head + "Content-Type: text/html\r\n\r\n<b>", 415),
            ("message/cpim", head + "Content-Type: message/imdn+xml\r\n\r\n"
             "<imdn><message-id>", 415),
            ("application/im-iscomposing+xml", "<state>", 415),
            ("application/im-iscomposing+xml",
             bomb + "<a><state>&k;</state></a>", None),
            ("message/cpim", head + "Content-Type: text/plain\r\n\r\n"
             "wrapped", 200),
        ]
        for kind, body, status in rows:
            m = request("MESSAGE", f"sip:{alice.aor}", carol.aor, alice.aor,
                        "softphone.invalid", body=body.encode())
            m.headers = [(n, kind if n == "Content-Type" else v)
                         for n, v in m.headers]
            reply = carol.final(carol.ask(m), 60)
            self.assertIsNotNone(reply, kind)
            if status:
                self.assertStatus(reply, status)
        alice.open_chat(carol.aor)
        alice.hears("wrapped")
        self.assertIsNone(alice.b.run("return window.hit ?? null"))
        alice.b.click("#back")
        # Chromium's own words about broken XML have a style
        self.assertEqual([c for c in alice.complaints()
                          if "inline style" not in c], [])

    def test_a_server_that_begins_anew(self):
        self.contoso.add_user("carol")
        self.contoso.run("user", "contacts", "alice@contoso.test", "add",
                         "carol@contoso.test")
        alice = self.person(self.contoso, "alice").sign_in()
        alice.add("bob@fabrikam.test")
        alice.sees("bob@fabrikam.test", "offline")
        alice.sees("carol@contoso.test", "offline")
        self.assertEqual(self.contoso.stop(), 0)
        alice.b.wait_text("The connection is lost", "#banner", 60)
        alice.say("nobody is there")
        alice.fate("nobody is there", "not delivered")
        self.contoso.start()
        wait_for(lambda: not alice.shows("banner"), 90, "alice is back")
        alice.sees("bob@fabrikam.test", "offline")
        carol = sign_in(self, self.contoso, "carol")
        alice.sees("carol@contoso.test", "available")
        note = PAYLOADS[1]
        self.assertStatus(carol.publish(pidf(carol.aor, activity="away")
                          .replace(b"</tuple>", b"<note>%s</note></tuple>"
                                   % html.escape(note).encode())), 200)
        alice.b.wait_text(note, "#people", 90)
        alice.sees("carol@contoso.test", "away")
        bob = self.client(self.fabrikam, "bob")
        self.assertStatus(bob.message(alice.aor, "welcome back"), 200)
        alice.sees("bob@fabrikam.test", "available")
        alice.hears("welcome back")
        alice.say("here again")
        alice.fate("here again", "sent")
        self.assertIsNone(alice.b.run("return window.hit ?? null"))
        # and who is locked out is told, and does not come back
        self.contoso.run("user", "disable", alice.aor)
        alice.b.wait_text("Address or password is wrong.", "#login-error", 90)
        self.assertFalse(alice.shows("app"))

    def test_what_is_served(self):
        head, body = self.get("/")
        self.assertIn("Content-Security-Policy: default-src 'none'", head)
        self.assertNotIn("unsafe-", head)
        names = {n.split("?")[0]: n for n in re.findall(
            r'(?:src|href)="(/[^"]+)"', body.decode())}
        self.assertEqual(set(names), {"/app.js", "/app.css", "/icon.svg",
                                      "/licences.txt"})
        self.assertIn("max-age=31536000", self.get(names["/app.js"])[0])
        self.assertIn("no-cache", self.get("/app.js?other")[0])
        # nothing of anybody else's
        for name in {*names, "/"}:
            head, body = self.get(name)
            self.assertTrue(head.startswith("HTTP/1.1 200 "), name)
            hosts = set(re.findall(rb"(?:https?|wss?|stuns?|turns?)://?"
                                   rb"[a-z0-9.-]+\.[a-z]{2,}", body))
            if name == "/app.js":
                self.assertEqual(hosts, set())
                self.assertNotIn(b"stun.l.", body)
            tag = re.search(r'ETag: (".*?")', head)[1]
            self.assertTrue(self.get(name, f"If-None-Match: {tag}")[0]
                            .startswith("HTTP/1.1 304 "))
        licences = self.get("/licences.txt")[1].decode()
        for name in ("sip.js 0.21.2", "@noble/hashes 1.8.0"):
            self.assertIn(name, licences)
        for name in ("/index.html", "/APP.JS", "/%61pp.js", "//app.js"):
            self.assertTrue(self.get(name)[0].startswith("HTTP/1.1 404 "))
        self.contoso.extra += "web: { client: off }\n"
        self.contoso.write()
        self.contoso.run("reload")
        wait_for(lambda: self.get("/")[0].startswith("HTTP/1.1 426 "), 60,
                 "the page is taken away")
        self.assertTrue(self.get("/app.js")[0].startswith("HTTP/1.1 404 "))
