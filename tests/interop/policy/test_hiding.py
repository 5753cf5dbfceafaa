# SPDX-License-Identifier: Apache-2.0
"""What partners do not get to see, with a Sallyport on both sides.

* Where a device is stands in no message that the other side's device gets:
  neither as Contact nor in Via; user, parameters and body stay what they were.
* The device is asked for by exactly the Contact that it gave.
* Calls with re-INVITE and REFER go on when processes end that sealed these.
"""
import os
import re
import signal
import urllib.parse

from harness.sip import answer, request
from harness.stage import wait_for
from sip.dialogs import SDP, Dialog, Talk, ok_to


class Hidden(Talk):
    def assertHidden(self, m, device, user):
        text = m.encode()
        place = re.search(r"@([^;>]+)", device.contact).group(1)
        self.assertNotIn(place.encode(), text.split(b"\r\n\r\n")[0])
        contact = Dialog.uri(m.get("Contact"))
        self.assertRegex(contact,
                         rf"^sips?:[^@]+@{re.escape(device.org.domain)};")

    def call(self, alice, bob):
        """As establish(), with a look at what each side sees."""
        invite, waiting = alice.invite(bob.aor)
        got = bob.next("INVITE")
        self.assertHidden(got, alice, "alice")
        self.assertEqual(got.body, SDP)
        bob.send(ok_to(got, bob))
        reply = alice.final(waiting)
        self.assertStatus(reply, 200)
        self.assertHidden(reply, bob, "bob")
        a = Dialog.caller(alice, reply)
        b = Dialog.callee(bob, got, ok_to(got, bob))
        tag = re.search(r"tag=[^;>]+", reply.get("To")).group(0)
        b.local = f"{got.get('To')};{tag}"
        alice.send(a.build("ACK", cseq=1))
        bob.next("ACK")
        return a, b

    def around(self, one, other, method="INVITE"):
        waiting = one.ask(method, SDP)
        got = other.phone.next(method)
        self.assertEqual(got.start.split()[1], other.phone.contact)
        self.assertHidden(got, one.phone, "")
        self.assertEqual(got.body, SDP)
        other.phone.send(ok_to(got, other.phone))
        self.assertStatus(one.phone.final(waiting), 200)
        if method == "INVITE":
            one.phone.send(one.build("ACK", cseq=one.cseq))
            ack = other.phone.next("ACK")
            self.assertEqual(ack.start.split()[1], other.phone.contact)

    def end_others(self, phone):
        """Every process of its organisation but the worker that has it."""
        org, keep = phone.org, self.slot_of(phone)
        before = org.status()["processes"]
        ended = [p for p in before if p["role"] in ("home", "store", "resolver")
                 or (p["role"] == "edge" and p["slot"] != keep)]
        for p in ended:
            os.kill(p["pid"], signal.SIGKILL)

        def back():
            done = org.run("--json", "status", check=False)
            if done.returncode:
                return False
            now = {(p["role"], p["slot"]): p
                   for p in org.status()["processes"]}
            return all(now[p["role"], p["slot"]]["state"] == "ready"
                       and now[p["role"], p["slot"]]["pid"] != p["pid"]
                       for p in ended)
        wait_for(back, 30, "all are back")

    def test_a_call_through_restarts(self):
        alice = self.phone(self.contoso, "alice")
        bob = self.phone(self.fabrikam, "bob")
        a, b = self.call(alice, bob)
        self.around(a, b)
        self.around(b, a)
        self.end_others(alice)
        self.end_others(bob)

        def again():
            # the partner may be in its back-off for a moment
            waiting = a.ask("INFO", b"typing")
            try:
                bob.send(answer(bob.next("INFO", 2), 200))
            except Exception:
                pass
            return alice.final(waiting).status == 200
        wait_for(again, 30, "the call goes on")
        self.around(a, b)
        self.around(b, a)
        self.around(b, a, "REFER")
        self.around(a, b, "REFER")
        self.bye(b, a)

    def test_what_stays_inside(self):
        alice = self.phone(self.contoso, "alice")
        bob = self.phone(self.fabrikam, "bob")
        m = request("INVITE", f"sip:{bob.aor}", alice.aor, bob.aor,
                    "softphone.invalid", [
                        ("Contact", f'"A, li" <{alice.contact};ob>'
                         ';+sip.instance="<urn:uuid:1>";isfocus'),
                        ("Warning", '399 pool.contoso.internal "x"'),
                        ("ms-internal-info", "pool.contoso.internal"),
                        ("Ms-Conversation-ID", "abc"),
                        ("History-Info", "<sip:pool.contoso.internal>"),
                    ], SDP)
        waiting = alice.ask(m)
        got = bob.next("INVITE")
        self.assertNotIn(b"contoso.internal", got.encode())
        self.assertEqual(got.get("Ms-Conversation-ID"), "abc")
        self.assertIn('"A, li"', got.get("Contact"))
        self.assertIn('>;+sip.instance="<urn:uuid:1>";isfocus',
                      got.get("Contact"))
        self.assertHidden(got, alice, "alice")
        bob.send(answer(got, 486, "Busy Here"))
        bob.next("ACK")
        self.assertStatus(alice.final(waiting), 486)

    def test_a_changed_one_is_nobody(self):
        """It is not opened; a whole one is that device's, with a route or
        without."""
        alice = self.phone(self.contoso, "alice")
        bob = self.phone(self.fabrikam, "bob")
        a, b = self.call(alice, bob)
        token = re.search(r"inside=([^;>]+)", b.target).group(1)
        changed = ("b" if token[30] != "b" else "c")
        b.routes, target = [], b.target
        b.target = target.replace(token, token[:30] + changed + token[31:])
        waiting = b.ask("INFO", b"x")
        self.assertIn(bob.final(waiting).status, (403, 404, 481))
        self.assertTrue(alice.got.empty())
        b.target = target
        waiting = b.ask("INFO", b"x")
        got = alice.next("INFO")
        self.assertEqual(got.start.split()[1], alice.contact)
        alice.send(answer(got, 200))
        self.assertStatus(bob.final(waiting), 200)

    def replace(self, phone, target, other):
        """The INVITE with Replaces that a REFER leads to, taken by the other:
        both sides of that call."""
        uri, _, header = target.partition("?Replaces=")
        replaces = urllib.parse.unquote(header)
        m = request("INVITE", uri, phone.aor, "x@x", "softphone.invalid",
                    [("Contact", f"<{phone.contact}>"),
                     ("Require", "replaces"), ("Replaces", replaces)], SDP)
        m.headers = [(n, f"<{uri}>" if n == "To" else
                      "application/sdp" if n == "Content-Type" else v)
                     for n, v in m.headers]
        waiting = phone.ask(m)
        got = other.next("INVITE")
        self.assertEqual(got.start.split()[1], other.contact)
        self.assertEqual(got.get("Replaces"), replaces)
        self.assertEqual(got.body, SDP)
        ok = ok_to(got, other)
        tag = re.search(r";tag=.+", ok.get("To")).group(0)
        other.send(ok)
        reply = phone.final(waiting)
        self.assertStatus(reply, 200)
        one, two = Dialog.caller(phone, reply), Dialog.callee(other, got, ok)
        two.local = got.get("To") + tag
        phone.send(one.build("ACK", cseq=1))
        other.next("ACK")
        return one, two

    def refer(self, one, other, target):
        """What the other side is told of the target."""
        m = one.build("REFER")
        m.headers += [("Refer-To", f"<{target}>"),
                      ("Referred-By", f"<{one.phone.contact}>")]
        waiting = one.phone.ask(m)
        got = other.phone.next("REFER")
        for name in ("Contact", "Referred-By", "Refer-To"):
            self.assertNotIn(one.phone.contact.split("@")[1], got.get(name))
        other.phone.send(answer(got, 202, "Accepted"))
        self.assertStatus(one.phone.final(waiting), 202)
        return Dialog.uri(got.get("Refer-To"))

    def test_transfers_to_a_device(self):
        """To one of ours by what its user knows of it, and by a Contact that
        was hidden: an INVITE leads to that device and no other, with Replaces
        as it was, after all that sealed it has ended."""
        alice = self.phone(self.contoso, "alice")
        desk = self.phone(self.contoso, "carol")
        mobile = self.phone(self.contoso, "carol", self.slot_of(desk))
        bob = self.phone(self.fabrikam, "bob")
        a, b = self.call(alice, bob)
        replaces = "?Replaces=abc%40host%3Bto-tag%3D1%3Bfrom-tag%3D2"
        target = self.refer(a, b, desk.contact + replaces)
        self.assertRegex(target, r"^sip:[^@]+@contoso\.test;.*\?Replaces=abc%40")
        self.assertNotIn(desk.contact.split("@")[1], target)
        for p in (desk, bob):
            self.end_others(p)
        self.contoso.add_user("dave")  # a message for him waits
        wait_for(lambda: bob.message("dave@contoso.test", "x").status < 300,
                 30, "the partner is there again")
        one, two = self.replace(bob, target, desk)
        self.assertTrue(mobile.got.empty())
        self.around(one, two)
        self.around(two, one)
        # carol's Contact in that call, told to somebody else
        zoe = self.phone(self.fabrikam, "zoe")
        third, fourth = self.replace(zoe, one.target + replaces, desk)
        self.around(fourth, third)
        self.bye(third, fourth)
        self.bye(two, one)
        self.refused(bob, target)

    def refused(self, phone, target):
        """The policy of the user whose device it is."""
        org = self.contoso
        org.extra += ("policies: [{users: [carol@contoso.test], "
                      "federation: no}]\n")
        org.write()
        org.run("reload")

        def forbidden():
            m = request("OPTIONS", target.partition("?")[0], phone.aor,
                        "carol@contoso.test", "softphone.invalid")
            reply = phone.final(phone.ask(m), 3)
            return reply is not None and reply.status == 403
        wait_for(forbidden, 20, "it is judged")
