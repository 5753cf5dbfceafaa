# SPDX-License-Identifier: Apache-2.0
"""Backups of a server that runs, and the way back.

* A backup is made while messages are being stored, and none that was
  acknowledged before it is missing after restoring it.
* Its file is complete or not there, readable by its owner only, and never
  takes the place of another one.
* Restoring needs the server stopped; what is no backup of ours, or of a newer
  version, is refused with a clear line, and nothing has changed.
* The database that was there before is kept.
* A damaged database is set aside, what is readable is used, and the log says
  so (STO-04); one of which nothing can be read is refused.
"""
import json
import os
import sqlite3
import stat
import subprocess
import threading

from harness.case import Case
from harness.stage import CLI, wait_for


class Backup(Case):
    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso").start()
        self.contoso.add_user("bob")
        self.alice = self.client(self.contoso, "alice")
        self.file = self.contoso.folder / "backup"
        self.database = self.contoso.folder / "state" / "sallyport.db"

    def store(self, numbers):
        for n in numbers:
            self.assertStatus(self.alice.message("bob@contoso.test", f"{n}"),
                              202)

    def queued(self):
        done = self.contoso.run("--json", "messages", "bob@contoso.test")
        return len(json.loads(done.stdout)["messages"])

    def restore(self, file=None, *words):
        return subprocess.run(
            [CLI, *words, "restore", file or self.file, "-c",
             self.contoso.config], text=True, capture_output=True,
            timeout=60)

    def test_while_messages_are_stored(self):
        acknowledged, stop = [], threading.Event()

        def send():
            while not stop.is_set():
                n = len(acknowledged)
                reply = self.alice.message("bob@contoso.test", f"{n}", 40)
                if reply is None or reply.status != 202:
                    return
                acknowledged.append(n)
        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        wait_for(lambda: len(acknowledged) >= 50, 60, "some are stored")
        before = len(acknowledged)
        done = self.contoso.run("--json", "backup", str(self.file))
        during = len(acknowledged)
        wait_for(lambda: len(acknowledged) > during + 10, 60, "and some more")
        stop.set()
        sender.join(60)
        told = json.loads(done.stdout)
        self.assertEqual(told["file"], str(self.file))
        self.assertEqual(told["bytes"], self.file.stat().st_size)
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        self.contoso.log.wait("store.backup")
        self.contoso.stop()
        done = self.restore()
        self.assertEqual(done.returncode, 0, done.stderr)
        kept = list(self.database.parent.glob("sallyport.db.old-*"))
        self.assertTrue(kept)
        self.assertIn(str(kept[0]), done.stdout)
        self.contoso.start()
        bob = self.client(self.contoso, "bob")
        wait_for(lambda: len(bob.received) >= before, 60, "they arrive")
        texts = [int(t) for _, t in bob.received]
        self.assertEqual(texts[:before], list(range(before)))
        self.assertEqual(texts, sorted(set(texts)))

    def test_a_name_that_is_taken(self):
        self.file.write_text("something else")
        done = self.contoso.run("backup", str(self.file), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("there already", done.stderr)
        self.assertEqual(self.file.read_text(), "something else")
        nowhere = self.contoso.folder / "none" / "backup"
        done = self.contoso.run("backup", str(nowhere), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No such file", done.stderr)
        self.assertEqual(list(self.contoso.folder.glob("backup*")),
                         [self.file])

    def test_what_is_refused(self):
        self.store(range(3))
        self.contoso.run("backup", str(self.file))
        done = self.restore()
        self.assertEqual(done.returncode, 1)
        self.assertIn("in use", done.stderr)
        self.contoso.stop()
        newer = self.contoso.folder / "newer"
        newer.write_bytes(self.file.read_bytes())
        with sqlite3.connect(newer) as db:
            db.execute("PRAGMA user_version = 99")
        db.close()
        text = self.contoso.folder / "text"
        text.write_text("no database " * 1000)
        for file, why in ((newer, "newer version"),
                          (text, "not a database"),
                          (self.contoso.folder / "none", "No such file")):
            done = self.restore(file)
            self.assertEqual(done.returncode, 1, file)
            self.assertIn(why, done.stderr.strip().splitlines()[-1])
        self.assertEqual(list(self.database.parent.glob("*.old-*")), [])
        self.contoso.start()
        self.assertEqual(self.queued(), 3)

    def test_restored_as_json(self):
        self.store(range(2))
        self.contoso.run("backup", str(self.file))
        self.store(range(2, 5))
        self.contoso.stop()
        told = json.loads(self.restore(self.file, "--json").stdout)
        self.assertEqual(told["database"], str(self.database))
        self.assertTrue(os.path.exists(told["kept"]))
        # whatever it prints to
        for device in ("/dev/null", "/dev/ptmx"):
            with open(device, "wb") as out:
                done = subprocess.run([CLI, "restore", self.file, "-c",
                                       self.contoso.config], stdout=out,
                                      stderr=subprocess.DEVNULL, timeout=60)
            self.assertEqual(done.returncode, 0, device)
        self.contoso.start()
        self.assertEqual(self.queued(), 2)
        # it knows how to sign in, by the keys and words of before
        self.client(self.contoso, "alice")

    def damage(self, at, size=4096):
        self.contoso.stop()
        with open(self.database, "r+b") as f:
            f.seek(at)
            f.write(bytes(size))

    def page_of(self, table):
        with sqlite3.connect(f"file:{self.database}?immutable=1",
                             uri=True) as db:
            root = db.execute("SELECT rootpage FROM sqlite_schema WHERE "
                              "name = ?", (table,)).fetchone()[0]
            size = db.execute("PRAGMA page_size").fetchone()[0]
        db.close()
        return (root - 1) * size

    def test_what_is_readable_of_a_damaged_one(self):
        self.store(range(3))
        self.contoso.stop()
        self.damage(self.page_of("messages_queue"))
        self.contoso.start()
        log = self.contoso.log
        log.wait("store.damaged")
        self.assertEqual(log.wait("store.salvaged", records="messages")
                         ["rows"], "3")
        kept = log.wait("store.set_aside")["kept"]
        self.assertTrue(os.path.exists(kept))
        self.assertEqual(self.queued(), 3)
        self.client(self.contoso, "alice")

    def test_nothing_is_readable(self):
        self.damage(0)
        before = self.database.read_bytes()
        self.contoso.start(wait=False)
        self.contoso.log.wait("store.failed", timeout=20)
        self.contoso.log.wait("store.damaged", timeout=20)
        self.assertEqual(self.database.read_bytes(), before)
        self.assertEqual(list(self.database.parent.glob("*.old-*")), [])
