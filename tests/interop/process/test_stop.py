# SPDX-License-Identifier: Apache-2.0
"""PRC-06: stopping finishes what was begun and ends with status 0.

* SIGTERM: no new connections, open transactions get their answers, end.
* A second signal ends at once.
* Nothing is left: no process, and the control socket can be made again.
"""
import signal
import socket
import time

from harness.case import Case
from harness.sip import answer
from harness.stage import wait_for


class Stop(Case):
    def test_drain_finishes_what_was_begun(self):
        contoso = self.stage.org("contoso").start()
        alice = self.client(contoso, "alice")
        carol = self.client(contoso, "carol")
        held = []
        carol.on_request = lambda m, c: held.append(m)
        waiting = alice.message_async(carol.aor, "slow")
        wait_for(lambda: held, 5, "carol has it")
        contoso.process.send_signal(signal.SIGTERM)
        contoso.log.wait("server.stopping")

        def refused():
            try:
                socket.create_connection((contoso.address,
                                          contoso.client_port), 1).close()
                return False
            except OSError:
                return True

        wait_for(refused, 5, "no new connections")
        self.assertStatus(alice.message(carol.aor, "too late"), 503)
        carol.send(answer(held[0], 200))
        self.assertStatus(alice.final(waiting), 200)
        began = time.monotonic()
        self.assertEqual(contoso.stop(), 0)
        self.assertLess(time.monotonic() - began, 10)

    def test_second_signal_ends_at_once(self):
        contoso = self.stage.org("contoso").start()
        alice = self.client(contoso, "alice")
        carol = self.client(contoso, "carol")
        carol.on_request = lambda m, c: None
        alice.message_async(carol.aor, "never answered")
        wait_for(lambda: carol.requests, 5, "carol has it")
        contoso.process.send_signal(signal.SIGTERM)
        contoso.log.wait("server.stopping")
        began = time.monotonic()

        def ended():
            # two within a second are one wish: to us and to our group
            contoso.process.send_signal(signal.SIGTERM)
            return contoso.process.poll() is not None

        wait_for(ended, 4, "it ends at once")
        self.assertLess(time.monotonic() - began, 4)

    def test_start_again_where_it_stopped(self):
        """Users and bindings are on disk; the flows are not, so the device
        comes back by itself and is found."""
        contoso = self.stage.org("contoso").start()
        self.client(contoso, "alice")
        self.assertEqual(contoso.stop(), 0)
        contoso.start()
        listed = contoso.run("user", "list").stdout
        self.assertIn("alice@contoso.test", listed)
        alice = self.client(contoso, "alice")
        carol = self.client(contoso, "carol")
        self.assertStatus(carol.message(alice.aor, "hello again"), 200)
