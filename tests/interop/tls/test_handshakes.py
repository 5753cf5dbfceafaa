# SPDX-License-Identifier: Apache-2.0
"""TLS-02, NET-05: handshakes of strangers, slow, many, or both, beside users
who are signed in; three workers.

* Who says nothing, half a hello, or a byte a second is gone after 10 seconds.
* Meanwhile, and under a flood of hellos, every message of the users is
  answered; afterwards nothing is left over.
* Who comes back with a ticket is answered before strangers that were there
  first.
* With too many under way at a time a worker accepts no more, says so, and
  goes on by itself.
"""
import os
import resource
import selectors
import signal
import socket
import ssl
import threading
import time

from harness.case import Case, Six
from harness.ledger import Ledger
from harness.stage import family, wait_for

SLOW = 240
STRANGERS, KNOWN = 300, 10
MOST = 4096  # handshakes of one worker


def hello(name, context=None, session=None):
    """The first flight of a client of TLS 1.3."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client = context.wrap_bio(incoming, outgoing, server_hostname=name,
                              session=session)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


class Handshakes(Case):
    def start(self, **kw):
        self.contoso = self.stage.org("contoso", **kw)
        self.contoso.start()
        return self.contoso

    def connect(self, n):
        """From one of many sources."""
        org = self.contoso
        s = socket.create_connection(
            (org.address, org.client_port), 20,
            source_address=(self.source(n), 0))
        return self.stage.later(s)

    def assertCalm(self):
        org = self.contoso
        wait_for(lambda: org.metric("tls_handshakes_under_way") == 0, 30,
                 "no handshake is left")
        self.assertEqual(org.log.find("proc.exit"), [])

    def test_slow_ones(self):
        org = self.start()
        ledger = Ledger(self, (org, "alice"), (org, "bob"), window=4)
        self.addCleanup(ledger.close)
        first = hello(org.edge)
        slow = [self.connect(n) for n in range(SLOW)]
        began = time.monotonic()
        for n, s in enumerate(slow):
            if n % 3 == 1:
                s.sendall(first[:len(first) // 2])
        gone = threading.Event()

        def drip():
            for byte in first:
                if gone.wait(1):
                    return
                for s in slow[2::3]:
                    try:
                        s.send(bytes([byte]))
                    except OSError:
                        pass

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            ledger.send(60)
            self.assertEqual(len(ledger.acknowledged), 60, ledger.refused)
            for s in slow:
                s.settimeout(40)
                try:
                    self.assertEqual(s.recv(1), b"")
                except ConnectionResetError:
                    pass
            took = time.monotonic() - began
        finally:
            gone.set()
            thread.join()
        self.assertGreater(took, 8)
        late = {"why": "the handshake took too long"}
        wait_for(lambda: len(org.log.find("conn.end", **late)) == SLOW, 30,
                 "each was told of in the log")
        ledger.check()
        self.assertCalm()

    def test_flood_of_hellos(self):
        org = self.start()
        ledger = Ledger(self, (org, "alice"), (org, "bob"), window=4)
        self.addCleanup(ledger.close)
        first = hello(org.edge)
        stop, count = threading.Event(), [0]

        def flood(k):
            n = k
            while not stop.is_set():
                n += 4
                with socket.socket(family(org.address)) as s:
                    s.bind((self.source(n % 50000), 0))
                    s.settimeout(20)
                    try:
                        s.connect((org.address, org.client_port))
                        s.sendall(first)
                    except OSError:
                        continue
                    count[0] += 1

        threads = [threading.Thread(target=flood, args=(k,))
                   for k in range(4)]
        for t in threads:
            t.start()
        try:
            ledger.send(200)
            wait_for(lambda: count[0] > 500, 60, "a flood at all")
        finally:
            stop.set()
            for t in threads:
                t.join(30)
        self.assertEqual(len(ledger.acknowledged), 200, ledger.refused)
        ledger.check()
        self.assertCalm()

    def session(self, context):
        """Of one who was here: its ticket comes after the handshake."""
        with context.wrap_socket(self.connect(0),
                                 server_hostname=self.contoso.edge) as s:
            s.sendall(b"\r\n\r\n")
            s.recv(16)  # the pong; the ticket came before
            return s.session

    def test_who_comes_back_goes_first(self):
        org = self.start(workers=1)
        context = ssl.create_default_context(cafile=str(org.ca.pem))
        session = self.session(context)
        self.assertTrue(session.has_ticket)
        new = hello(org.edge)
        back = [hello(org.edge, context, session) for _ in range(KNOWN)]
        worker = org.pid_of("edge", 0)
        waiting = selectors.DefaultSelector()
        self.addCleanup(waiting.close)
        # all are there before the worker sees any of them
        held = []
        os.kill(worker, signal.SIGSTOP)
        try:
            for n in range(STRANGERS + KNOWN):
                s = self.connect(n)
                held.append(s)
                known = n >= STRANGERS
                s.sendall(back[n - STRANGERS] if known else new)
                waiting.register(s, selectors.EVENT_READ, known)
        finally:
            os.kill(worker, signal.SIGCONT)
        order = []
        while len(order) < STRANGERS + KNOWN:
            ready = waiting.select(30)
            self.assertTrue(ready, f"{len(order)} were answered")
            for key, _ in ready:
                self.assertTrue(key.fileobj.recv(1))
                waiting.unregister(key.fileobj)
                order.append(key.data)
        places = [n for n, known in enumerate(order) if known]
        # they came behind all others, and not one by one with them
        self.assertLess(places[-1], STRANGERS * 2 // 3, places)
        for s in held:
            s.close()
        self.assertCalm()

    def test_too_many_at_a_time(self):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < 2 * MOST:
            self.skipTest(f"{hard} descriptors are too few")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        org = self.start(workers=1)
        idle = self.client(org, "alice")
        held = [self.connect(n) for n in range(MOST)]
        org.log.wait("accept.paused", timeout=30, why="handshakes")
        # the kernel takes it, the worker does not
        late = self.connect(1)
        self.assertLessEqual(org.metric("tls_handshakes_under_way"), MOST)
        self.assertStatus(idle.register(), 200)
        for s in held:
            s.close()
        org.log.wait("accept.paused", timeout=30, why="over")
        late.close()
        self.client(org, "bob")
        self.assertCalm()


class HandshakesSix(Six, Handshakes):
    pass
