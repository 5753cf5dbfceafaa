# SPDX-License-Identifier: Apache-2.0
"""SIP-03 to SIP-07, SIP-09, SIP-13: what a message may be made of.

* A header that may stand once and stands twice is refused; nothing of the
  message goes further.
* Headers that are internal never cross the wall, in whatever spelling, in
  requests and in answers, in either direction, in dialogs and outside.
* Over-long values pass unchanged or are refused; what an answer repeats, it
  repeats exactly. Numbers out of range do no harm.
* Bodies and quoted strings pass byte for byte, NUL included.
* What looks like code is data: the log shows the literal text.
"""
import queue
import re
import secrets
import time
import unicodedata

from harness.case import Walled
from harness.sip import Message, answer, request
from harness.stage import wait_for

# What our own edge tells a partner of the sender, whatever he wrote there.
OURS = b"P-Asserted-Identity: <sip:alice@contoso.test>"
INTERNAL = {
    "P-Asserted-Identity": "<sip:smuggled@contoso.test>",
    "P-Preferred-Identity": "<sip:smuggled@contoso.test>",
    "History-Info": "<sip:smuggled@contoso.test>;index=1",
    "ms-diagnostics": '1000;reason="smuggled"',
    "ms-client-diagnostics": '1000;reason="smuggled"',
    "ms-edge-proxy-message-trust": "ms-source-type=smuggled",
    "Authorization": 'Digest username="smuggled", realm="x", nonce="x", '
                     'uri="sip:x", response="ab"',
    "Proxy-Authorization": 'Digest username="smuggled", realm="x", '
                           'nonce="x", uri="sip:x", response="ab"',
    "Authentication-Info": 'nextnonce="smuggled"',
    "Proxy-Authentication-Info": 'nextnonce="smuggled"',
}


def odd(name):
    return "".join(c.upper() if i % 2 else c.lower()
                   for i, c in enumerate(name))


# Well formed in one spelling or another: dropped, the message goes on.
LEGAL = [
    lambda n, v: f"{n}: {v}", lambda n, v: f"{n} : {v}",
    lambda n, v: f"{n}\t: {v}", lambda n, v: f"{n} \t \t: {v}",
    lambda n, v: f"{n}:{v}", lambda n, v: f"{n.upper()}: {v}",
    lambda n, v: f"{n.lower()}: {v}", lambda n, v: f"{odd(n)}: {v}",
    lambda n, v: f"{n}:\r\n {v}", lambda n, v: f"{n} :\r\n\t{v}",
    lambda n, v: f"{n}: {v}\r\n{n}: {v}",
    lambda n, v: f"{n.upper()}: {v}\r\n{odd(n)} :\r\n {v}",
]
# A name that is no name: the message is refused.
ILLEGAL = [
    lambda n, v: f"{n}\x01: {v}", lambda n, v: f"{n}\x00: {v}",
    lambda n, v: f"\x01{n}: {v}", lambda n, v: f"\x00{n}: {v}",
    lambda n, v: f"{n}\x0b: {v}", lambda n, v: f"{n}\x7f: {v}",
    lambda n, v: f"{n}\u00a0: {v}", lambda n, v: f"{n}\x08\x08: {v}",
    lambda n, v: f"{n};: {v}", lambda n, v: f"{n}",
]


def insert(m, lines):
    """The message's bytes with these further header lines."""
    if isinstance(lines, str):
        lines = lines.encode()
    return m.encode().replace(b"\r\nContent-Length:",
                              b"\r\n" + lines + b"\r\nContent-Length:", 1)


class Raw(Message):
    """A message whose bytes are given."""

    def __init__(self, m, data):
        super().__init__(m.start, m.headers, m.body)
        self.data = data

    def encode(self):
        return self.data


