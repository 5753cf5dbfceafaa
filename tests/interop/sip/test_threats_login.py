# SPDX-License-Identifier: Apache-2.0
"""SIP-20 to SIP-25: who is who.

* Whoever has not signed in is challenged, whatever is asked; nothing arrives.
* A wrong password, a user that there is not and one that is disabled get
  answers that cannot be told apart; guessing ends for its source alone.
* A digest counts once, for one request, from one address, and only whole.
* Nobody gets to see a digest but our home; nobody speaks for somebody else.
"""
import re
import secrets
import sqlite3

from harness.case import Walled
from harness.sip import answer, digest, params, request
from harness.stage import wait_for


class Login(Walled):
    def setUp(self):
        super().setUp()
        self.carol = self.client(self.contoso, "carol")
        self.contoso.add_user("alice")

    def stranger(self, user="alice", **kw):
        """Connected, not signed in."""
        return self.client(self.contoso, user, register=False, **kw)

    def build(self, c, method="MESSAGE", to=None, extra=(), body=b"x",
              uri=None):
        to = to or self.carol.aor
        return request(method, uri or f"sip:{to}", c.aor, to,
                       "softphone.invalid", list(extra), body)

    # SIP-20

    def test_sip_20_unauthenticated(self):
        for method in ("REGISTER", "MESSAGE", "SUBSCRIBE", "PUBLISH",
                       "INVITE", "REFER", "OPTIONS", "INFO", "NOTIFY", "BYE",
                       "UPDATE", "PRACK", "BREW"):
            c = self.stranger()
            register = method == "REGISTER"
            m = self.build(c, method, c.aor if register else None,
                           [("Contact", f"<{c.contact}>"),
                            ("Event", "presence"), ("RAck", "1 1 INVITE"),
                            ("Refer-To", "<sip:x@contoso.test>")],
                           uri="sip:contoso.test" if register else None)
            reply = c.final(c.ask(m))
            self.assertStatus(reply, 401 if register else 407)
            challenges = reply.all("WWW-Authenticate" if register
                                   else "Proxy-Authenticate")
            self.assertTrue(all(params(v)["realm"] == "contoso.test"
                                for v in challenges))
            self.assertIn("algorithm=SHA-256", challenges[0])
            if method == "INVITE":
                m.start = m.start.replace("INVITE", "ACK")
                m.headers = [(n, {"CSeq": "1 ACK",
                                  "To": reply.get("To")}.get(n, v))
                             for n, v in m.headers]
                c.send(m)
            c.close()
        c = self.stranger()
        c.send(self.build(c, "ACK"))
        self.assertStatus(c.final(c.ask(self.build(c, "CANCEL"))), 481)
        self.assertStatus(c.message(self.carol.aor, "x"), 407)
        self.assertEqual(self.carol.requests, [])
        wait_for(lambda: self.contoso.metric("sip_transactions") == 0, 5,
                 "nothing is kept")

    # SIP-21

    def disable(self, user):
        """As an administrator of the database would."""
        self.contoso.stop()
        changed = 0
        for path in (self.contoso.folder / "state").glob("*.db"):
            with sqlite3.connect(path) as db:
                changed += db.execute(
                    "UPDATE users SET disabled = 1 WHERE aor LIKE ?",
                    (f"%{user}@%",)).rowcount
            db.close()
        self.assertEqual(changed, 1)
        self.contoso.start()

    def shape(self, reply):
        """All that can be seen of an answer but what differs by chance."""
        text = reply.raw.decode()
        for value in [params(v)["nonce"] for v in
                      reply.all("WWW-Authenticate")
                      + reply.all("Proxy-Authenticate")]:
            text = text.replace(value, "N" * len(value))
        text = re.sub(r"tag=[^;\r]+", lambda m: "T" * len(m[0]), text)
        text = re.sub(r"(Call-ID: |CSeq: |branch=|rport=)[^;\r]+",
                      lambda m: m[1], text)
        return text

    def test_sip_21_account_discovery(self):
        for user in ("alicd", "alicf"):
            self.contoso.add_user(user)
        self.disable("alicd")
        self.contoso.passwords["alicx"] = "there is no such user"
        seen = {}
        for user, password in (("alice", "wrong"), ("alicd", None),
                               ("alicx", None), ("alicd", "wrong"),
                               ("alicf", "wrong")):
            c = self.stranger(user, password=password)
            one = c.register()
            two = c.final(c.ask(self.signed_message(c)))
            self.assertStatus(one, 401)
            self.assertStatus(two, 407)
            seen[user, password] = tuple(
                self.shape(m).replace(user, "alice") for m in (one, two))
            c.close()
        self.assertEqual(len(set(seen.values())), 1, seen)
        c = self.stranger(source=("127.0.0.65", 0))
        self.assertStatus(c.register(), 200)

    def signed_message(self, c, to=None, method="MESSAGE"):
        """A request with a digest of its own."""
        m = self.build(c, method, to)
        challenge = c.final(c.ask(m)).get("Proxy-Authenticate")
        uri = m.start.split()[1]
        m = self.build(c, method, to, [("Proxy-Authorization", digest(
            challenge, c.user, c.password, method, uri))])
        m.headers = [(n, v.replace("1 ", "2 ") if n == "CSeq" else v)
                     for n, v in m.headers]
        return m

    # SIP-22

    def test_sip_22_guessing(self):
        guesser = ("127.0.0.66", 0)
        c = self.stranger(password="wrong", source=guesser)
        for _ in range(10):
            self.assertStatus(c.register(), 401)
        event = self.contoso.log.wait("auth.blocked")
        self.assertTrue(event["source"].startswith("127.0.0.66"))
        counted = self.contoso.metric("home_auth_failed_total")
        self.assertEqual(counted, 10)
        sizes, waiting = set(), []
        for _ in range(300):
            c.cseq += 1
            m = request("REGISTER", "sip:contoso.test", c.aor, c.aor,
                        "softphone.invalid", [
                            ("Contact", f"<{c.contact}>"),
                            ("Authorization", self.made_up(c))], cseq=c.cseq)
            waiting.append(c.ask(m))
        for q in waiting:
            reply = c.final(q)
            self.assertStatus(reply, 401)
            sizes.add(len(self.shape(reply)))
        self.assertEqual(len(sizes), 1, "no hint")
        right = self.stranger(source=guesser)
        self.assertStatus(right.register(), 401)
        self.assertEqual(self.contoso.metric("home_auth_failed_total"),
                         counted, "work is done for a source that is blocked")
        real = self.stranger(source=("127.0.0.67", 0))
        self.assertStatus(real.register(), 200)
        self.assertStatus(real.message(self.carol.aor, "hello"), 200)
        self.contoso.log.wait("auth.blocked")
        self.assertEqual(len(self.contoso.log.find("auth.blocked")), 1)

    def made_up(self, c):
        """As long as a real one."""
        return digest(f'Digest realm="contoso.test", nonce="{"0" * 66}", '
                      'algorithm=SHA-256, qop="auth"', c.user,
                      secrets.token_hex(4), "REGISTER", "sip:contoso.test")

    # SIP-23

    def register_with(self, c, authorization, uri="sip:contoso.test"):
        c.cseq += 1
        values = authorization if isinstance(authorization, list) \
            else [authorization]
        m = request("REGISTER", uri, c.aor, c.aor, "softphone.invalid",
                    [("Contact", f"<{c.contact}>")]
                    + [("Authorization", v) for v in values if v],
                    cseq=c.cseq, call_id=c.reg_call_id)
        return c.final(c.ask(m))

    def challenge(self, c, algorithm="SHA-256"):
        reply = self.register_with(c, "")
        self.assertStatus(reply, 401)
        return [v for v in reply.all("WWW-Authenticate")
                if algorithm in v][0]

    def good(self, c, challenge=None, nc=1, uri="sip:contoso.test", **kw):
        return digest(challenge or self.challenge(c, **kw), c.user,
                      c.password, "REGISTER", uri, nc)

    def test_sip_23_replay(self):
        c = self.stranger()
        challenge = self.challenge(c)
        header = self.good(c, challenge)
        self.assertStatus(self.register_with(c, header), 200)
        for one in (c, self.stranger()):
            reply = self.register_with(one, header)
            self.assertStatus(reply, 401)
            self.assertIn("stale=true", reply.get("WWW-Authenticate"))
        self.assertStatus(self.register_with(
            c, self.good(c, challenge, nc=3)), 200)
        for nc in (2, 3, 0):
            reply = self.register_with(c, self.good(c, challenge, nc=nc))
            self.assertIn(reply.status, (400,) if nc == 0 else (401,))
        self.assertStatus(self.register_with(
            c, self.good(c, challenge, nc=4)), 200)

    def test_sip_23_nonce_of_another_address(self):
        here, there = self.stranger(), self.stranger(
            source=("127.0.0.68", 0))
        header = self.good(here)
        reply = self.register_with(there, header)
        self.assertStatus(reply, 401)
        self.assertIn("stale=true", reply.get("WWW-Authenticate"))
        self.assertStatus(self.register_with(here, header), 200)

    def test_sip_23_forged_nonce(self):
        """The time in it is under the key: nobody makes it younger."""
        c = self.stranger()
        challenge = self.challenge(c)
        nonce = params(challenge)["nonce"]
        for bad in (nonce[:-1] + ("0" if nonce[-1] != "0" else "1"),
                    nonce[:2] + "f" * 16 + nonce[18:], "0" * len(nonce),
                    nonce + "00", nonce[:-2], "x", "\\\"", nonce.upper()):
            if bad == nonce:
                continue
            reply = self.register_with(c, self.good(
                c, challenge.replace(nonce, bad)).replace(
                    'nonce="\\""', 'nonce="\\"\\""'))
            self.assertIn(reply.status, (401, 400)
                          if "\\" in bad else (401, 200)
                          if bad == nonce.upper() else (401,), bad)

    def test_sip_23_parts(self):
        c = self.stranger()
        without = lambda name: re.sub(
            rf'(, )?{name}=("[^"]*"|[^,]*)(, )?', ", ", self.good(c)).replace(
                "Digest ,", "Digest").strip(" ,")
        for name in ("username", "realm", "nonce", "uri", "response", "qop",
                     "cnonce", "nc"):
            reply = self.register_with(c, without(name))
            self.assertIsNotNone(reply, name)
            self.assertEqual(reply.status, 400, name)
        rows = [("", 400), ("Digest", 400), ("Digest x", 400),
                ("Digest " + "a=b," * 500 + "a=b", 400),
                (self.good(c) + ', username="x"', 400),
                (self.good(c).replace("qop=auth", "qop=auth-int"), 400),
                (self.good(c, uri="sip:elsewhere.test"), 400),
                (self.good(c).replace("nc=00000001", "nc=1"), 400),
                (self.good(c).replace('username="', "username="), 400),
                (self.good(c).replace("SHA-256", "SHA-512-256"), 401),
                ("Basic YWxpY2U6eA==", 401)]
        for header, status in rows[1:]:
            reply = self.register_with(c, header)
            self.assertIsNotNone(reply, header[:100])
            self.assertEqual(reply.status, status, header[:100])
        self.assertStatus(self.register_with(c, self.good(c)), 200)
        self.assertNoExit()

    def test_sip_23_md5_where_it_is_offered(self):
        c = self.stranger()
        self.assertStatus(self.register_with(
            c, self.good(c, algorithm="MD5")), 200)

    def test_sip_23_another_realm_first(self):
        c = self.stranger()
        other = digest('Digest realm="elsewhere.test", nonce="x", '
                       'algorithm=SHA-256', "x", "x", "REGISTER", "sip:x")
        self.assertStatus(self.register_with(c, [other, self.good(c)]), 200)
        self.assertStatus(self.register_with(
            c, ["Basic x", other, other, self.good(c)]), 200)
        self.assertStatus(self.register_with(c, [other]), 401)

    def test_sip_23_long_header(self):
        c = self.stranger()
        room = 8192 - len("Authorization: ")
        for length, status in ((room, 200), (room + 1, 513), (65000, 513)):
            header = self.good(c) + ', x="'
            header += "a" * (length - len(header) - 1) + '"'
            self.assertStatus(self.register_with(c, header), status)

    # SIP-24

    def all_heads(self, *peers):
        heads = [m.raw for p in peers for m in list(p.requests)]
        with self.partner.requests.mutex:
            heads += [m.raw for m, _ in self.partner.requests.queue]
        return heads

    def test_sip_24_callee_challenges(self):
        """Whatever realm it names: the caller is told, we answer nothing."""
        def challenge(m, _connection):
            if m.method == "ACK":
                return None
            realm = realms[m.get("Call-ID")]
            return answer(m, status, headers=[
                (name, f'Digest realm="{realm}", nonce="n", '
                       'algorithm=SHA-256, qop="auth"')])
        self.carol.on_request = self.partner.reply = challenge
        alice = self.client(self.contoso, "alice")
        realms = {}
        for status, name in ((401, "WWW-Authenticate"),
                             (407, "Proxy-Authenticate")):
            for realm in ("contoso.test", "fabrikam.test", "other.test"):
                for method in ("INVITE", "MESSAGE", "BYE", "NOTIFY"):
                    for to in (self.carol.aor, "bob@fabrikam.test"):
                        m = self.build(alice, method, to)
                        realms[m.get("Call-ID")] = realm
                        reply = alice.final(alice.ask(m))
                        self.assertStatus(reply, status)
        heads = self.all_heads(self.carol)
        asked = [h for h in heads if not h.startswith(b"ACK ")]
        self.assertEqual(len(asked), 48, "each was tried once")
        for head in heads:
            self.assertNotIn(b"uthorization:", head)

    def test_sip_24_login_stays_here(self):
        """What a client signs for us is for nobody else."""
        c = self.stranger()
        for to in (self.carol.aor, "bob@fabrikam.test"):
            for method in ("MESSAGE", "OPTIONS"):
                m = self.signed_message(c, to, method)
                self.assertIn("Digest", m.get("Proxy-Authorization"))
                m.headers.append(("Authorization", m.get(
                    "Proxy-Authorization")))
                self.assertStatus(c.final(c.ask(m)), 200)
        heads = self.all_heads(self.carol)
        self.assertEqual(len(heads), 4)
        for head in heads:
            self.assertNotIn(b"uthorization", head)
            self.assertNotIn(b"Digest", head)

    # SIP-25

    def assertMismatch(self, c, m):
        since = len(self.contoso.log.events)
        self.assertStatus(c.final(c.ask(m)), 403)
        event = self.contoso.log.wait("id.mismatch", since=since)
        self.assertTrue(event["peer"])
        self.assertIn("from", event.pairs)

    def test_sip_25_identity(self):
        self.contoso.add_user("dave")
        # a line a second is logged for each source: connections of their own
        alice = lambda: self.client(self.contoso, "alice")
        outside = self.dial
        send = lambda sender: request(
            "MESSAGE", f"sip:{self.carol.aor}", sender, self.carol.aor,
            "softphone.invalid", body=b"not me")
        # 1 and 2: a client as another user, as a partner's user
        self.assertMismatch(alice(), send("dave@contoso.test"))
        self.assertMismatch(alice(), send("bob@fabrikam.test"))
        # 3 and 4: a partner as a user of ours, of a domain it does not prove
        self.assertMismatch(outside(), send("dave@contoso.test"))
        self.assertMismatch(outside(), send("x@litware.test"))
        # 5: two From
        m = send("bob@fabrikam.test")
        data = m.encode().replace(
            b"\r\nTo:", b"\r\nFrom: <sip:dave@contoso.test>;tag=1\r\nTo:")
        c = outside()
        self.assertStatus(c.final(c.ask(m, data)), 400)
        # 6: a digest of one account, From of another
        c = self.stranger("dave")
        challenge = c.final(c.ask(self.build(c))).get("Proxy-Authenticate")
        m = self.build(c, extra=[("Proxy-Authorization", digest(
            challenge, "dave", c.password, "MESSAGE",
            f"sip:{self.carol.aor}"))])
        other = "<sip:alice@contoso.test>;tag=x"
        m.headers = [(n, other if n == "From" else v) for n, v in m.headers]
        self.assertMismatch(c, m)
        self.assertEqual(self.carol.requests, [])

    def test_sip_25_spellings_of_oneself(self):
        """The same account is the same account, however it is spelt."""
        alice = self.client(self.contoso, "alice")
        for sender in ("alice@CONTOSO.TEST", "%61lice@contoso.test",
                       "alice@contoso.test:5061"):
            m = request("MESSAGE", f"sip:{self.carol.aor}", sender,
                        self.carol.aor, "softphone.invalid", body=b"x")
            self.assertStatus(alice.final(alice.ask(m)), 200)
        for sender in ("Alice@contoso.test", "alice%40contoso.test@x.test",
                       "alice%00@contoso.test", "alice@sub.contoso.test"):
            m = request("MESSAGE", f"sip:{self.carol.aor}", sender,
                        self.carol.aor, "softphone.invalid", body=b"x")
            self.assertStatus(alice.final(alice.ask(m)), 403)

    def test_sip_25_asserted_identity(self):
        """From outside it is taken away, and does not sign anybody in."""
        c = self.stranger()
        for name in ("P-Asserted-Identity", "P-Preferred-Identity"):
            m = self.build(c, extra=[(name, f"<sip:{c.aor}>")])
            self.assertStatus(c.final(c.ask(m)), 407)
        self.assertEqual(self.carol.requests, [])
