# SPDX-License-Identifier: Apache-2.0
"""A small scripted SIP peer over TLS: reads, writes, answers, registers.

It is written apart from the product's own codec on purpose: two opinions on
every message.
"""
import hashlib
import queue
import re
import secrets
import select
import socket
import ssl
import threading
import time

from .stage import bracketed, family


class Message:
    """One SIP message: start line, ordered headers, body."""

    def __init__(self, start, headers, body=b""):
        self.start, self.headers, self.body = start, headers, body
        self.raw = b""  # the head as it came

    @classmethod
    def parse(cls, head, body):
        lines = head.decode("utf-8", "surrogateescape").split("\r\n")
        headers = []
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers.append((name.strip(), value.strip()))
        m = cls(lines[0], headers, body)
        m.raw = head
        return m

    def all(self, name):
        return [v for n, v in self.headers if n.lower() == name.lower()]

    def get(self, name, default=""):
        found = self.all(name)
        return found[0] if found else default

    @property
    def status(self):
        return int(self.start.split()[1]) if self.start.startswith("SIP/") \
            else 0

    @property
    def method(self):
        return "" if self.status else self.start.split()[0]

    def encode(self):
        out = [self.start]
        out += [f"{n}: {v}" for n, v in self.headers
                if n.lower() != "content-length"]
        out.append(f"Content-Length: {len(self.body)}")
        return ("\r\n".join(out) + "\r\n\r\n").encode(
            "utf-8", "surrogateescape") + self.body


def answer(request, status, reason="OK", headers=()):
    kept = [(n, v) for n, v in request.headers
            if n.lower() in ("via", "from", "call-id", "cseq")]
    to = request.get("To")
    if ";tag=" not in to:
        to += ";tag=" + secrets.token_hex(4)
    return Message(f"SIP/2.0 {status} {reason}",
                   kept + [("To", to)] + list(headers))


def params(text):
    found = re.findall(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))', text)
    return {n.lower(): q or t for n, q, t in found}


class Connection:
    """One TLS connection with a reading thread.

    Responses go to whoever asked (by Call-ID and CSeq); requests are answered
    by `on_request(message, connection)`, which returns a Message or None.
    """

    def __init__(self, address, server_name, ca, cert=None, on_request=None,
                 source=None, sock=None, timeout=10, server_side=False,
                 on_open=None):
        if sock is None:
            sock = socket.create_connection(
                address, timeout, source_address=source)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(str(ca))
            if cert:
                context.load_cert_chain(str(cert[0]), str(cert[1]))
            try:
                sock = context.wrap_socket(sock, server_hostname=server_name)
            except Exception:
                sock.close()
                raise
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.local = sock.getsockname()
        # as it stands in a URI, and in the log
        self.source = f"{bracketed(self.local[0])}:{self.local[1]}"
        self.on_request = on_request
        self.waiting = {}
        self.unasked = queue.Queue()
        self.requests = []
        self.closed = threading.Event()
        self.lock, self.writing = threading.Lock(), threading.Lock()
        self.thread = threading.Thread(target=self._live, args=(on_open,),
                                       daemon=True)
        self.thread.start()

    # reading

    # One SSL object is not for two threads at a time: both sides hold the
    # lock while they are in it, and wait outside of it.

    def _live(self, on_open):
        if on_open:  # it is known before it answers anything
            on_open(self)
        self._read()

    def _read(self):
        data = b""
        try:
            while True:
                more = self._receive()
                if not more:
                    break
                data = self._frames(data + more)
        except (OSError, ValueError):
            pass
        self.closed.set()
        for q in list(self.waiting.values()):
            q.put(None)

    def _wait(self, event):
        poll = select.poll()  # select() ends at descriptor 1 023
        poll.register(self.sock, event)
        poll.poll(60000)

    def _receive(self):
        while True:
            with self.lock:
                try:
                    return self.sock.recv(65536)
                except ssl.SSLWantReadError:
                    pass
            self._wait(select.POLLIN)

    def _frames(self, data):
        while True:
            data = data.lstrip(b"\r\n")
            head, sep, rest = data.partition(b"\r\n\r\n")
            if not sep:
                return data
            m = re.search(rb"\r\n(?:content-length|l)\s*:\s*(\d+)", head,
                          re.I)
            length = int(m.group(1)) if m else 0
            if len(rest) < length:
                return data
            self._take(Message.parse(head, rest[:length]))
            data = rest[length:]

    def _take(self, m):
        if m.status:
            q = self.waiting.get((m.get("Call-ID"), m.get("CSeq")))
            (q or self.unasked).put(m)
            return
        self.requests.append(m)
        reply = self.on_request(m, self) if self.on_request else None
        if reply:
            self.send(reply)

    # writing

    def send(self, m):
        self.send_bytes(m.encode())

    def send_bytes(self, data):
        data = memoryview(data)
        with self.writing:
            while data:
                with self.lock:
                    try:
                        data = data[self.sock.send(data):]
                        continue
                    except ssl.SSLWantWriteError:
                        pass
                self._wait(select.POLLOUT)

    def ask(self, m, data=None):
        """Sends a request, or these bytes in its place; returns the queue
        that its responses come to."""
        q = queue.Queue()
        self.waiting[(m.get("Call-ID"), m.get("CSeq"))] = q
        try:
            self.send_bytes(m.encode() if data is None else data)
        except OSError:
            q.put(None)
        return q

    def final(self, q, timeout=15):
        """The final response; None when the connection ended or time ran
        out."""
        end = time.monotonic() + timeout
        while True:
            try:
                m = q.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                return None
            if m is None or m.status >= 200:
                return m

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()
        self.thread.join(5)


