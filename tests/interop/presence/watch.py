# SPDX-License-Identifier: Apache-2.0
"""Scripted watchers and publishers for the conversations about presence."""
import re
import secrets
import time
import xml.etree.ElementTree as ET

from harness.sip import Client, Message, answer, request
from harness.stage import wait_for

PIDF = "{urn:ietf:params:xml:ns:pidf}"
HOST = "softphone.invalid"


def pidf(aor, basic="open", activity=None, tuple_id="t1"):
    person = ""
    if activity:
        person = (f'<dm:person id="p1"><rpid:activities><rpid:{activity}/>'
                  "</rpid:activities></dm:person>")
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<presence xmlns="urn:ietf:params:xml:ns:pidf" '
            f'xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" '
            f'xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" '
            f'entity="sip:{aor}"><tuple id="{tuple_id}"><status>'
            f'<basic>{basic}</basic></status></tuple>{person}</presence>'
            ).encode()


class Notice:
    """A NOTIFY as its watcher reads it."""

    def __init__(self, m):
        self.m, self.at = m, time.monotonic()
        self.state = m.get("Subscription-State")
        self.body = m.body.decode()

    @property
    def basics(self):
        root = ET.fromstring(self.body)
        return [e.text for e in root.iter(PIDF + "basic")]

    @property
    def online(self):
        return "open" in self.basics


class Subscription:
    """One dialog; NOTIFYs are answered and kept."""

    def __init__(self, client, to, event="presence", expires=600, extra=(),
                 body=b"", uri=None, accept=None):
        self.client, self.to, self.event = client, to, event
        self.uri = uri or f"sip:{to}"
        self.call_id, self.tag = secrets.token_hex(10), secrets.token_hex(4)
        self.cseq, self.to_tag, self.route = 0, "", []
        self.notices = []
        self.status_for_notifies = 200
        client.subscriptions[self.call_id] = self
        self.reply = self.ask(expires, extra, body)

    def ask(self, expires, extra=(), body=b""):
        self.cseq += 1
        headers = [("Event", self.event), ("Expires", str(expires)),
                   ("Contact", f"<{self.client.contact}>"),
                   ("Supported", "eventlist")]
        m = request("SUBSCRIBE", self.uri, self.client.aor, self.to, HOST,
                    headers + list(extra), body, cseq=self.cseq,
                    call_id=self.call_id, from_tag=self.tag)
        m.headers = [(n, v) for n, v in m.headers
                     if (n, v) != ("Content-Type", "text/plain")]
        if self.to_tag:
            m.headers = [(n, v + (f";tag={self.to_tag}" if n == "To" else ""))
                         for n, v in m.headers]
            m.headers[2:2] = [("Route", r) for r in self.route]
        reply = self.client.final(self.client.ask(m))
        if reply is not None and reply.status == 200 and not self.to_tag:
            self.to_tag = re.search(r"tag=([^;]+)", reply.get("To")).group(1)
            self.route = list(reversed(reply.all("Record-Route")))
            self.uri = re.search(r"<([^>]+)>", reply.get("Contact")).group(1)
        return reply

    def wait(self, check, timeout=10, what="a notice"):
        """The first kept notice, from the last one looked at, that fits."""
        wait_for(lambda: any(check(n) for n in list(self.notices)), timeout,
                 f"{self.client.user} is told of {what}")
        return [n for n in self.notices if check(n)][0]

    def wait_online(self, online, after=0, timeout=10):
        return self.wait(lambda n: n.at > after and n.body
                         and n.online == online, timeout,
                         "online" if online else "offline")


class Watcher(Client):
    """A softphone that watches and publishes."""

    def __init__(self, org, user, **kw):
        self.subscriptions = {}
        super().__init__(org, user, **kw)

    def _answer(self, m, connection):
        if m.method != "NOTIFY":
            return super()._answer(m, connection)
        s = self.subscriptions.get(m.get("Call-ID"))
        if s is None:
            return answer(m, 481, "Unknown")
        s.notices.append(Notice(m))
        if not s.status_for_notifies:
            return None
        return answer(m, s.status_for_notifies)

    def watch(self, to, **kw):
        return Subscription(self, to, **kw)

    def publish(self, body=b"", etag=None, expires=600, aor=None,
                kind="application/pidf+xml"):
        headers = [("Event", "presence"), ("Expires", str(expires))]
        if etag:
            headers.append(("SIP-If-Match", etag))
        if body:
            headers.append(("Content-Type", kind))
        aor = aor or self.aor
        m = request("PUBLISH", f"sip:{aor}", self.aor, aor, HOST, headers)
        m.body = body
        return self.final(self.ask(m))


def sign_in(case, org, user, slot=None):
    """Signed in; on that worker if it matters."""
    if user not in org.passwords:
        org.add_user(user)
    for _ in range(200):
        w = case.stage.later(Watcher(org, user))
        if slot is None or case.slot_of(w) == slot:
            reply = w.register()
            case.assertStatus(reply, 200)
            return w
        w.close()
    case.fail(f"no connection landed on worker {slot}")
