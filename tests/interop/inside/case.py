# SPDX-License-Identifier: Apache-2.0
"""The base of the conversations with servers inside: contoso's edge in front
of one or more Kamailios, fabrikam scripted, in a network of their own."""
from harness.case import Apart, Walled
from harness.sip import Client
from harness.stage import wait_for
from inside.kamailio import PASSWORD, Kamailio
from peers.names import Names
from peers.network import RESOLVER


class Inside(Apart, Walled):
    servers = ("pool.contoso.internal",)
    kamailio_words = {}
    more_keys = ""

    def before_start(self):
        """Walled calls it when contoso is made and not yet started."""
        org = self.contoso
        org.inside_port = 15070
        table = {org.edge: org.address}
        self.stage.later(Names(table, RESOLVER, 53))
        self.names = table
        self.kamailios = [self.server(name, n)
                          for n, name in enumerate(self.servers)]
        self.kamailio = self.kamailios[0]
        org.inside = self.keys()
        org.extra += f'dns: {{ servers: ["{RESOLVER}:53"] }}\n'

    def address_of(self, n):
        return self.contoso.beside(n + 2)

    def listen(self):
        return f"{self.contoso.host}:{self.contoso.inside_port}"

    def next_hops(self):
        return [f"{k.name}:{k.port}" for k in self.kamailios]

    def server(self, name, n):
        self.names[name] = self.address_of(n)
        return self.stage.later(Kamailio(
            self.network, self.stage, self.contoso, name, self.address_of(n),
            **self.kamailio_words))

    def keys(self):
        hops = ", ".join(f'"{h}"' for h in self.next_hops())
        return ("inside:\n  home: none\n"
                f"  next_hop: [{hops}]\n"
                f'  listen: ["{self.listen()}"]\n' + self.more_keys)

    def wait_up(self, k, count=None, since=0):
        """Each worker has found it."""
        n = count or self.contoso.workers

        def up():
            k.revive()
            return len({e["slot"] for e in self.contoso.log.find(
                "inside.up", since=since, next_hop=k.hop_name)}) >= n
        try:
            wait_for(up, 60, f"{k.name} is up at {n} workers")
        except AssertionError as e:
            tale = "\n".join(self.contoso.log.lines[-60:])
            raise AssertionError(f"{e}\n{k.log[-2000:]}\n{tale}") from None

    def after_start(self):
        for k in self.kamailios:
            self.wait_up(k)

    def sign_in(self, c):
        c.registered = c.register(algorithm="")
        return c.registered

    def client(self, org, user, register=True, **kw):
        org.passwords.setdefault(user, PASSWORD)
        c = self.stage.later(Client(org, user, **kw))
        if register:
            self.assertStatus(self.sign_in(c), 200)
        return c

    def client_on(self, org, user, slot, **kw):
        for _ in range(200):
            c = self.client(org, user, register=False, **kw)
            if self.slot_of(c) == slot:
                self.assertStatus(self.sign_in(c), 200)
                return c
            c.close()
        self.fail(f"no connection landed on worker {slot}")