def request(method, uri, sender, to, host, extra=(), body=b"", cseq=1,
            call_id=None, from_tag=None, max_forwards=70):
    headers = [
        ("Via", f"SIP/2.0/TLS {host};branch=z9hG4bK{secrets.token_hex(8)}"
                ";rport"),
        ("Max-Forwards", str(max_forwards)),
        ("From", f"<sip:{sender}>;tag={from_tag or secrets.token_hex(4)}"),
        ("To", f"<sip:{to}>"),
        ("Call-ID", call_id or secrets.token_hex(10)),
        ("CSeq", f"{cseq} {method}"),
    ]
    if body:
        headers.append(("Content-Type", "text/plain"))
    return Message(f"{method} {uri} SIP/2.0", headers + list(extra), body)


HASHES = {"SHA-256": hashlib.sha256, "MD5": hashlib.md5}


def digest(challenge, user, password, method, uri, nc=1):
    p = params(challenge)
    name = p.get("algorithm", "MD5")
    h = lambda s: HASHES[name](s.encode()).hexdigest()
    cnonce = secrets.token_hex(8)
    ha1 = h(f"{user}:{p['realm']}:{password}")
    ha2 = h(f"{method}:{uri}")
    nc = f"{nc:08x}"
    response = h(f"{ha1}:{p['nonce']}:{nc}:{cnonce}:auth:{ha2}")
    return (f'Digest username="{user}", realm="{p["realm"]}", '
            f'nonce="{p["nonce"]}", uri="{uri}", response="{response}", '
            f'algorithm={name}, cnonce="{cnonce}", qop=auth, nc={nc}')


class Client(Connection):
    """A user's softphone: signs in, sends, receives and answers 200."""

    def __init__(self, org, user, password=None, **kw):
        self.org, self.user = org, user
        self.aor = f"{user}@{org.domain}"
        self.password = password or org.passwords.get(user, "")
        self.received = []
        self.status_for_messages = 200
        self.cseq = 0
        kw.setdefault("on_request", self._answer)
        super().__init__((org.address, org.client_port), org.edge, org.ca.pem,
                         **kw)
        self.contact = f"sip:{user}@{self.source};transport=tls"
        self.contact_params = ""
        self.reg_call_id = secrets.token_hex(10)

    def _answer(self, m, _connection):
        if m.method == "MESSAGE":
            self.received.append((time.monotonic(),
                                  m.body.decode(errors="replace")))
            return answer(m, self.status_for_messages)
        if m.method == "OPTIONS":
            return answer(m, 200)
        return answer(m, 501, "Not Implemented")

    def register(self, expires=600, algorithm="SHA-256", extra=()):
        """The final response to REGISTER, after a challenge."""
        uri = f"sip:{self.org.domain}"
        headers = [("Contact", f"<{self.contact}>{self.contact_params}"
                               f";expires={expires}"),
                   ("Supported", "path, outbound")] + list(extra)
        reply = None
        for attempt in range(2):
            self.cseq += 1
            more = []
            if reply is not None:
                offers = reply.all("WWW-Authenticate")
                challenge = ([c for c in offers if algorithm in c]
                             or offers)[0]
                more = [("Authorization",
                         digest(challenge, self.user, self.password,
                                "REGISTER", uri))]
            m = request("REGISTER", uri, self.aor, self.aor, "softphone.invalid",
                        headers + more, cseq=self.cseq,
                        call_id=self.reg_call_id)
            reply = self.final(self.ask(m))
            if reply is None or reply.status != 401:
                return reply
        return reply

    def message_async(self, to, text, extra=()):
        m = request("MESSAGE", f"sip:{to}", self.aor, to, "softphone.invalid",
                    list(extra), text.encode())
        return self.ask(m)

    def message(self, to, text, timeout=15, extra=()):
        """The final response to one MESSAGE."""
        return self.final(self.message_async(to, text, extra), timeout)


class Partner:
    """A scripted partner's edge: accepts mutual TLS and dials our 5061."""

    def __init__(self, address, name, ca, cert, trust):
        self.address, self.name, self.ca = address, name, ca
        self.cert, self.trust = cert, trust
        self.connections = []
        self.requests = queue.Queue()
        self.reply = lambda m, c: answer(m, 200)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(cert[0]), str(cert[1]))
        context.load_verify_locations(str(trust))
        context.verify_mode = ssl.CERT_REQUIRED
        self.context = context
        self.listener = socket.create_server(address,
                                             family=family(address[0]))
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,),
                             daemon=True).start()

    def _serve(self, sock):
        try:
            sock = self.context.wrap_socket(sock, server_side=True)
        except (OSError, ssl.SSLError):
            sock.close()
            return
        Connection(None, None, None, sock=sock, on_request=self._take,
                   on_open=self.connections.append)

    def _take(self, m, c):
        self.requests.put((m, c))
        return self.reply(m, c)

    def dial(self, org, **kw):
        """A connection to the federation port of an organisation."""
        kw.setdefault("on_request", self._take)
        return Connection((org.address, org.federation_port), org.edge,
                          org.ca.pem, cert=self.cert, **kw)

    def close(self):
        self.listener.close()
        for c in self.connections:
            c.close()