class Parsing(Walled):
    def setUp(self):
        super().setUp()
        self.alice = self.client(self.contoso, "alice")
        self.carol = self.client(self.contoso, "carol")

    def text_to(self, to, sender="alice@contoso.test", body=b"x"):
        return request("MESSAGE", f"sip:{to}", sender, to,
                       "softphone.invalid", body=body)

    def exact(self, data, c=None, timeout=5):
        """The final answer to these bytes, whatever it repeats; None: there
        was none, or the connection ended."""
        c = c or self.alice
        c.send_bytes(data)
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            ended = c.closed.is_set()  # nothing comes after that
            try:
                m = c.unasked.get(timeout=0.05)
            except queue.Empty:
                if ended:
                    return None
                continue
            if m.status >= 200:
                return m
        return None

    def raw_requests(self):
        """Heads and bodies that devices and the partner really got."""
        got = list(self.carol.requests) + list(self.alice.requests)
        with self.partner.requests.mutex:
            got += [m for m, _ in self.partner.requests.queue]
        return [m.raw + b"\r\n\r\n" + m.body for m in got]

    def assertClean(self, raw, told):
        self.assertNotIn(b"smuggled", raw, told)
        names = {n.lower() for n in INTERNAL}
        for line in raw.split(b"\r\n"):
            name = re.sub(rb"[\x00-\x20\x7f]", b"",
                          line.partition(b":")[0]).lower().decode("latin-1")
            if line == OURS:
                continue
            self.assertNotIn(name, names, told)

    # SIP-03

    def test_sip_03_duplicates(self):
        twice = {
            "Content-Length": ("Content-Length: 1", "Content-Length: 2",
                               "l: 1"),
            "From": ("From: <sip:alice@contoso.test>;tag=2",
                     "f: <sip:carol@contoso.test>;tag=1"),
            "To": ("To: <sip:carol@contoso.test>", "t: <sip:x@contoso.test>"),
            "Call-ID": ("Call-ID: other", "i: other"),
            "CSeq": ("CSeq: 1 MESSAGE", "CSeq: 2 MESSAGE"),
            "Max-Forwards": ("Max-Forwards: 70",),
        }
        cases = [(n, line) for n, lines in twice.items() for line in lines]
        self.assertEqual(len(cases), 12)
        for name, line in cases:
            c = self.client(self.contoso, "alice")
            reply = self.exact(insert(self.text_to(self.carol.aor), line), c)
            self.assertStatus(reply, 400)
            if name == "Content-Length":
                self.assertTrue(c.closed.wait(5), line)
            c.close()
        self.assertEqual(self.carol.requests, [])
        self.assertStatus(self.alice.message(self.carol.aor, "after"), 200)

    # SIP-04

    def smuggle(self, c, to, sender):
        waiting = []
        for name, value in INTERNAL.items():
            for legal, spellings in ((True, LEGAL), (False, ILLEGAL)):
                for spell in spellings:
                    m = self.text_to(to, sender)
                    line = spell(name, value)
                    q = c.ask(m, insert(m, line))
                    waiting.append((q, legal, line))
        for q, legal, line in waiting:
            reply = c.final(q)
            self.assertIsNotNone(reply, repr(line))
            self.assertEqual(reply.status, 200 if legal else 400, repr(line))

    def test_sip_04_smuggled_headers(self):
        self.smuggle(self.alice, self.carol.aor, self.alice.aor)
        self.smuggle(self.alice, "bob@fabrikam.test", self.alice.aor)
        self.smuggle(self.dial(), self.carol.aor, "bob@fabrikam.test")
        seen = self.raw_requests()
        self.assertEqual(len(seen), 3 * len(INTERNAL) * len(LEGAL))
        for raw in seen:
            self.assertClean(raw, raw)

    def test_sip_04_not_signed_in(self):
        """The way of a request that is challenged first is the same."""
        c = self.client(self.contoso, "alice", register=False)
        for name, value in INTERNAL.items():
            if "Auth" in name:
                continue
            m = self.text_to(self.carol.aor)
            self.assertStatus(c.final(c.ask(m, insert(
                m, f"{odd(name)} :\r\n {value}"))), 407)
        self.assertEqual(self.carol.requests, [])

    def answering(self, line):
        """on_request of a device or partner that smuggles in its answer."""
        def reply(m, _connection):
            ok = answer(m, 200, headers=[
                ("Record-Route", v) for v in m.all("Record-Route")
            ] + [("Contact", "<sip:far@192.0.2.9;transport=tls>")])
            return Raw(ok, insert(ok, line))
        return reply

    def test_sip_04_in_answers(self):
        for name, value in INTERNAL.items():
            for spell in LEGAL:
                line = spell(name, value)
                self.carol.on_request = self.answering(line)
                self.partner.reply = self.answering(line)
                for to in (self.carol.aor, "bob@fabrikam.test"):
                    reply = self.alice.message(to, "x")
                    self.assertStatus(reply, 200)
                    self.assertClean(reply.raw, repr(line))
                c = self.dial()
                m = self.text_to(self.carol.aor, "bob@fabrikam.test")
                reply = c.final(c.ask(m))
                self.assertStatus(reply, 200)
                self.assertClean(reply.raw, repr(line))
                c.close()

    def dialog(self, to):
        """Alice's dialog with somebody: what builds her further requests."""
        invite = request("INVITE", f"sip:{to}", self.alice.aor, to,
                         "softphone.invalid",
                         [("Contact", f"<{self.alice.contact}>")])
        ok = self.alice.final(self.alice.ask(invite))
        self.assertStatus(ok, 200)
        routes = [r.strip() for v in ok.all("Record-Route")
                  for r in v.split(",")]

        def build(method, cseq):
            m = request(method, re.search("<([^>]+)>", ok.get("Contact"))[1],
                        self.alice.aor, to, "softphone.invalid",
                        [("Route", r) for r in reversed(routes)],
                        cseq=cseq, call_id=ok.get("Call-ID"))
            m.headers = [(n, {"From": ok.get("From"),
                              "To": ok.get("To")}.get(n, v))
                         for n, v in m.headers]
            return m
        self.alice.send(build("ACK", 1))
        return build

    def test_sip_04_in_dialogs(self):
        """Requests and answers that skip home."""
        for to in (self.carol.aor, "bob@fabrikam.test"):
            cseq = 1
            self.carol.on_request = self.answering("X-Plain: 1")
            self.partner.reply = self.answering("X-Plain: 1")
            build = self.dialog(to)
            for name, value in INTERNAL.items():
                line = f"{odd(name)} :\r\n\t{value}"
                self.carol.on_request = self.answering(line)
                self.partner.reply = self.answering(line)
                cseq += 1
                m = build("INFO", cseq)
                reply = self.alice.final(self.alice.ask(m, insert(m, line)))
                self.assertStatus(reply, 200)
                self.assertClean(reply.raw, f"{to}: {line!r}")
        for raw in self.raw_requests():
            self.assertClean(raw, raw)

    # SIP-05

    def long_cases(self, size):
        """(field, message bytes, the text that has to arrive unchanged)."""
        fill = "a" * size

        def with_header(name, value):
            m = self.text_to(self.carol.aor)
            m.headers = [(n, v) for n, v in m.headers if n != name]
            m.headers.append((name, value))
            return m

        via = f"SIP/2.0/TLS softphone.invalid;branch=z9hG4bK{fill}"
        sender = "<sip:alice@contoso.test>;tag="
        return [
            ("method", with_header("CSeq", f"1 {fill}"), None),
            ("tag", with_header("From", sender + fill + secrets.token_hex(4)),
             fill),
            ("branch", with_header("Via", via + secrets.token_hex(4)), None),
            ("call_id", with_header("Call-ID", fill + secrets.token_hex(4)),
             fill),
            ("agent", with_header("User-Agent", fill), fill),
            ("accept", with_header("Accept", ", ".join(
                ["a/" + fill[:size // 50]] * 50)), "a/" + fill[:20]),
            ("etag", with_header("SIP-ETag", fill), fill),
            ("route", with_header(
                "Route", f"<sip:{fill}@contoso.invalid;lr>"), None),
            ("digest", with_header(
                "Authorization", f'Digest username="{fill}", realm="x", '
                'nonce="x", uri="sip:x", response="ab"'), None),
        ]

    def assertEchoes(self, reply, m, told):
        for name in ("From", "Call-ID", "CSeq"):
            for value in reply.all(name):
                self.assertEqual(value, m.get(name), told)
        for value in reply.all("To"):
            self.assertTrue(value.startswith(m.get("To")), told)

    def long_one(self, field, m, data, size, doubled):
        told = f"{field} of {size}, doubled: {doubled}"
        c = self.client(self.contoso, "alice")
        before = len(self.carol.requests)
        reply = self.exact(data, c, 1 if field in ("branch", "method") else 5)
        if reply is None:
            # the head never came to its end, or what an answer would be
            # recognised by cannot be repeated
            self.assertGreater(size, 4096, told)
            if not c.closed.is_set():
                self.assertIn(field, ("branch", "method"), told)
                self.assertStatus(c.register(), 200)
            self.assertEqual(len(self.carol.requests), before, told)
            c.close()
            return None
        self.assertEchoes(reply, m, told)
        if size == 4096 and not doubled and field != "method":
            self.assertEqual(reply.status, 200, told)
            self.assertEqual(len(self.carol.requests), before + 1, told)
        else:
            self.assertIn(reply.status, (200, 400, 413, 414, 501, 513), told)
            if size > 4096:
                self.assertIn(reply.status, (400, 413, 414, 513), told)
        c.close()
        return reply

    def test_sip_05_over_long_fields(self):
        for size in (4096, 8192, 65536):
            for field, m, arrives in self.long_cases(size):
                reply = self.long_one(field, m, m.encode(), size, False)
                if reply and reply.status == 200 and arrives:
                    self.assertIn(arrives.encode(),
                                  self.carol.requests[-1].raw)
            for field, m, _ in self.long_cases(size):
                name = m.headers[-1][0]
                self.long_one(field, m, insert(
                    m, f"{name}: {m.headers[-1][1]}"), size, True)
        self.assertStatus(self.alice.message(self.carol.aor, "after"), 200)
        self.assertNoExit()

    def test_sip_05_at_the_limit(self):
        """A line of 8 KiB is taken, one byte more is not; the same for 128
        headers and a Request-URI of 2 KiB."""
        line = "User-Agent: "
        for extra, status in ((-1, 200), (0, 200), (1, 513)):
            m = self.text_to(self.carol.aor)
            data = insert(m, line + "b" * (8192 - len(line) + extra))
            self.assertStatus(self.exact(data), status)
            m = request("OPTIONS", "sip:edge.contoso.test", self.alice.aor,
                        "edge.contoso.test", "softphone.invalid")
            have = len(m.headers) + 1
            data = insert(m, "\r\n".join(["X-More: 1"]
                                         * (128 - have + extra)))
            self.assertStatus(self.exact(data), status)
            m = self.text_to(self.carol.aor)  # forwarded twice
            have = len(m.headers) + 1
            data = insert(m, "\r\n".join(["X-More: 1"]
                                         * (128 - have + extra)))
            self.assertStatus(self.exact(data), status)
            uri = "sip:carol@contoso.test;x="
            uri += "y" * (2048 - len(uri) + extra)
            m = self.text_to(self.carol.aor)
            m.start = f"MESSAGE {uri} SIP/2.0"
            self.assertStatus(self.exact(m.encode()),
                              414 if extra > 0 else status)

    # SIP-06

    def changed(self, name, value, method="MESSAGE"):
        m = self.text_to(self.carol.aor)
        m.start = m.start.replace("MESSAGE", method)
        m.headers = [(n, value if n == name else
                      v.replace("MESSAGE", method) if n == "CSeq" else v)
                     for n, v in m.headers]
        return m

    def test_sip_06_numbers(self):
        via = "SIP/2.0/TLS softphone.invalid:%s;branch=z9hG4bKnumbers%s"
        rows = [("CSeq", f"{2**31 - 1} MESSAGE", 200),
                ("CSeq", f"{2**31} MESSAGE", 400),
                ("CSeq", f"{2**32} MESSAGE", 400),
                ("CSeq", f"{10**100} MESSAGE", 400),
                ("CSeq", "-1 MESSAGE", 400),
                ("Max-Forwards", "255", 200),
                ("Max-Forwards", "256", 200),
                ("Max-Forwards", f"{10**100}", 200),
                ("Max-Forwards", "-1", 400)]
        for port in ("0", "65536", "-1", str(10**40)):
            rows.append(("Via", via % (port, port.strip("-")), 400))
        for name, value, status in rows:
            reply = self.exact(self.changed(name, value).encode())
            self.assertIsNotNone(reply, (name, value))
            self.assertEqual(reply.status, status, (name, value))
        absent = self.carol.requests[-1].get("Max-Forwards")
        self.assertIn(int(absent), range(60, 71))
        for port in ("0", "65536", "-1"):
            for start, extra in (
                    (f"MESSAGE sip:carol@contoso.test:{port} SIP/2.0", ""),
                    (None, f"Contact: <sip:a@192.0.2.1:{port}>"),
                    (None, f"Route: <sip:a@192.0.2.1:{port};lr>")):
                m = self.text_to(self.carol.aor)
                m.start = start or m.start
                reply = self.exact(insert(m, extra) if extra else m.encode())
                self.assertStatus(reply, 400)

    def test_sip_06_numbers_of_a_registration(self):
        for expires in (str(2**32), str(10**100)):
            reply = self.alice.register(expires=expires)
            self.assertStatus(reply, 200)
            left = re.search(r"expires=(\d+)", reply.get("Contact"))[1]
            self.assertIn(int(left), range(3500, 3601))
        contact = self.alice.contact
        self.alice.contact += ">;q=1.0000;x=<sip:x"
        self.assertStatus(self.alice.register(), 400)
        self.alice.contact = contact + ">;q=1.000;x=\"y"
        self.alice.contact = contact
        self.assertStatus(self.alice.register(), 200)

    def test_sip_06_status_out_of_range(self):
        """Dropped; the transaction goes on, and the sender sees nothing."""
        held = queue.Queue()
        self.carol.on_request = lambda m, c: held.put(m)
        waiting = self.alice.message_async(self.carol.aor, "x")
        m = held.get(timeout=5)
        for status in (4294967301, 700, 1000, 99, 0):
            self.carol.send(answer(m, status))
        self.carol.send(answer(m, 202))
        self.assertStatus(self.alice.final(waiting), 202)
        self.assertTrue(self.alice.unasked.empty())
        self.assertTrue(waiting.empty())

    # SIP-07, SIP-09

    def bodies(self):
        part = b"--b\r\nContent-Type: text/plain\r\n\r\nx\0y\r\n"
        nested = b"".join(b"--b%d\r\nContent-Type: multipart/mixed;"
                          b"boundary=b%d\r\n\r\n" % (n, n + 1)
                          for n in range(1000))
        return [
            ("multipart/mixed;boundary=b", bytes(range(256)) * 4),
            ("multipart/mixed", part + b"--b--\r\n"),
            ("multipart/mixed;boundary=b", part),
            ("multipart/mixed;boundary=b", b"--b--\r\n"),
            ("multipart/mixed;boundary=b", b"--b\r\n\r\n\r\n--b--\r\n"),
            ("multipart/mixed;boundary=b", part.replace(b"\r\n", b"\n")),
            ("multipart/mixed;boundary=b", part * 1000 + b"--b--\r\n"),
            ("multipart/mixed;boundary=b0", nested),
            ("multipart/mixed;boundary=b", part + b"--b--\r\n" + part),
            ("multipart/mixed;boundary=b", b"\0" * 4096),
            ("application/octet-stream", secrets.token_bytes(200000)),
        ]

    def test_sip_07_multipart_byte_exact(self):
        got = queue.Queue()

        def take(m, _connection):
            got.put(m)
            return answer(m, 200)
        self.carol.on_request = self.partner.reply = take
        outside = self.dial()
        for kind, body in self.bodies():
            for c, sender, to in (
                    (self.alice, self.alice.aor, self.carol.aor),
                    (self.alice, self.alice.aor, "bob@fabrikam.test"),
                    (outside, "bob@fabrikam.test", self.carol.aor)):
                m = self.text_to(to, sender, body)
                m.headers = [(n, kind if n == "Content-Type" else v)
                             for n, v in m.headers]
                self.assertStatus(c.final(c.ask(m)), 200)
                arrived = got.get(timeout=1)
                self.assertEqual(arrived.body, body, kind)
                self.assertEqual(arrived.all("Content-Type"), [kind])

    def test_sip_09_nul_in_quoted_strings(self):
        """A quoted pair may be any control byte but CR and LF; nothing else
        may hold one."""
        pairs = b"".join(b"\\" + bytes([c]) for c in range(128)
                         if c not in (10, 13))
        sender = b'From: "' + pairs + b'" <sip:alice@contoso.test>;tag='
        m = self.text_to(self.carol.aor)
        data = re.sub(rb"From: <sip:alice@contoso.test>;tag=",
                      lambda _: sender, m.encode())
        self.assertStatus(self.exact(data), 200)
        self.assertIn(sender, self.carol.requests[-1].raw)
        before = len(self.carol.requests)
        for bad in (b'"a\0b" <sip:alice@contoso.test>;tag=',
                    b'a\0b <sip:alice@contoso.test>;tag=',
                    b'<sip:ali\0ce@contoso.test>;tag=',
                    b'<sip:alice@contoso.test>;x=\0;tag='):
            m = self.text_to(self.carol.aor)
            data = m.encode().replace(b"<sip:alice@contoso.test>;tag=", bad)
            self.assertStatus(self.exact(data), 400)
        for line in (b"Subject: a\0b", b"X-Any: a\x1bb", b"X-Any: a\x7fb"):
            self.assertStatus(self.exact(insert(
                self.text_to(self.carol.aor), line)), 400)
        self.assertEqual(len(self.carol.requests), before)

    # SIP-13

    PAYLOADS = ["%n%s%x%n", "<script>alert(1)</script>", "'--", "$(id)",
                "../../etc/passwd", "`id`", "{{7*7}}", "%25n%25s"]
    LINE = re.compile(r'\S+ (error|warn|info|debug) [a-z_.]+'
                      r'( [a-z_0-9]+=("([^"\\]|\\.)*"|[^\s"]*))*')

    def payload_message(self, text, n):
        """It stands wherever the grammar lets it stand."""
        user = re.sub(r"[^A-Za-z0-9$()'._%-]", "", text)
        user = user if "%25" in user else user.replace("%", "%25")
        m = self.text_to(f"{user}x@contoso.test")
        call_id = f"{text}{n}".replace("$", "")  # that is in no word
        m.headers = [(k, call_id if k == "Call-ID" else
                      f'"{text}" {v}' if k == "From" else v)
                     for k, v in m.headers]
        m.headers += [(k, text) for k in (
            "User-Agent", "Subject", "Server", "Organization", "X-Any")]
        m.body = text.encode()
        return m, call_id, user

    def test_sip_13_format_and_markup(self):
        log = self.contoso.log
        for n, text in enumerate(self.PAYLOADS):
            m, call_id, user = self.payload_message(text, n)
            reply = self.alice.final(self.alice.ask(m))
            self.assertIsNotNone(reply, text)
            self.assertEqual(reply.status, 404, (text, m.encode()))
            event = log.wait("sip.message", call_id=call_id)
            self.assertIn(f"call_id={call_id} ", event.line + " ")
            self.assertEqual(event["to"], f"sip:{user}x@contoso.test")
            self.assertEqual(len(log.find("sip.message", call_id=call_id)),
                             1)
            m, call_id, _ = self.payload_message(text, f"-{n}")
            m.start = f"MESSAGE sip:{self.carol.aor} SIP/2.0"
            self.assertStatus(self.alice.final(self.alice.ask(m)), 200)
            got = self.carol.requests[-1]
            self.assertEqual(got.body, text.encode())
            self.assertEqual(got.get("Subject"), text)
            self.assertEqual(got.get("Call-ID"), call_id)
            self.assertStatus(self.alice.register(extra=[
                ("User-Agent", text)]), 200)
            escaped = re.sub(r"[^A-Za-z0-9.]", "", text)
            method = "%n%s" + escaped
            self.assertStatus(self.exact(self.changed(
                "X", "", method=method).encode()), 501)
            self.assertEqual(self.carol.requests[-1].method, method)
        for line in log.lines:
            self.assertTrue(self.LINE.fullmatch(line), repr(line))
            self.assertFalse([c for c in line
                              if unicodedata.category(c) == "Cc"])
            self.assertLessEqual(len(line.encode()), 8192)
        users = self.contoso.run("user", "list").stdout
        self.assertEqual(len(users.split("@contoso.test")) - 1, 2)

    def test_sip_13_log_injection(self):
        """LOG-01: a byte that would break the line is shown as an escape."""
        c = self.dial()
        for n, bad in enumerate((b"\xc3\xa9", b"\xe2\x80\xae", b"\xff\xfe")):
            m = self.text_to(self.carol.aor, "eve@contoso.test")
            data = m.encode().replace(
                b"From: <sip:eve@contoso.test>",
                b'From: "%b" <sip:eve%d@contoso.test>' % (bad, n))
            reply = self.exact(data, c)
            self.assertIsNotNone(reply, bad)
            self.assertIn(reply.status, (400, 403))
        wait_for(lambda: self.contoso.log.find("id.mismatch"), 5, "log line")
        for line in self.contoso.log.lines:
            self.assertNotIn("\u202e", line)
            self.assertNotIn("\ufffd", line)
        self.assertEqual(self.carol.requests, [])
