# SPDX-License-Identifier: Apache-2.0
"""A server inside in place of the built-in home: Kamailio, by mutual TLS.

* The edge has a connection of each worker to it, and says that it is up.
* A client signs in there: the challenge and the answer pass, the binding has
  the edge's Path, the client is told to come by the edge (Service-Route), and
  from then on it sends as nobody else.
* Messages go from client to client by the server, to partners and from them.
* A call crosses the wall: INVITE, ACK, BYE of either side, with the server in
  the dialog and without.
* What is internal does not cross, either way.
* A binding whose connection is gone is answered 430.
"""
from harness.case import Six
from harness.sip import answer, request
from harness.stage import wait_for
from inside.case import Inside


class Messages(Inside):
    def test_sign_in(self):
        alice = self.client(self.contoso, "alice")
        reply = alice.registered
        self.assertEqual(
            reply.all("Service-Route"),
            [f"<sip:{self.contoso.edge}:{self.contoso.client_port}"
             ";transport=tls;lr>"])
        self.assertEqual(len(reply.all("Contact")), 1)

    def test_wrong_password(self):
        self.contoso.passwords["mallory"] = "guess"
        mallory = self.client(self.contoso, "mallory", register=False)
        self.assertStatus(self.sign_in(mallory), 401)

    def test_between_clients(self):
        alice = self.client(self.contoso, "alice")
        for slot in range(self.contoso.workers):
            bob = self.client_on(self.contoso, f"bob{slot}", slot)
            self.assertStatus(alice.message(bob.aor, f"hello {slot}"), 200)
            self.assertReceived(bob, f"hello {slot}")

    def test_to_a_partner(self):
        alice = self.client(self.contoso, "alice")
        reply = alice.message("zoe@fabrikam.test", "out", extra=(
            ("ms-diagnostics", "1;reason=x"), ("Privacy", "none")))
        self.assertStatus(reply, 200)
        m, _ = self.partner.requests.get(timeout=5)
        self.assertEqual(m.body, b"out")
        self.assertEqual(m.all("P-Asserted-Identity"),
                         [f"<sip:{alice.aor}>"])
        self.assertEqual(m.all("ms-diagnostics"), [])
        self.assertEqual(len(m.all("Via")), 1)
        self.kamailio.wait_log(f"pai=<sip:{alice.aor}>")

    def test_from_a_partner(self):
        bob = self.client(self.contoso, "bob")
        zoe = self.dial()
        m = request("MESSAGE", f"sip:{bob.aor}", "zoe@fabrikam.test", bob.aor,
                    "edge.fabrikam.test",
                    [("P-Asserted-Identity", "<sip:boss@contoso.test>"),
                     ("ms-edge-proxy-message-trust",
                      "ms-source-type=AuthorizedServer")],
                    b"in")
        self.assertStatus(zoe.final(zoe.ask(m)), 200)
        self.assertReceived(bob, "in")
        self.kamailio.wait_log("REQ MESSAGE")
        self.assertNotIn("boss", self.kamailio.log)
        self.assertNotIn("AuthorizedServer", self.kamailio.log)
        self.kamailio.wait_log("trust=ms-source-type=DirectPartner")

    def test_as_somebody_else(self):
        alice = self.client(self.contoso, "alice")
        m = request("MESSAGE", "sip:zoe@fabrikam.test", "carol@contoso.test",
                    "zoe@fabrikam.test", "softphone.invalid", [], b"x")
        self.assertStatus(alice.final(alice.ask(m)), 403)
        self.assertEqual(self.contoso.log.wait("id.mismatch")["code"], "403")

    def test_partner_to_another_domain(self):
        zoe = self.dial()
        m = request("MESSAGE", "sip:x@litware.test", "zoe@fabrikam.test",
                    "x@litware.test", "edge.fabrikam.test", [], b"in")
        self.assertStatus(zoe.final(zoe.ask(m)), 404)

    def test_connection_is_gone(self):
        alice = self.client(self.contoso, "alice")
        bob = self.client(self.contoso, "bob")
        source = bob.source
        bob.close()
        self.contoso.log.wait("conn.end", source=source)
        reply = alice.message(bob.aor, "too late")
        self.assertStatus(reply, 430)

    def test_routes_of_outsiders_lead_nowhere(self):
        """A client cannot tell the server inside where to send."""
        alice = self.client(self.contoso, "alice")
        bob = self.client(self.contoso, "bob")
        reply = alice.message(bob.aor, "round about", extra=(
            ("Route", f"<sip:{self.contoso.edge}:{self.contoso.client_port}"
             ";lr>, <sip:192.0.2.66:5060;transport=tcp;lr>"),))
        self.assertStatus(reply, 200)
        self.assertReceived(bob, "round about")
        self.assertNotIn("192.0.2.66", self.kamailio.log)

    def test_service_route_stays_inside(self):
        """What the server gave is on its client's requests again."""
        alice = self.client(self.contoso, "alice")
        self.assertStatus(alice.message("zoe@fabrikam.test", "out"), 200)
        self.kamailio.wait_log(f"route=<sip:{self.kamailio.name}:5061")

    def test_status_and_metrics(self):
        rows = self.contoso.status()["tables"]["inside"]
        self.assertEqual([r["state"] for r in rows],
                         ["up"] * self.contoso.workers)
        self.assertEqual({r["next_hop"] for r in rows},
                         {self.kamailio.name})
        wait_for(lambda: self.contoso.metric("inside_next_hops_up")
                 == self.contoso.workers, 10, "all up")


