# SPDX-License-Identifier: Apache-2.0
"""The administrators' HTTP: a client that says exactly what it is told to."""
import http.client
import json
import socket
import urllib.parse

PORT = 19061


class Pages:
    """One administrator's program. Signed in, it sends cookie and token."""

    def __init__(self, org, name=None, password=None):
        self.org, self.name, self.password = org, name, password
        self.host = f"{org.address}:{PORT}"
        self.cookie = self.token = None

    def raw(self, data, timeout=20):
        """Bytes in, all that is answered out."""
        with socket.create_connection((self.org.address, PORT),
                                      timeout=timeout) as s:
            s.settimeout(timeout)
            s.sendall(data)
            got = b""
            try:
                while True:
                    part = s.recv(65536)
                    if not part:
                        return got
                    got += part
                    if complete(got):
                        return got
            except (TimeoutError, ConnectionError):
                return got

    def ask(self, method, path, body=None, headers=None, bare=False):
        """(status, headers, bytes). bare: without cookie, token, origin."""
        c = http.client.HTTPConnection(self.org.address, PORT, timeout=30)
        send = {}
        if not bare:
            if self.cookie:
                send["Cookie"] = self.cookie
            if method == "POST":
                send["Origin"] = f"http://{self.host}"
                send["X-Sallyport-Token"] = self.token or ""
        if body is not None:
            send["Content-Type"] = "application/json"
            body = body if isinstance(body, bytes) else json.dumps(body)
        send.update(headers or {})
        send = {k: v for k, v in send.items() if v is not None}
        try:
            c.putrequest(method, path, skip_accept_encoding=True)
            if body is not None or method == "POST":
                data = (body or b"")
                data = data if isinstance(data, bytes) else data.encode()
                send.setdefault("Content-Length", str(len(data)))
            else:
                data = b""
            for k, v in send.items():
                c.putheader(k, v)
            c.endheaders(data)
            r = c.getresponse()
            return r.status, r.headers, r.read()
        finally:
            c.close()

    def get(self, verb, **args):
        query = "?" + urllib.parse.urlencode(args) if args else ""
        status, _, data = self.ask("GET", f"/api/v1/{verb}{query}")
        return status, json.loads(data)

    def post(self, verb, **args):
        args.setdefault("confirm", True)
        status, _, data = self.ask("POST", f"/api/v1/{verb}", args)
        return status, json.loads(data)

    def login(self, password=None):
        status, headers, data = self.ask(
            "POST", "/api/v1/login",
            {"name": self.name, "password": password or self.password})
        data = json.loads(data)
        if status == 200:
            self.set_cookie = headers["Set-Cookie"]
            self.cookie = self.set_cookie.split(";")[0]
            self.token = data["token"]
        return status, data


def complete(data):
    """A whole answer with a Content-Length."""
    head, end, body = data.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return bool(end) and len(body) >= int(line.split(b":")[1])
    return False


def with_pages(org):
    """The organisation's configuration has admin.listen."""
    org.extra += f'admin:\n  listen: ["{org.address}:{PORT}"]\n'
    return org


def administrator(org, name="root", password="correct horse", role=None):
    """An account, and a program that has signed in with it."""
    words = ["admin", "add", name, "--password-file", "-"]
    org.run(*words, *(["--role", role] if role else []),
            stdin=password + "\n")
    pages = Pages(org, name, password)
    status, data = pages.login()
    assert status == 200, (status, data)
    return pages
