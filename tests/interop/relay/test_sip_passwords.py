# SPDX-License-Identifier: Apache-2.0
"""Users of the built-in home at the relay, with their SIP password.

* alice@contoso.test and her password open an allocation at every one of three
  relay processes, over UDP and TCP, in both dialects, by name and by hash;
  coturn's client relays with them. Another password, an unknown user and a
  user without domain get nothing.
* Who is locked out or removed loses his session at once; after a new password
  the old one's session cannot be refreshed, and the new one works.
* The store may die; who is known goes on, and others wait until it is back.
* The quota of a user counts his sessions by password and by minted credential
  together.
* Users of a database from before, and those whose key is for another realm,
  need a new password once: the list, the check and the log say so.
* With `relay.sip_passwords: no` there are no such users.
* The store's keys for the relay are none of its HA1s for SIP.
"""
import hashlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import unittest

from harness.case import Case
from harness.stage import wait_for
from relay.test_credentials import Ms, Rfc, Sha256, attr


class Hashed(Rfc):
    """Says who it is by the hash of name and realm (RFC 8489 9.2.2)."""

    def named(self, realm):
        return attr(0x1E, hashlib.sha256(self.username + b":" + realm)
                    .digest())


class OverTcp(Rfc):
    def __init__(self, address, username, password):
        self.socket = socket.create_connection(address, 20)
        self.username, self.password = username, password


