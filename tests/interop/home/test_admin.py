# SPDX-License-Identifier: Apache-2.0
"""What operators do with accounts and waiting messages.

* disable locks an account out at once, its connections too; enable lets it in.
* devices tells where somebody is signed in.
* messages tells for whom what waits, never its text; drop takes it away.
* import makes many accounts, tells which lines it could not use, and goes on.
* All of it as JSON too.
"""
import json

from harness.case import Case
from harness.stage import wait_for


class Admin(Case):
    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso").start()

    def json(self, *words, check=True, stdin=None):
        return json.loads(self.contoso.run("--json", *words, check=check,
                                           stdin=stdin).stdout)

    def test_disable_and_enable(self):
        alice = self.client(self.contoso, "alice")
        bob = self.client(self.contoso, "bob")
        self.assertStatus(alice.message(bob.aor, "hello"), 200)
        self.contoso.run("user", "disable", bob.aor)
        wait_for(bob.closed.is_set, 5, "its connection ends")
        again = self.client(self.contoso, "bob", register=False)
        self.assertStatus(again.register(), 401)
        self.assertStatus(alice.message(bob.aor, "locked out"), 404)
        self.contoso.run("user", "passwd", bob.aor, "--password-file", "-",
                         stdin=again.password + "\n")
        self.assertStatus(again.register(), 401)
        self.contoso.run("user", "enable", bob.aor)
        self.assertStatus(again.register(), 200)
        self.assertStatus(alice.message(bob.aor, "back"), 200)
        users = {u["aor"]: u["disabled"]
                 for u in self.json("user", "list")["users"]}
        self.assertEqual(users, {"alice@contoso.test": False,
                                 "bob@contoso.test": False})
        self.assertEqual(self.contoso.run("user", "disable", "x@contoso.test",
                                          check=False).returncode, 1)

    def test_devices(self):
        alice = self.client(self.contoso, "alice")
        found = self.json("user", "devices", alice.aor)["devices"]
        self.assertEqual([d["contact"] for d in found], [alice.contact])
        self.assertEqual(found[0]["worker"], self.slot_of(alice))
        self.assertIn(alice.contact,
                      self.contoso.run("user", "devices", alice.aor).stdout)

    def test_messages(self):
        alice = self.client(self.contoso, "alice")
        self.contoso.add_user("bob")
        self.assertIn("no messages wait", self.contoso.run("messages").stdout)
        for n in range(3):
            self.assertStatus(alice.message("bob@contoso.test",
                                            f"secret {n}"), 202)
        queues = self.json("messages")["queues"]
        self.assertEqual([(q["aor"], q["messages"]) for q in queues],
                         [("bob@contoso.test", 3)])
        rows = self.json("messages", "bob@contoso.test")["messages"]
        self.assertEqual({(r["from"], r["state"]) for r in rows},
                         {("alice@contoso.test", "waiting")})
        shown = self.contoso.run("messages", "bob@contoso.test").stdout
        self.assertIn("alice@contoso.test", shown)
        self.assertNotIn("secret", shown + json.dumps(rows))
        self.contoso.run("messages", "drop", "bob@contoso.test",
                         str(rows[0]["id"]))
        self.assertEqual(self.contoso.run(
            "messages", "drop", "bob@contoso.test", str(rows[0]["id"]),
            check=False).returncode, 1)
        bob = self.client(self.contoso, "bob")
        wait_for(lambda: len(bob.received) == 2, 5, "the other two arrive")
        self.assertEqual([t for _, t in bob.received],
                         ["secret 1", "secret 2"])

    def test_import(self):
        text = ("address,password\r\n"
                "alice@contoso.test,wonder\r\n"
                '"bob@contoso.test","say ""friend"", and enter"\r\n'
                "\r\n"
                "carol@contoso.test\r\n"
                "alice@contoso.test,twice\r\n"
                "dave@fabrikam.test,x\r\n"
                "erin@contoso.test,last\r\n")
        done = self.contoso.run("--json", "user", "import", "-", stdin=text,
                                check=False)
        self.assertEqual(done.returncode, 1)
        result = json.loads(done.stdout)
        self.assertEqual(result["added"], 3)
        self.assertEqual([f["line"] for f in result["failed"]], [5, 6, 7])
        self.assertNotIn("wonder", done.stdout + done.stderr)
        self.contoso.passwords["bob"] = 'say "friend", and enter'
        self.client(self.contoso, "bob")
        many = self.contoso.folder / "many.csv"
        many.write_text("".join(f"user{n}@contoso.test,p{n}\n"
                                for n in range(300)))
        done = self.contoso.run("user", "import", str(many))
        self.assertIn("300 added, 0 failed", done.stdout)
