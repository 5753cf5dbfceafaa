# SPDX-License-Identifier: Apache-2.0
"""How a partner proves itself, beside names and dates: an authority, pinned
keys, TLSA records in a zone that is really signed, key usages; both ways, as
the partner's entry says.

* A pinned key needs no authority; another key with the same name and a good
  certificate is refused, when it comes and when it is dialled.
* A TLSA record likewise; one that names another certificate, or is not
  validated, is refused (DNS-02); `dane-or-pki` takes an authority where there
  is decidedly no record.
* Who is connected when the pins change loses the connection with a reload.
"""
import hashlib
import ssl
import subprocess

from federation.world import World
from harness.sip import Partner
from harness.stage import wait_for
from tls.issuer import Issuer

NAME = "sip1.fabrikam.test"


def digest(certificate):
    """SHA-256 of its SubjectPublicKeyInfo."""
    pem = subprocess.run(["openssl", "x509", "-in", str(certificate),
                          "-noout", "-pubkey"], capture_output=True,
                         text=True, check=True).stdout
    body = "".join(line for line in pem.splitlines() if "---" not in line)
    return hashlib.sha256(ssl.base64.b64decode(body)).hexdigest()


class Proof(World):
    """own is signed by nobody; good by an authority that contoso trusts."""

    tlsa = ()  # names of certificates

    @property
    def records(self):
        issuer = Issuer(self.stage.folder / "nobody", "nobody")
        self.own = issuer.self_signed("own", f"DNS:{NAME}")
        self.good = self.fabrikam.ca.leaf("good", [f"DNS:{NAME}"])
        return ["_sipfederationtls._tcp.fabrikam SRV 10 0 15061 sip1.fabrikam",
                "sip1.fabrikam A @A@"] + [
            "_5061._tcp.sip1.fabrikam TLSA 3 1 1 " + digest(
                getattr(self, name)[0]) for name in self.tlsa]

    entry = ""

    @property
    def line(self):
        return (f"{{ domain: fabrikam.test, {self.entry}"
                'allow_addresses: ["127.0.0.0/8"] }')

    def wants(self, entry):
        self.entry = entry
        self.contoso.partner_lines[:] = [self.line]
        self.contoso.write()
        self.contoso.run("reload")

        def taken():
            status = self.contoso.status()
            return {p["generation"] for p in status["processes"]
                    if p["role"] == "edge"} == {status["generation"]}
        wait_for(taken, 15, "every worker has taken it over")

    def serve(self, cert):
        """fabrikam's server with that certificate; its clients need ours."""
        return self.stage.later(Partner((self.a, 15061), "sip1",
                                        self.fabrikam.ca, cert,
                                        self.contoso.ca.pem))

    def comes(self, cert, number):
        """What becomes of a message when that one dials us; None: no TLS."""
        dialler = Partner.__new__(Partner)
        dialler.cert, dialler._take = cert, lambda m, c: None
        try:
            c = self.stage.later(dialler.dial(self.contoso))
        except (OSError, ssl.SSLError):
            return None
        reply = self.from_zoe(c, self.alice.aor, f"in {number}", number)
        return reply.status if reply else None

    def assertComes(self, cert, number):
        self.assertEqual(self.comes(cert, number), 200)

    def assertStays(self, cert, number, why=None):
        before = len(self.contoso.log.events)
        self.assertIn(self.comes(cert, number), (None, 403, 504))
        self.assertNotIn(f"in {number}", [t for _, t in self.alice.received])
        if why:
            e = self.contoso.log.wait("tls.peer_unproven", since=before)
            self.assertIn(why, e["why"])

    def goes(self):
        return self.alice.message("zoe@fabrikam.test", "out", timeout=30)