class Calls(Inside):
    def call(self):
        """alice calls zoe at the partner: (alice's end, zoe's)."""
        alice = self.client(self.contoso, "alice")
        self.partner.reply = self.pick_up
        m = request("INVITE", "sip:zoe@fabrikam.test", alice.aor,
                    "zoe@fabrikam.test", "softphone.invalid",
                    [("Contact", f"<{alice.contact}>")], b"v=0")
        ok = alice.final(alice.ask(m))
        self.assertStatus(ok, 200)
        invite, link = self.partner.requests.get(timeout=5)
        alice.send(self.inside_dialog(alice, m, ok, "ACK", cseq=1))
        ack, _ = self.partner.requests.get(timeout=5)
        self.assertEqual(ack.method, "ACK")
        return alice, m, ok, invite, link

    def pick_up(self, m, c):
        if m.method == "ACK":
            return None
        more = [("Record-Route", v) for v in m.all("Record-Route")]
        if m.method == "INVITE":
            more.append(("Contact", f"<sip:zoe@{self.fabrikam.host}:15061"
                         ";transport=tls>"))
        return answer(m, 200, headers=more)

    def inside_dialog(self, end, m, ok, method, cseq):
        """A request of the caller."""
        routes = [v.strip() for h in ok.all("Record-Route")
                  for v in h.split(",")]
        out = request(method, ok.get("Contact").strip("<>"), end.aor,
                      "zoe@fabrikam.test", "softphone.invalid",
                      [("Route", v) for v in reversed(routes)], cseq=cseq,
                      call_id=m.get("Call-ID"))
        out.headers = [(n, {"From": m.get("From"), "To": ok.get("To")}
                        .get(n, v)) for n, v in out.headers]
        return out

    def test_caller_hangs_up(self):
        alice, m, ok, _, _ = self.call()
        bye = self.inside_dialog(alice, m, ok, "BYE", 2)
        self.assertStatus(alice.final(alice.ask(bye)), 200)
        got, _ = self.partner.requests.get(timeout=5)
        self.assertEqual(got.method, "BYE")
        self.assertStays(alice, "BYE")

    def test_callee_hangs_up(self):
        alice, m, ok, invite, link = self.call()
        alice.on_request = lambda r, c: answer(r, 200)
        routes = [v.strip() for h in invite.all("Record-Route")
                  for v in h.split(",")]
        bye = request("BYE", invite.get("Contact").strip("<>"),
                      "zoe@fabrikam.test", alice.aor, "edge.fabrikam.test",
                      [("Route", v) for v in routes], cseq=7,
                      call_id=m.get("Call-ID"))
        bye.headers = [(n, {"From": ok.get("To"), "To": m.get("From")}
                        .get(n, v)) for n, v in bye.headers]
        other = self.dial()
        self.assertStatus(other.final(other.ask(bye)), 200)
        self.assertEqual([r.method for r in alice.requests], ["BYE"])
        self.assertStays(alice, "BYE")

    def assertStays(self, alice, method):
        """The server saw this request, or did not: what it logs later is
        behind it in its log."""
        alice.message(f"nobody@{self.contoso.domain}", "later")
        self.kamailio.wait_log("REQ MESSAGE ")
        self.assertEqual(f"REQ {method} " in self.kamailio.log, self.stays)

    stays = True


class CallsWithoutTheServer(Calls):
    """It does not record its route: the dialog passes it by."""
    kamailio_words = {"record": False}
    stays = False


class MessagesSix(Six, Messages):
    pass


class CallsSix(Six, Calls):
    pass
