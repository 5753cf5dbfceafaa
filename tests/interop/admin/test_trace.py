# SPDX-License-Identifier: Apache-2.0
"""`sallyport trace`: what nobody else sees, because TLS hides it.

* A message and a call across the wall are drawn as they arrived and as they
  left, with the verdicts and with what the edge changed; filters by user,
  partner and call take what they name and its answers, from every worker.
* A refused message stands there with the reason.
* Neither the proof of a login nor a key is ever shown; a body only when it is
  asked for and the configuration allows it (ADM-07).
* The file of --write is dissected by tshark as SIP, with the verdicts as
  comments.
* A reader that does not read loses records, is told how many, and holds
  nobody up; a trace ends with its count, its time, or with the terminal, on
  every worker; a worker that is started anew is watched again.
"""
import json
import os
import re
import signal
import socket
import subprocess
import threading

from harness.case import Case
from harness.sip import answer, request
from harness.stage import CLI, wait_for
from harness.websocket import Browser
from sip.dialogs import Talk

SECRET_SDP = (b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1"
              b"\r\nt=0 0\r\nm=audio 5060 RTP/SAVP 0\r\n"
              b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:marker-of-a-key\r\n")


class Trace:
    """The command, with threads that read what it says."""

    def __init__(self, org, *words):
        environment = dict(os.environ, LC_ALL="C.UTF-8", COLUMNS="100")
        self.process = subprocess.Popen(
            [CLI, "-s", org.control, "trace", *words], env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.out, self.err = [], []
        self.threads = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.out),
                         (self.process.stderr, self.err))]
        for thread in self.threads:
            thread.start()
        self.watching = wait_for(
            lambda: re.search(r"watching (\d+) workers?", self.said()), 30,
            f"the trace begins: {self.said()}")

    def _read(self, stream, lines):
        for line in stream:
            lines.append(line.decode())

    def text(self):
        return "".join(self.out)

    def said(self):
        return "".join(self.err)

    def wait(self, pattern, what=None):
        return wait_for(lambda: re.search(pattern, self.text(), re.M | re.S),
                        30, f"{what or pattern} in:\n{self.text()}")

    def end(self):
        """It has ended by itself; all that it printed."""
        status = self.process.wait(30)
        for thread in self.threads:
            thread.join(30)
        if status:
            raise AssertionError(f"{status}: {self.said()}")
        return self.text()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for thread in self.threads:
            thread.join(30)
        self.process.stdout.close()
        self.process.stderr.close()


class Seen(Talk):
    def trace(self, *words, org=None):
        return self.stage.later(Trace(org or self.contoso, *words))


class Across(Seen):
    """Three workers: what they tell comes in any order."""

    def test_message(self):
        alice = self.client(self.contoso, "alice")
        carol = self.client(self.contoso, "carol")
        bob = self.client(self.fabrikam, "bob")
        by_user = self.trace("--user", alice.aor)
        by_partner = self.trace("--partner", "fabrikam.test", "--json",
                                "--count", "4")
        there = self.trace("--user", bob.aor, org=self.fabrikam)
        self.assertStatus(carol.message(carol.aor, "not for you"), 200)
        self.assertStatus(alice.message(bob.aor, "hello"), 200)
        for line in (r"^== \S+: sip:alice@contoso\.test to "
                     r"sip:bob@fabrikam\.test$",
                     r" alice@contoso\.test ─+ MESSAGE ─+▶ ┃\n"
                     r" +└ allowed, to home$",
                     r"└ 1 MESSAGE: allowed, to the partner fabrikam\.test$",
                     r" ┃ ─+ MESSAGE ─+▶ edge\.fabrikam\.test$",
                     r" ┃ ◀─+ 200 OK ─+ edge\.fabrikam\.test$",
                     r" alice@contoso\.test ◀─+ 200 OK ─+ ┃$"):
            by_user.wait(line)
        self.assertNotIn("carol", by_user.text())
        self.assertNotIn("hello", by_user.text())
        for line in (r" ┃ ◀─+ MESSAGE ─+ edge\.contoso\.test$",
                     r" bob@fabrikam\.test +◀─+ MESSAGE ─+ ┃$",
                     r" bob@fabrikam\.test +─+ 200 OK ─+▶ ┃$",
                     r" ┃ ─+ 200 OK ─+▶ edge\.contoso\.test$"):
            there.wait(line)
        records = [json.loads(line) for line in by_partner.end().splitlines()]
        self.assertEqual(sorted(r["direction"] for r in records
                                if r["message"]), ["in", "in", "out", "out"])
        out = [r for r in records if r["direction"] == "out"
               and r["message"].startswith("MESSAGE ")][0]
        self.assertEqual(out["peer"], "peer:edge.fabrikam.test")
        self.assertEqual(out["remote"], f"{self.fabrikam.address}:15061")
        self.assertTrue(out["message"].endswith("\r\n\r\n"))
        self.assertEqual(out["size"], len(out["message"]) + len("hello"))
        self.browser(bob)
        by_user.close()
        started = self.contoso.log.wait("trace.begin", 30, user=alice.aor)
        self.contoso.log.wait("trace.end", 30, id=started["id"])


    def browser(self, bob):
        """The frames of a WebSocket are off; the message is as it was."""
        self.contoso.add_user("web")
        web = self.stage.later(Browser(self.contoso, "web"))
        trace = self.trace("--json", "--user", web.aor)
        self.assertStatus(web.register(), 200)
        self.assertStatus(web.message(bob.aor, "hello"), 200)
        trace.wait(r'"direction":"out"[^\n]*"message":"SIP/2\.0 200 [^\n]*'
                   r"CSeq: \d+ MESSAGE")
        records = [json.loads(line) for line in trace.out]
        self.assertTrue([r for r in records if r["transport"] == "WSS"
                         and r["message"].startswith("MESSAGE ")])
        self.assertNotIn("hello", trace.text())
        proofs = re.findall(r"response=([^,]+),", trace.text())
        self.assertTrue(proofs)
        self.assertEqual({p.strip("x") for p in proofs}, {""})


