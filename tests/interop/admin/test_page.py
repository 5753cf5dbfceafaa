# SPDX-License-Identifier: Apache-2.0
"""The dashboard in a real browser.

* Signing in with the keyboard alone; a wrong password says so; signing out.
* Every page comes, in English and in Chinese, without a complaint of the
  browser: its policy forbids everything that is not ours.
* Operations ask first: no means no, yes is done and stands in the changes.
* Twelve script injections are shown as text, and none of them runs (ADM-03).
* A session that has ended leads back to the form.

With SALLYPORT_PICTURES=FOLDER each page is kept as a picture.
"""
import json
import time
import unittest

from harness import browser
from harness.browser import Browser
from harness.case import Case
from harness.pages import PORT, administrator, with_pages
from harness.stage import wait_for
from ports.turn import Turn

PAYLOADS = [
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "<svg onload=window.hit=1>",
    "\"><script>window.hit=1</script>",
    "'><img src=x onerror='window.hit=1'>",
    "javascript:window.hit=1",
    "<a href=javascript:window.hit=1>x</a>",
    "</td></table><script>window.hit=1</script>",
    "<iframe srcdoc='<script>parent.hit=1</script>'>",
    "<body onload=window.hit=1>",
    "${window.hit=1}{{constructor.constructor('window.hit=1')()}}",
    "<details open ontoggle=window.hit=1>",
]
PAGES = {"overview": ("Processes", "进程"), "partners": ("Partners", "合作伙伴"),
         "relay": ("Relay sessions", "中继会话"), "users": ("Users", "用户"),
         "ports": ("What a firewall has to let through", "防火墙需要放行的端口"),
         "server": ("Configuration in force", "生效的配置")}
TAB, ENTER = "\ue004", "\ue007"


