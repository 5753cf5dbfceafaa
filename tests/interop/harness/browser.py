# SPDX-License-Identifier: Apache-2.0
"""A headless browser, by WebDriver (W3C) over ChromeDriver."""
import base64
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from .stage import wait_for

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
PICTURES = os.environ.get("SALLYPORT_PICTURES")


def trusting(*orgs):
    """Flags: these organisations' edges are found, and only their keys are
    trusted, beside what the system trusts; cameras are pictures that move."""
    keys = []
    for org in orgs:
        key = subprocess.run(["openssl", "x509", "-in", org.cert[0], "-noout",
                              "-pubkey"], capture_output=True, check=True)
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"],
                             input=key.stdout, capture_output=True, check=True)
        keys.append(base64.b64encode(
            hashlib.sha256(der.stdout).digest()).decode())
    rules = ",".join(f"MAP {org.edge} {org.address}" for org in orgs)
    return [f"--host-resolver-rules={rules}",
            f"--ignore-certificate-errors-spki-list={','.join(keys)}",
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            "--allow-loopback-in-peer-connection"]


def missing():
    """Why there is no browser here, or None."""
    for program in ("chromium", "chromedriver"):
        if not shutil.which(program):
            return f"{program} is not installed"
    return None


class Browser:
    def __init__(self, size=(1360, 1000), dark=False, more=()):
        """more: further flags of Chromium's."""
        self.folder = tempfile.mkdtemp(prefix="sallyport-browser-")
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, cwd=self.folder,
            env={**os.environ, "HOME": self.folder})
        self.port = None
        for line in self.driver.stdout:
            found = re.search(r"on port (\d+)", line)
            if found and int(found[1]):
                self.port = int(found[1])
                break
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu",
                 "--disable-quic", "--no-first-run", "--lang=en",
                 "--disable-background-networking", "--disable-extensions",
                 "--disable-component-update", "--disable-sync",
                 "--disable-dev-shm-usage", "--hide-scrollbars",
                 f"--user-data-dir={self.folder}/profile",
                 f"--window-size={size[0]},{size[1]}"]
        flags += more
        if dark:
            flags.append("--force-dark-mode")
        options = {"args": flags, "binary": shutil.which("chromium")}
        always = {"browserName": "chrome", "goog:chromeOptions": options,
                  "goog:loggingPrefs": {"browser": "ALL"}}
        self.session = None
        value = self.call("POST", "/session",
                          {"capabilities": {"alwaysMatch": always}})
        self.session = value["sessionId"]

    def call(self, method, path, body=None):
        if self.session:
            path = f"/session/{self.session}{path}"
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        try:
            c.request(method, path,
                      json.dumps(body) if body is not None else None,
                      {"Content-Type": "application/json"})
            reply = json.loads(c.getresponse().read())
        finally:
            c.close()
        value = reply["value"]
        if isinstance(value, dict) and "error" in value:
            raise AssertionError(f"{value['error']}: {value['message'][:400]}")
        return value

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def phone(self, width=390, height=780):
        """The page is that small from now on."""
        self.call("POST", "/goog/cdp/execute", {
            "cmd": "Emulation.setDeviceMetricsOverride",
            "params": {"width": width, "height": height, "mobile": True,
                       "deviceScaleFactor": 1}})

    def run(self, script, *args):
        return self.call("POST", "/execute/sync",
                         {"script": script, "args": list(args)})

    def find(self, css):
        return self.call("POST", "/element",
                         {"using": "css selector", "value": css})[ELEMENT]

    def click(self, css):
        self.call("POST", f"/element/{self.find(css)}/click", {})

    def type(self, css, text):
        self.call("POST", f"/element/{self.find(css)}/value", {"text": text})

    def keys(self, *keys):
        """Presses keys, wherever the focus is."""
        actions = [{"type": t, "value": k} for k in keys
                   for t in ("keyDown", "keyUp")]
        self.call("POST", "/actions", {"actions": [
            {"type": "key", "id": "keyboard", "actions": actions}]})

    def text(self, css="body"):
        return self.run("return document.querySelector(arguments[0])"
                        "?.innerText ?? ''", css)

    def wait_text(self, text, css="body", timeout=30):
        wait_for(lambda: text in self.text(css), timeout,
                 f"{text!r} in {css}")

    def picture(self, name):
        if PICTURES:
            data = base64.b64decode(self.call("GET", "/screenshot"))
            (pathlib.Path(PICTURES) / f"{name}.png").write_bytes(data)

    def complaints(self):
        """What the browser's console says of the page, errors alone."""
        return [e["message"] for e in self.call(
            "POST", "/se/log", {"type": "browser"})
            if e["level"] == "SEVERE"]

    def close(self):
        try:
            if self.session:
                self.call("DELETE", "")
        except (OSError, AssertionError):
            pass
        self.driver.terminate()
        self.driver.wait(20)
        self.driver.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)