class SipPasswords(Case):
    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso")
        self.port = 13478
        self.base = 20000 + os.getpid() * 64 % 30000
        self.relay("quota: { allocations_per_user: 0 }")
        self.contoso.start()
        for user in ("alice", "bob"):
            self.contoso.add_user(user)

    def relay(self, *more):
        self.contoso.extra = f"""\
relay:
  listen: ["{self.contoso.address}:{self.port}"]
  range: {self.base}-{self.base + 63}
""" + "".join(f"  {line}\n" for line in more)

    def client(self, user="alice", password=None, kind=Rfc):
        password = password or f"{user}-secret-contoso"
        name = user if "@" in user else f"{user}@contoso.test"
        return self.stage.later(kind((self.contoso.address, self.port),
                                     name.encode(), password.encode()))

    def allocations(self):
        return sum(int(r["allocations"])
                   for r in self.contoso.status()["tables"]["relay"])

    def listed(self):
        done = self.contoso.run("--json", "user", "list")
        return {u["aor"].split("@")[0]: u["relay"]
                for u in json.loads(done.stdout)["users"]}

    def passwd(self, user, password):
        self.contoso.run("user", "passwd", f"{user}@contoso.test",
                         "--password-file", "-", stdin=password + "\n")

    def test_every_way_at_every_process(self):
        kinds = (Rfc, OverTcp, Ms, Hashed, Sha256)
        for kind in kinds:
            for user in ("alice", "bob"):
                for _ in range(5 if user == "alice" else 1):
                    c = self.client(user, kind=kind)
                    self.assertEqual(c.allocate(), 0, kind)
                    if kind is not Ms:
                        self.assertEqual(c.refresh(), 0, kind)
                    c.close()
            code = 431 if kind is Ms else 401
            self.assertEqual(self.client(password="guess", kind=kind)
                             .allocate(), code, kind)
        # each process has asked once for each of the names and hashes
        asked = self.contoso.metric("turn_keys_asked_total")
        self.assertLessEqual(asked, 3 * 2 * 2)
        self.assertGreaterEqual(asked, 4)

    def test_nobody(self):
        self.assertEqual(self.client("carol").allocate(), 401)
        self.assertEqual(self.client("carol", kind=Ms).allocate(), 436)
        c = self.stage.later(Rfc((self.contoso.address, self.port), b"alice",
                                 b"alice-secret-contoso"))
        self.assertEqual(c.allocate(), 401)
        self.assertEqual(self.allocations(), 0)

    @unittest.skipUnless(shutil.which("turnutils_uclient"), "no coturn")
    def test_coturn(self):
        address = self.contoso.address
        self.contoso.stop()
        # it draws channels from all of RFC 5766's
        self.relay(f'allow_peers: ["{address}/32"]', "wide_channels: yes")
        self.contoso.start()
        for more in ([], ["-t"]):
            done = subprocess.run(
                ["turnutils_uclient", "-y", "-n", "20", "-m", "1", "-c", *more,
                 "-u", "alice@contoso.test", "-w", "alice-secret-contoso",
                 "-L", address, "-p", str(self.port), address],
                capture_output=True, text=True, timeout=120)
            self.assertIn("Total lost packets 0 (0.000000%)",
                          done.stdout + done.stderr)
        done = subprocess.run(
            ["turnutils_uclient", "-y", "-n", "2", "-m", "1", "-c",
             "-u", "alice@contoso.test", "-w", "guess",
             "-L", address, "-p", str(self.port), address],
            capture_output=True, text=True, timeout=120)
        self.assertNotIn("Total lost packets 0", done.stdout + done.stderr)
        self.assertGreater(self.contoso.metric("refusals_total",
                                               "relay_password_wrong"), 0)
        ended = self.contoso.log.wait("turn.session", why="released")
        self.assertEqual(ended["user"], "alice@contoso.test")

    def test_locked_out_removed_and_changed(self):
        alice, bob = self.client(), self.client("bob")
        self.assertEqual((alice.allocate(), bob.allocate()), (0, 0))
        self.contoso.run("user", "disable", "alice@contoso.test")
        ended = self.contoso.log.wait("turn.session", why="account")
        self.assertEqual(ended["user"], "alice@contoso.test")
        wait_for(lambda: self.client().allocate() == 401, 20, "no key is kept")
        self.assertEqual(bob.refresh(), 0)
        self.contoso.run("user", "enable", "alice@contoso.test")
        wait_for(lambda: self.client().allocate() == 0, 20, "enabled")
        self.passwd("bob", "another")
        wait_for(lambda: bob.refresh() == 401, 20, "the old one is no good")
        wait_for(lambda: self.client("bob", "another").allocate() == 0, 20,
                 "the new one is")
        seen = len(self.contoso.log.events)
        self.contoso.run("user", "remove", "bob@contoso.test")
        ended = self.contoso.log.wait("turn.session", why="account",
                                      since=seen)
        self.assertEqual(ended["user"], "bob@contoso.test")

    def test_store_dies(self):
        known = self.client()
        self.assertEqual(known.allocate(), 0)
        seen = len(self.contoso.log.events)
        os.kill(self.contoso.pid_of("store"), signal.SIGKILL)
        self.assertEqual(known.refresh(), 0)
        self.assertEqual(self.client("bob").allocate(), 0)
        self.contoso.log.wait("proc.ready", since=seen, role="store",
                              timeout=30)
        self.contoso.run("user", "disable", "alice@contoso.test")
        self.contoso.log.wait("turn.session", why="account")

    def test_quota(self):
        self.contoso.stop()
        self.relay("quota: { allocations_per_user: 2 }")
        self.contoso.start()
        told = json.loads(self.contoso.run(
            "--json", "turn", "credential", "--user",
            "alice@contoso.test").stdout)
        minted = self.stage.later(
            Rfc((self.contoso.address, self.port),
                told["username"].encode(), told["password"].encode()))
        self.assertEqual(minted.allocate(), 0)
        self.assertEqual(self.client().allocate(), 0)
        self.assertEqual(self.client().allocate(), 486)
        self.assertEqual(self.client("bob").allocate(), 0)

    def database(self, *statements):
        """While the daemon is down."""
        db = sqlite3.connect(self.contoso.folder / "state" / "sallyport.db")
        with db:
            for statement in statements:
                db.execute(statement)
        db.close()

    def test_from_before(self):
        self.assertEqual(self.listed(), {"alice": "yes", "bob": "yes"})
        self.contoso.stop()
        self.database("DROP TABLE turn_keys", "PRAGMA user_version = 6")
        self.contoso.start()
        self.assertEqual(self.listed(), {"alice": "new_password",
                                         "bob": "new_password"})
        self.assertEqual(self.client().allocate(), 401)
        told = self.contoso.log.wait("relay.no_key")
        self.assertEqual(told["user"], "alice@contoso.test")
        self.passwd("alice", "alice-secret-contoso")
        wait_for(lambda: self.client().allocate() == 0, 20, "a new password")
        self.assertEqual(self.listed(), {"alice": "yes",
                                         "bob": "new_password"})

    def test_another_realm(self):
        kept = self.client()
        self.assertEqual(kept.allocate(), 0)
        self.relay("realm: media.contoso.test")
        self.contoso.write()
        self.contoso.run("reload")
        wait_for(lambda: self.client().allocate() == 401, 20, "other realm")
        told = self.contoso.log.wait("relay.no_key")
        self.assertIn("relay.realm", told["why"])
        self.assertEqual(self.listed(), {"alice": "other_realm",
                                         "bob": "other_realm"})
        said = self.contoso.run("check", check=False).stdout
        self.assertIn("2 accounts cannot use the relay", said)
        self.passwd("alice", "alice-secret-contoso")
        wait_for(lambda: self.client().allocate() == 0, 20, "a new password")
        # back again: bob's key still fits
        self.relay()
        self.contoso.write()
        self.contoso.run("reload")
        wait_for(lambda: self.client("bob").allocate() == 0, 20, "the old one")
        self.assertEqual(self.listed(), {"alice": "other_realm", "bob": "yes"})

    def test_switched_off(self):
        held = self.client()
        self.assertEqual(held.allocate(), 0)
        self.relay("sip_passwords: no")
        self.contoso.write()
        self.contoso.run("reload")
        self.contoso.log.wait("turn.session", why="account")
        asked = self.contoso.metric("turn_keys_asked_total")
        self.assertEqual(self.client().allocate(), 401)
        self.assertEqual(self.contoso.metric("turn_keys_asked_total"), asked)

    def test_keys_are_their_own(self):
        self.contoso.stop()
        db = sqlite3.connect(self.contoso.folder / "state" / "sallyport.db")
        users = db.execute("SELECT ha1_sha256, ha1_md5 FROM users").fetchall()
        keys = db.execute("SELECT name, realm, md5, sha256, userhash"
                          " FROM turn_keys").fetchall()
        db.close()
        sip = {h for row in users for h in row}
        self.assertEqual(len(keys), 2)
        for name, realm, md5, sha256, userhash in keys:
            self.assertEqual(realm, "edge.contoso.test")
            secret = f"{name.split('@')[0]}-secret-contoso"
            text = f"{name}:{realm}:{secret}".encode()
            self.assertEqual(md5, hashlib.md5(text).digest())
            self.assertEqual(sha256, hashlib.sha256(text).digest())
            self.assertEqual(userhash, hashlib.sha256(
                f"{name}:{realm}".encode()).digest())
            self.assertFalse({md5.hex(), sha256.hex()} & sip)


if __name__ == "__main__":
    unittest.main()