@unittest.skipIf(browser.missing(), browser.missing())
class Page(Case):
    def setUp(self):
        super().setUp()
        self.contoso, self.fabrikam = self.stage.two()
        with_pages(self.contoso)
        self.contoso.extra += (f'relay:\n  listen: '
                               f'["{self.contoso.address}:13478"]\n')
        self.contoso.start()
        self.contoso.add_user("alice")
        self.root = administrator(self.contoso)
        self.b = self.stage.later(Browser())
        self.url = f"http://{self.contoso.address}:{PORT}/"
        self.b.open(self.url)
        wait_for(lambda: self.b.run(
            "return !document.getElementById('login').hidden"), 30, "form")

    def sign_in(self, password="correct horse"):
        self.b.run("document.getElementById('name').value = '';"
                   "document.getElementById('name').focus()")
        self.b.keys(*"root", TAB, *password, ENTER)

    def show(self, page):
        self.b.run("location.hash = arguments[0]", page)

    def live_a_little(self):
        """Something to be seen: messages, refusals, a relay session."""
        self.fabrikam.start()
        alice = self.client(self.contoso, "alice")
        zoe = self.client(self.fabrikam, "zoe")
        granted = json.loads(self.contoso.run(
            "--json", "turn", "credential", "--user",
            "alice@contoso.test").stdout)
        self.stage.later(Turn((self.contoso.address, 13478),
                              granted["username"], granted["password"]))
        end = time.monotonic() + 12  # more than two samples
        while time.monotonic() < end:
            self.assertStatus(alice.message("zoe@fabrikam.test", "hello"), 200)
            self.assertStatus(zoe.message("alice@contoso.test", "you"), 200)
        self.assertStatus(alice.message("bob@nowhere.test", "hello"), 404)

    def test_every_page(self):
        self.b.picture("dashboard-login")
        self.sign_in("wrong wrong")
        self.b.wait_text("Name or password is wrong.")
        self.sign_in()
        self.b.wait_text("Processes")
        self.live_a_little()
        # samples come by and by; the charts are drawn by our own script
        wait_for(lambda: self.b.run("return document.querySelectorAll("
                                    "'.chart polyline').length") >= 9, 60,
                 "charts")
        self.b.wait_text("Destination domain is no partner of ours")
        for language in (0, 1):
            if language:
                self.b.run("const s = document.getElementById('lang-app');"
                           "s.value = 'zh';"
                           "s.dispatchEvent(new Event('change'))")
            for page, words in PAGES.items():
                self.show(page)
                self.b.wait_text(words[language], "#main h2, #main")
                if page == "ports":
                    wait_for(lambda: self.b.run(
                        "const i = document.querySelector('.drawing');"
                        "return i && i.complete && i.naturalWidth > 100"),
                        30, "the drawing")
                self.b.picture(f"dashboard-{page}" + "-zh" * language)
        self.assertEqual(self.b.run("return document.documentElement.lang"),
                         "zh-CN")
        # each thing that is clicked has a name, each field a label
        unnamed = self.b.run(
            "return [...document.querySelectorAll('button,input,select')]"
            ".filter(n => n.offsetParent && !(n.labels?.length ||"
            " n.innerText || n.ariaLabel)).length")
        self.assertEqual(unnamed, 0)
        complaints = [c for c in self.b.complaints() if "401" not in c]
        self.assertEqual(complaints, [])
        self.b.click("#logout")
        wait_for(lambda: self.b.run(
            "return !document.getElementById('login').hidden"), 30, "form")

    def test_operations_ask_first(self):
        self.sign_in()
        self.b.wait_text("Processes")
        self.show("users")
        self.b.wait_text("alice@contoso.test")
        button = "button[aria-label='Disable alice@contoso.test']"
        self.b.click(button)
        self.b.wait_text("Lock alice@contoso.test out?", "#confirm")
        self.b.picture("dashboard-confirm")
        self.b.keys(ENTER)  # "Cancel" has the focus
        wait_for(lambda: not self.b.run(
            "return document.getElementById('confirm').open"), 20, "closed")
        users = self.root.get("user.list")[1]["users"]
        self.assertFalse(users[0]["disabled"])
        self.b.click(button)
        self.b.wait_text("Lock alice@contoso.test out?", "#confirm")
        self.b.click("#confirm-yes")
        self.b.wait_text("disabled", "#main")
        users = self.root.get("user.list")[1]["users"]
        self.assertTrue(users[0]["disabled"])
        self.show("partners")
        self.b.wait_text("fabrikam.test", "#main")
        self.b.click("button[aria-label='Block fabrikam.test']")
        self.b.wait_text("Refuse fabrikam.test", "#confirm")
        self.b.click("#confirm-yes")
        wait_for(lambda: [r for r in self.root.get("changes")[1]["changes"]
                          if r["what"] == "partner.rule"
                          and r["of"] == "fabrikam.test"
                          and r["who"] == "admin:root"], 20, "the change")

    def test_script_is_text(self):
        for payload in PAYLOADS:
            self.contoso.run("user", "disable", payload + "@contoso.test",
                             check=False)
            status, _ = self.root.post("user.disable", aor=payload)
            self.assertEqual(status, 400)
        self.sign_in()
        self.b.wait_text("Processes")
        self.show("server")
        self.b.wait_text(PAYLOADS[-1], "#main")
        text = self.b.text("#main")
        for payload in PAYLOADS:
            self.assertIn(payload, text)
        for page in PAGES:
            self.show(page)
            self.b.wait_text(PAGES[page][0], "#main")
        self.assertIsNone(self.b.run("return window.hit ?? null"))
        self.assertEqual(self.b.run(
            "return document.querySelectorAll('#main script, #main iframe,"
            " #main img:not(.drawing), #main details').length"), 0)

    def test_the_end_of_a_session(self):
        self.sign_in()
        self.b.wait_text("Processes")
        self.contoso.run("admin", "passwd", "root", "--password-file", "-",
                         stdin="another one\n")
        wait_for(lambda: self.b.run(
            "return !document.getElementById('login').hidden"), 30, "form")
        self.assertEqual(self.b.text("#main"), "")
        self.assertTrue(json.dumps(self.root.get("session")))
