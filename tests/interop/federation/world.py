# SPDX-License-Identifier: Apache-2.0
"""contoso with the built-in home; fabrikam's servers are scripted and found
by SRV, in a zone that is really signed."""
from harness.case import Case
from harness.sip import Message, Partner

from federation.zone import Zone

PORT = 15061


class World(Case):
    """Sub-classes name the records; A stands for fabrikam's address and B for
    another one."""

    records = ()
    line = ("{ domain: fabrikam.test, "
            'allow_addresses: ["127.0.0.0/8", "::1/128", "fd79::/16"] }')
    limits = {}
    workers = 3
    anchor = None

    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso", workers=self.workers)
        self.fabrikam = self.stage.org("fabrikam")  # never started
        self.a, self.b = self.fabrikam.address, self.fabrikam.beside(2)
        self.zone = Zone(self.stage, self.fabrikam.beside(53),
                         [self.record(r) for r in self.records])
        self.contoso.trusted.append(self.fabrikam.ca.pem)
        self.contoso.partner_lines.append(self.line)
        self.contoso.limits.update(self.limits)
        self.contoso.extra += self.zone.yaml(self.trust_anchor())
        self.contoso.start()

    def record(self, line):
        if ":" in self.a:
            line = line.replace(" A @", " AAAA @")
        return line.replace("@A@", self.a).replace("@B@", self.b)

    def trust_anchor(self):
        return None

    def server(self, name, address, port=PORT, sans=None):
        """A server of fabrikam that proves this name."""
        cert = self.fabrikam.ca.leaf(name, sans or
                                     [f"DNS:{name}.fabrikam.test"])
        return self.stage.later(Partner((address, port), name,
                                        self.fabrikam.ca, cert,
                                        self.contoso.ca.pem))

    def from_zoe(self, connection, to, text, number, alias=False,
                 domain="fabrikam.test"):
        """zoe@fabrikam.test writes, by that connection."""
        m = Message(f"MESSAGE sip:{to} SIP/2.0", [
            ("Via", "SIP/2.0/TLS sip1.fabrikam.test:15061;branch=z9hG4bKz"
             f"{number}{';alias' if alias else ''}"),
            ("Max-Forwards", "70"),
            ("From", f"<sip:zoe@{domain}>;tag=z{number}"),
            ("To", f"<sip:{to}>"), ("Call-ID", f"zoe-{number}"),
            ("CSeq", "1 MESSAGE"), ("Content-Type", "text/plain")],
            text.encode())
        return connection.final(connection.ask(m))

    def row(self, partner="srv:fabrikam.test"):
        """Of the operator's status."""
        rows = [r for r in self.contoso.status()["tables"]["partners"]
                if r["partner"] == partner]
        self.assertEqual(len(rows), 1, rows)
        return rows[0]

    def assertDiagnostics(self, reply, status, number):
        self.assertStatus(reply, status)
        self.assertIn(str(number), reply.get("ms-diagnostics"))