class Pins(Proof):
    def test_a_key_and_no_authority(self):
        self.alice = self.client(self.contoso, "alice")
        self.assertStays(self.own, 1)
        self.wants(f"proof: pin, pins: [{digest(self.own[0])}], ")
        self.assertComes(self.own, 2)
        self.assertStays(self.good, 3, "not one of those pinned")
        server = self.serve(self.own)
        self.assertStatus(self.goes(), 200)
        self.assertEqual(server.requests.get(timeout=5)[0].body, b"out")

    def test_a_key_and_an_authority(self):
        self.alice = self.client(self.contoso, "alice")
        other = self.fabrikam.ca.leaf("other", [f"DNS:{NAME}"])
        self.wants(f"pins: [{digest(self.good[0])}], ")
        self.assertComes(self.good, 1)
        self.assertStays(other, 2, "not one of those pinned")
        self.assertStays(self.own, 3)
        server = self.serve(other)
        self.assertDiagnostics(self.goes(), 504, 1010)
        self.contoso.log.wait("tls.peer_unproven", timeout=5)
        self.assertTrue(server.requests.empty())

    def test_pins_change_while_it_is_connected(self):
        self.alice = self.client(self.contoso, "alice")
        server = self.serve(self.good)
        self.assertStatus(self.goes(), 200)
        incoming = self.stage.later(server.dial(self.contoso))
        self.assertStatus(self.from_zoe(incoming, self.alice.aor, "x", 1),
                          200)
        ours = wait_for(lambda: server.connections, 10, "noted")[0]
        self.wants(f"pins: [{digest(self.own[0])}, "
                   f"{digest(self.good[0])}], ")
        self.assertStatus(self.goes(), 200)
        self.assertStatus(self.from_zoe(incoming, self.alice.aor, "y", 2),
                          200)
        self.assertFalse(ours.closed.is_set(), "it stays allowed")
        self.wants(f"pins: [{digest(self.own[0])}], ")
        self.assertTrue(ours.closed.wait(10), "ours ends")
        self.assertTrue(incoming.closed.wait(10), "theirs ends")

    def test_key_usage(self):
        self.alice = self.client(self.contoso, "alice")
        leaf = self.fabrikam.ca.leaf
        one = {"client": "clientAuth", "server": "serverAuth",
               "sip": "1.3.6.1.5.5.7.3.20"}
        certs = {k: leaf(k, [f"DNS:{NAME}"], usage=v)
                 for k, v in one.items()}
        number = 0
        for wanted in ("any", *one):
            self.wants(f"key_usage: {wanted}, ")
            for has, cert in certs.items():
                number += 1
                if wanted in ("any", has):
                    self.assertComes(cert, number)
                else:
                    self.assertStays(cert, number, "key usage")


class Records(Proof):
    tlsa = ("own",)

    def test_a_record_and_no_authority(self):
        self.alice = self.client(self.contoso, "alice")
        self.assertStays(self.own, 1)
        self.wants("proof: dane, ")
        for n in range(2, 8):  # by every worker, one after the other
            self.assertComes(self.own, n)
        self.assertStays(self.good, 8, "another certificate")
        server = self.serve(self.own)
        self.assertStatus(self.goes(), 200)
        self.assertEqual(server.requests.get(timeout=5)[0].body, b"out")

    def test_another_certificate(self):
        """An authority does not help against a record that says otherwise."""
        self.alice = self.client(self.contoso, "alice")
        self.wants("proof: dane-or-pki, ")
        server = self.serve(self.good)
        self.assertDiagnostics(self.goes(), 504, 1010)
        self.assertTrue(server.requests.empty())
        self.assertStays(self.good, 1, "another certificate")
        self.assertComes(self.own, 2)


class NoRecords(Proof):
    def test_no_record(self):
        self.alice = self.client(self.contoso, "alice")
        self.wants("proof: dane, ")
        server = self.serve(self.good)
        self.assertDiagnostics(self.goes(), 504, 1010)
        self.assertStays(self.good, 1, "no TLSA record")
        self.wants("proof: dane-or-pki, ")
        self.assertComes(self.good, 2)
        self.assertStays(self.own, 3)
        wait_for(lambda: self.goes().status == 200, 30, "after the back-off")
        self.assertFalse(server.requests.empty())


class Forged(Proof):
    """The records are signed by another key than we know: nothing is
    believed, and nobody is let in for lack of them."""

    tlsa = ("own",)
    entry = "edge: sip1.fabrikam.test, proof: dane-or-pki, "

    def trust_anchor(self):
        return self.zone.wrong_anchor()

    def test_forged(self):
        self.alice = self.client(self.contoso, "alice")
        for n, cert in enumerate((self.good, self.own)):
            self.assertStays(cert, n)
        self.assertTrue(self.contoso.log.find("dns.fail"))