class InOrder(Seen):
    """One worker each: a record is told after what came before it."""

    def setUp(self):
        Case.setUp(self)
        self.contoso, self.fabrikam = self.stage.two(workers=1)
        self.contoso.start()
        self.fabrikam.start()

    def test_call_and_what_is_hidden(self):
        alice = self.phone(self.contoso, "alice")
        bob = self.phone(self.fabrikam, "bob")
        done = self.contoso.run("trace", "--bodies", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("admin.trace_bodies is off", done.stderr)
        ladder = self.trace("--user", alice.aor)
        raw = self.trace("--raw")
        late = self.client(self.contoso, "late")  # signs in with a digest
        a, b = self.establish(alice, bob)
        self.bye(a, b)
        for method in ("INVITE", "ACK", "BYE"):
            ladder.wait(rf"alice@contoso\.test ─+ {method} ─+▶ ┃")
            ladder.wait(rf"┃ ─+ {method} ─+▶ edge\.fabrikam\.test")
        ladder.wait(r"◀─+ 180 Ringing ─+ edge")
        ladder.wait(r"added [^\n]*Record-Route")
        ladder.wait(r"changed [^\n]*Contact")
        text = raw.wait(r".*^SIP/2\.0 200 OK.*BYE").group(0)
        self.assertRegex(text, r'Authorization: Digest username="late", '
                               r'realm="contoso\.test", nonce=x+, uri=x+, '
                               r'response=x+, ')
        tokens = re.findall(r"Route: <sip:([^@>]+)@", text)
        self.assertTrue(tokens)
        self.assertEqual({t.strip("x") for t in tokens}, {""})
        hidden = re.findall(r";inside=([^;>\s]+)", text)
        self.assertTrue(hidden)
        self.assertEqual({t.strip("x") for t in hidden}, {""})
        self.assertNotIn("m=message", text)
        self.assertRegex(text, r"\[\d+ bytes of its body are hidden\]")
        self.assertIsNotNone(late)
        raw.close()
        self.contoso.write(self.contoso.yaml()
                           + "admin: { trace_bodies: on }\n")
        self.contoso.run("reload")
        self.bodies(alice, bob)

    def bodies(self, alice, bob):
        """Each process takes the new configuration by itself."""
        def shown():
            done = subprocess.run(
                [CLI, "-s", self.contoso.control, "trace", "--bodies",
                 "--for", "1"], capture_output=True, text=True, timeout=60)
            return done.returncode == 0
        wait_for(shown, 30, "bodies are allowed")
        text = ""
        for _ in range(50):
            trace = self.trace("--raw", "--bodies", "--count", "2", "--user",
                               alice.aor)
            _, waiting = alice.invite(bob.aor, SECRET_SDP)
            got = bob.next("INVITE")
            self.assertIn(b"marker-of-a-key", got.body)
            text = trace.end()
            bob.send(answer(got, 486, "Busy Here"))
            self.assertStatus(alice.final(waiting), 486)
            bob.next("ACK")
            if "m=audio" in text:
                break
        self.assertIn("m=audio 5060 RTP/SAVP 0", text)
        self.assertIn("a=crypto:x xxxxx", text)
        self.assertNotIn("marker-of-a-key", text)

    def test_refused_and_file(self):
        alice = self.client(self.contoso, "alice")
        bob = self.client(self.fabrikam, "bob")
        self.assertStatus(alice.message(bob.aor, "connect"), 200)
        path = self.stage.folder / "trace.pcapng"
        call = "marker-call@contoso"
        ladder = self.trace("--call", call)
        file = self.trace("--write", str(path), "--count", "6")
        self.assertStatus(alice.message(bob.aor, "hello"), 200)
        reply = alice.message("eve@nobody.test", "x",
                              extra=[("Subject", "s")])
        self.assertStatus(reply, 404)
        file.end()
        m = request("MESSAGE", "sip:eve@nobody.test", alice.aor,
                    "eve@nobody.test", "softphone.invalid", [], b"x",
                    call_id=call)
        self.assertStatus(alice.final(alice.ask(m)), 404)
        ladder.wait(r"refused with 404 \(no_route, ms-diagnostics 1005\): ")
        ladder.wait(r"◀─+ 404 Not Found ─+ ┃\n +└ ms-diagnostics 1005: ")
        self.assertNotIn("bob", ladder.text())
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        again = self.contoso.run("trace", "--write", str(path), check=False)
        self.assertEqual(again.returncode, 1)
        self.assertIn("File exists", again.stderr)
        rows = self.dissected(path)
        self.assertEqual(len(rows), 6)
        first, second, last = rows[0], rows[1], rows[-1]
        self.assertEqual(first["sip.Method"], "MESSAGE")
        self.assertEqual(first["ip.dst"], self.contoso.address)
        self.assertIn("allowed, to home", first["frame.comment"])
        self.assertIn("5 bytes of its body are hidden",
                      first["frame.comment"])
        self.assertIn("allowed, to the partner fabrikam.test",
                      second["frame.comment"])
        self.assertEqual(second["ip.dst"], self.fabrikam.address)
        self.assertEqual(last["sip.Status-Code"], "404")
        self.assertIn("refused with 404 (no_route", last["frame.comment"])
        self.assertEqual(first["sip.Call-ID"], second["sip.Call-ID"])

    def dissected(self, path):
        """The packets that tshark reads as SIP."""
        fields = ["sip.Method", "sip.Status-Code", "sip.Call-ID", "ip.src",
                  "ip.dst", "frame.comment", "_ws.malformed"]
        done = subprocess.run(
            ["tshark", "-r", str(path), "-Y", "sip", "-T", "fields", "-E",
             "separator=/t", *(w for f in fields for w in ("-e", f))],
            capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [dict(zip(fields, line.split("\t")))
                for line in done.stdout.splitlines()]
        self.assertEqual({r["_ws.malformed"] for r in rows}, {""})
        return rows


class Bounded(Case):
    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso").start()

    def trace(self, *words):
        return self.stage.later(Trace(self.contoso, *words))

    def test_slow_reader(self):
        """Messages of 7 KiB, by the hundred, past who does not read."""
        alice = self.client(self.contoso, "alice")
        s = socket.socket(socket.AF_UNIX)
        self.stage.later(s)
        s.settimeout(60)
        s.connect(str(self.contoso.control))
        args = {"user": alice.aor, "partner": "", "call": "", "bodies": "",
                "seconds": ""}
        s.sendall(json.dumps({"id": 1, "verb": "trace",
                              "args": args}).encode() + b"\n")
        lines = s.makefile("rb")
        self.assertEqual(json.loads(lines.readline())["step"], {"started": 3})
        sent = 400
        for n in range(0, sent, 20):
            asked = [alice.message_async(alice.aor, f"m{n + i}",
                                         [("X-Pad", "p" * 7000)])
                     for i in range(20)]
            for q in asked:
                self.assertStatus(alice.final(q, 60), 200)
        seen = lost = 0
        while seen + lost < 4 * sent:
            step = json.loads(lines.readline())["step"]
            lost += step.get("lost", 0)
            seen += step.get("direction") in ("in", "out")
        self.assertGreater(lost, 0)
        self.assertGreater(seen, 100)
        lines.close()

    def test_it_ends_everywhere(self):
        """More often than there is room for: nothing stays behind."""
        self.client(self.contoso, "alice")
        for how in [signal.SIGKILL, signal.SIGTERM] * 5:
            since = len(self.contoso.log.events)
            trace = self.trace()
            self.assertEqual(trace.watching.group(1), "3")
            trace.process.send_signal(how)
            started = self.contoso.log.wait("trace.begin", 30, since=since)
            self.contoso.log.wait("trace.end", 30, id=started["id"])
            trace.close()
        timed = self.trace("--for", "1")
        self.assertIn("messages: 0, missing: 0",
                      timed.end() + timed.said())
        four = [self.trace() for _ in range(4)]
        fifth = self.contoso.run("trace", check=False)
        self.assertEqual(fifth.returncode, 1)
        self.assertIn("four traces run already", fifth.stderr)
        for trace in four:
            trace.close()

    def test_worker_started_anew(self):
        alice = self.client_on(self.contoso, "alice", 0)
        trace = self.trace()
        self.assertStatus(alice.message(alice.aor, "one"), 200)
        trace.wait("MESSAGE")
        since = len(self.contoso.log.events)
        os.kill(self.contoso.pid_of("edge", 0), signal.SIGKILL)
        self.contoso.log.wait("proc.ready", 60, role="edge", slot=0,
                              since=since)
        wait_for(lambda: "worker 0: gone" in trace.said()
                 and "worker 0: back" in trace.said(), 30, "told of both")
        again = self.client_on(self.contoso, "dave", 0)
        self.assertStatus(again.message(again.aor, "two"), 200)
        trace.wait(r"dave@contoso\.test +─+ MESSAGE")
