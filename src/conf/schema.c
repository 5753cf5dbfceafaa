/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema: one row for each key, parents before their children. A key
 * whose feature is not here yet has a row too, so that it is refused by name
 * and never ignored. (The table is long because it is the manual.)
 */
#include "conf/schema.h"

#include <string.h>

#include "conf/conf.h"
#include "home/home_conf.h"

#define AT(field) .offset = offsetof(struct conf, field)
#define COUNT(field) .count = offsetof(struct conf, field)
#define ENTRY(type) \
	.entry = sizeof(struct type), .line = offsetof(struct type, line)
#define IN_PARTNER(field) .offset = offsetof(struct conf_partner, field)
#define IN_BLOCK(field) .offset = offsetof(struct conf_block, field)
#define IN_PROVIDER(field) .offset = offsetof(struct conf_provider, field)
#define IN_POLICY(field) .offset = offsetof(struct conf_policy, field)
#define IN_CERTIFICATE(field) .offset = offsetof(struct conf_certificate, field)

static const struct conf_choice LEVELS[] = {
	{ "error", LOG_ERROR, NULL },
	{ "warn", LOG_WARN, NULL },
	{ "info", LOG_INFO, NULL },
	{ "debug", LOG_DEBUG, NULL },
	{ NULL, 0, NULL },
};

static const struct conf_choice FORMATS[] = {
	{ "text", LOG_TEXT, NULL },
	{ "json", LOG_JSON, NULL },
	{ NULL, 0, NULL },
};

static const struct conf_choice HOMES[] = {
	{ "builtin", true, NULL },
	{ "none", false, NULL },
	{ NULL, 0, NULL },
};

static const struct conf_choice STRANGERS[] = {
	{ "allow", PRESENCE_STRANGERS_ALLOW, NULL },
	{ "ask", PRESENCE_STRANGERS_ASK, NULL },
	{ "block", PRESENCE_STRANGERS_BLOCK, NULL },
	{ NULL, 0, NULL },
};

static const struct conf_choice DISCOVERIES[] = {
	{ "off", 0, NULL },
	{ "on", 1, NULL },
	{ NULL, 0, NULL },
};

static const struct conf_choice VERIFICATIONS[] = {
	{ "contacts", CONF_CONTACTS, NULL },
	{ "always", CONF_ALWAYS, NULL },
	{ "source", CONF_SOURCE, NULL },
	{ "source-strict", CONF_SOURCE_STRICT, NULL },
	{ NULL, 0, NULL },
};

static const struct conf_choice PROVIDER_KINDS[] = {
	{ "public", CONF_PUBLIC, NULL },
	{ "hosting", CONF_HOSTING, NULL },
	{ "xmpp", CONF_XMPP, NULL },
	{ NULL, 0, NULL },
};

#define PROOF_CHOICES                                                       \
	{ "pki", CONF_PROOF_PKI, NULL }, { "dane", CONF_PROOF_DANE, NULL }, \
	{                                                                   \
		"dane-or-pki", CONF_PROOF_DANE_OR_PKI, NULL                 \
	}
#define USAGE_CHOICES                                  \
	{ "any", CONF_USAGE_ANY, NULL },               \
		{ "client", CONF_USAGE_CLIENT, NULL }, \
		{ "server", CONF_USAGE_SERVER, NULL }, \
	{                                              \
		"sip", CONF_USAGE_SIP, NULL            \
	}

static const struct conf_choice PROOFS_OF_ALL[] = {
	PROOF_CHOICES,
	{ NULL, 0, NULL },
};

static const struct conf_choice PROOFS[] = {
	{ "default", CONF_PROOF_DEFAULT, NULL },
	{ "pin", CONF_PROOF_PIN, NULL },
	PROOF_CHOICES,
	{ NULL, 0, NULL },
};

static const struct conf_choice USAGES_OF_ALL[] = {
	USAGE_CHOICES,
	{ NULL, 0, NULL },
};

static const struct conf_choice USAGES[] = {
	{ "default", CONF_USAGE_DEFAULT, NULL },
	USAGE_CHOICES,
	{ NULL, 0, NULL },
};

static const struct conf_choice AFTER_ENDS[] = {
	{ "refuse", false, NULL },
	{ "successor", true, NULL },
	{ NULL, 0, NULL },
};

static const struct conf_choice MAY[] = {
	{ "true", CONF_MAY, NULL },        { "false", CONF_MAY_NOT, NULL },
	{ "yes", CONF_MAY, NULL },         { "no", CONF_MAY_NOT, NULL },
	{ "inherit", CONF_INHERIT, NULL }, { NULL, 0, NULL },
};

static const struct conf_choice BOOLS[] = {
	{ "true", true, NULL }, { "false", false, NULL },
	{ "yes", true, NULL },  { "no", false, NULL },
	{ "on", true, NULL },   { "off", false, NULL },
	{ NULL, 0, NULL },
};

static const struct conf_choice XDPS[] = {
	{ "off", CONF_XDP_OFF, NULL },
	{ "auto", CONF_XDP_AUTO, NULL },
	{ "on", CONF_XDP_ON, NULL },
	{ NULL, 0, NULL },
};

static const struct conf_choice MD5S[] = {
	{ "true", HOME_MD5_TOO, NULL },  { "false", HOME_MD5_NEVER, NULL },
	{ "only", HOME_MD5_ONLY, NULL }, { "yes", HOME_MD5_TOO, NULL },
	{ "no", HOME_MD5_NEVER, NULL },  { "on", HOME_MD5_TOO, NULL },
	{ "off", HOME_MD5_NEVER, NULL }, { NULL, 0, NULL },
};

const struct conf_key CONF_KEYS[] = {
	{ .path = "edge",
	  .type = CONF_SECTION,
	  .missing = "write edge: with name: and domains: under it",
	  .doc = "Who we are." },
	{ .path = "edge.name",
	  .type = CONF_DOMAIN,
	  AT(edge.name),
	  .missing = "write our FQDN, such as name: edge.contoso.test",
	  .example = "edge.contoso.test",
	  .doc = "The fully qualified domain name of this server. It has to be "
		 "in our certificate; it stands in Record-Route headers and "
		 "in diagnostics, and partners connect to it. Partners that "
		 "find us by SRV accept it only when it is a host directly in "
		 "the domain that they asked for." },
	{ .path = "edge.domains",
	  .type = CONF_DOMAINS,
	  AT(edge.domains),
	  COUNT(edge.domain_count),
	  .min = 1,
	  .max = 1000,
	  .missing = "write our SIP domains, such as domains: [contoso.test]",
	  .example = "[contoso.test]",
	  .doc = "Our SIP domains: users of ours are addressed in them, and "
		 "nobody outside may send as one of them. Each domain is "
		 "named exactly; a domain does not include those below it." },
	{ .path = "state",
	  .type = CONF_PATH,
	  AT(state),
	  .fallback = "/var/lib/sallyport",
	  .max = 4095,
	  .doc = "The folder of the database and of the keys that the server "
		 "makes for itself." },
	{ .path = "control",
	  .type = CONF_PATH,
	  AT(control),
	  .fallback = "/run/sallyport/control",
	  .max = 107,
	  .doc = "The Unix socket on which the server listens to "
		 "`sallyport`(1), at most 107 bytes." },
	{ .path = "tls",
	  .type = CONF_SECTION,
	  .missing = "write tls: with certificate: and key: under it",
	  .doc = "How we prove who we are, and whom we believe." },
	{ .path = "tls.certificate",
	  .type = CONF_FILE,
	  AT(tls.certificate),
	  .readers = CONF_FOR_EDGE | CONF_FOR_ADMIN | CONF_FOR_RELAY_TLS,
	  .missing = "write the file of our certificate chain, such as "
		     "certificate: /etc/sallyport/edge.pem",
	  .example = "/etc/sallyport/edge.pem",
	  .doc = "Our certificate and the intermediate ones, in PEM, ours "
		 "first. Partners insist on `edge.name` in it and, when they "
		 "are Microsoft servers, on client use beside server use." },
	{ .path = "tls.key",
	  .type = CONF_FILE,
	  AT(tls.key),
	  .readers = CONF_FOR_EDGE | CONF_FOR_RELAY_TLS,
	  .secret = true,
	  .missing = "write the file of the private key, such as "
		     "key: /etc/sallyport/edge.key",
	  .example = "/etc/sallyport/edge.key",
	  .doc = "The private key of the certificate, in PEM without a "
		 "password. A key that other users of the machine can read "
		 "is refused: its mode has to be 640 or 600." },
	{ .path = "tls.trust",
	  .type = CONF_FILE,
	  AT(tls.trust),
	  .readers = CONF_FOR_EDGE,
	  .fallback = "system",
	  .doc = "The authorities that may vouch for partners, in PEM. "
		 "`system` is the list of the distribution, "
		 "/etc/ssl/certs/ca-certificates.crt." },
	{ .path = "tls.crl",
	  .type = CONF_FILE,
	  AT(tls.crl),
	  .readers = CONF_FOR_EDGE | CONF_FOR_ADMIN,
	  .example = "/etc/sallyport/revoked.pem",
	  .doc = "Revocation lists of the authorities, in PEM, any number of "
		 "them in one file. A certificate on a list is refused, and so "
		 "is every certificate of an authority whose list is out of "
		 "date: put the new list in place and reload, in time. For "
		 "authorities without a list here none is asked for." },
	{ .path = "tls.accept_server_usage",
	  .type = CONF_CHOICE,
	  AT(tls.accept_server_usage),
	  .fallback = "true",
	  .choices = BOOLS,
	  .doc = "Whether a partner that connects to us may show a certificate "
		 "whose extended key usage names servers only. Public "
		 "authorities stop issuing the client usage in 2026 and 2027, "
		 "so that many partners have no other. Everything else is "
		 "checked all the same. `false` asks for the client usage." },
	{ .path = "tls.certificates",
	  .type = CONF_ROWS,
	  AT(tls.certificates),
	  COUNT(tls.certificate_count),
	  ENTRY(conf_certificate),
	  .max = 1000,
	  .example = "- { certificate: ..., key: ... }",
	  .doc = "More certificates of ours, one for each domain, say. Whoever "
		 "asks for a name (SNI) that is in one of them is shown that "
		 "one; everybody else is shown `tls.certificate`. Names count "
		 "exactly, wildcards do not. To partners that we connect to we "
		 "always show `tls.certificate`." },
	{ .path = "tls.certificates[].certificate",
	  .type = CONF_FILE,
	  IN_CERTIFICATE(certificate),
	  .readers = CONF_FOR_EDGE | CONF_FOR_ADMIN | CONF_FOR_RELAY_TLS,
	  .missing = "write the file of the certificate chain, such as "
		     "certificate: /etc/sallyport/fabrikam.pem",
	  .example = "/etc/sallyport/fabrikam.pem",
	  .doc = "The certificate and the intermediate ones, in PEM." },
	{ .path = "tls.certificates[].key",
	  .type = CONF_FILE,
	  IN_CERTIFICATE(key),
	  .readers = CONF_FOR_EDGE | CONF_FOR_RELAY_TLS,
	  .secret = true,
	  .missing = "write the file of its private key, such as "
		     "key: /etc/sallyport/fabrikam.key",
	  .example = "/etc/sallyport/fabrikam.key",
	  .doc = "Its private key, as for `tls.key`." },
	{ .path = "access",
	  .type = CONF_SECTION,
	  .doc = "Where we listen. Without this section both kinds of "
		 "listener are open at their defaults; with it, only those "
		 "whose section is written." },
	{ .path = "access.federation",
	  .type = CONF_SECTION,
	  .doc = "Partners: SIP over mutual TLS." },
	{ .path = "access.federation.listen",
	  .type = CONF_ADDRS,
	  AT(access.federation.listen),
	  COUNT(access.federation.listen_count),
	  .max = 64,
	  .fallback = "[::]:5061",
	  .example = "[\"[::]:5061\"]",
	  .by_section = true,
	  .doc = "Addresses and ports for partners, `\"192.0.2.1:5061\"` or "
		 "`\"[2001:db8::1]:5061\"`; an empty list for none." },
	{ .path = "access.federation.discovery",
	  .type = CONF_CHOICE,
	  AT(access.discovery.on),
	  .fallback = "off",
	  .choices = DISCOVERIES,
	  .doc = "`off`: only listed partners may connect. `on`: every domain "
		 "that is not blocked may, when its SRV record "
		 "_sipfederationtls._tcp names a host directly in it and the "
		 "peer's certificate proves that host. What is not listed is "
		 "held to the limits below; `sallyport partner` lists, "
		 "watches, blocks and allows such domains." },
	{ .path = "access.federation.discovered_verification",
	  .type = CONF_CHOICE,
	  AT(access.discovery.verification),
	  .fallback = "source",
	  .choices = VERIFICATIONS,
	  .doc = "Whether users of partners that are not listed count as "
		 "verified: `contacts` never (they reach only those who have "
		 "them as a contact), `always`, or as the mark of the `source` "
		 "says; `source-strict`: what has no mark is refused." },
	{ .path = "access.federation.discovered_rate",
	  .type = CONF_U32,
	  AT(access.discovery.rate),
	  .min = 1,
	  .max = 10000,
	  .fallback = "20",
	  .doc = "Requests a second from one partner that is not listed, over "
		 "all workers; one a second when more than ten of its requests "
		 "fail for each that succeeds." },
	{ .path = "access.federation.discovered_addresses",
	  .type = CONF_U32,
	  AT(access.discovery.addresses),
	  .max = 100000,
	  .fallback = "1000",
	  .doc = "How many of our addresses, existing or not, one partner that "
		 "is not listed may try. Then it is watched, and new ones are "
		 "refused until the operator clears or allows it. 0: as many "
		 "as it likes." },
	{ .path = "access.federation.allow_addresses",
	  .type = CONF_PREFIXES,
	  AT(access.discovery.allow_addresses),
	  COUNT(access.discovery.allow_count),
	  .max = 64,
	  .example = "[\"10.8.0.0/16\"]",
	  .doc = "Special addresses to which names of partners that are not "
		 "listed may resolve; see `partners[].allow_addresses`." },
#include "conf/schema_federation.tbl"
	{ .path = "access.clients",
	  .type = CONF_SECTION,
	  .doc = "Our own users outside: SIP over TLS." },
	{ .path = "access.clients.listen",
	  .type = CONF_ADDRS,
	  AT(access.clients.listen),
	  COUNT(access.clients.listen_count),
	  .max = 64,
	  .fallback = "[::]:443",
	  .example = "[\"[::]:443\"]",
	  .by_section = true,
	  .doc = "Addresses and ports for the devices of our users; an empty "
		 "list for none." },
	{ .path = "access.clients.origins",
	  .type = CONF_DOMAINS,
	  AT(access.clients.origins),
	  COUNT(access.clients.origin_count),
	  .max = 64,
	  .example = "[chat.contoso.test]",
	  .doc = "Web sites, by their names, whose pages may sign our users "
		 "in over WebSocket (the browser tells which page it is, as "
		 "Origin). Pages of the name that was connected to always "
		 "may, and so do programs that are no browser." },
	{ .path = "access.clients.load_balancers",
	  .type = CONF_PREFIXES,
	  AT(access.clients.balancers),
	  COUNT(access.clients.balancer_count),
	  .max = 64,
	  .example = "[\"192.0.2.16/30\"]",
	  .doc = "Networks of load balancers in front of "
		 "`access.clients.listen`. Who connects from one has to send "
		 "the PROXY protocol, version 2, before anything else, and the "
		 "address in it is taken for the client's; from nobody else "
		 "it is understood." },
	{ .path = "web",
	  .type = CONF_SECTION,
	  .doc = "What browsers are served on `access.clients.listen`." },
	{ .path = "web.client",
	  .type = CONF_CHOICE,
	  AT(web.client),
	  .fallback = "on",
	  .choices = BOOLS,
	  .doc = "The web client at `/`: a page with which our users sign in, "
		 "see who is there, write and call. It holds nothing of "
		 "anybody, loads nothing from elsewhere, and a browser gets "
		 "nothing through it that a softphone would not get. `off`: "
		 "no page; WebSocket and `/turn` stay. A program that was "
		 "built without it says so at `/`." },
	{ .path = "inside",
	  .type = CONF_SECTION,
	  .doc = "Where our users are." },
	{ .path = "inside.home",
	  .type = CONF_CHOICE,
	  AT(inside.builtin),
	  .fallback = "builtin",
	  .example = "none",
	  .choices = HOMES,
	  .doc = "`builtin`: this server keeps the accounts and delivers "
		 "to the devices of our users itself. `none`: servers inside "
		 "do; they authenticate our users and are named in "
		 "`inside.next_hop`. All other keys of this section are for "
		 "`none`. It changes at a restart only." },
	{ .path = "inside.next_hop",
	  .type = CONF_HOPS,
	  AT(inside.next_hop),
	  COUNT(inside.next_hop_count),
	  .max = 8,
	  .example = "[\"pool.contoso.internal:5061\"]",
	  .doc = "The servers inside, the preferred one first: the others "
		 "are used while it does not answer. `name:port` is dialled "
		 "over TLS, and the certificate has to prove that name. "
		 "`address:port` is dialled over plain TCP and has to lie in "
		 "`inside.trusted_link`. A single name without a port is "
		 "looked up by SRV (_sips._tcp), and what it leads to has to "
		 "be named in `inside.peers`. Each server is asked with "
		 "OPTIONS whether it is there." },
	{ .path = "inside.listen",
	  .type = CONF_ADDRS,
	  AT(inside.listen),
	  COUNT(inside.listen_count),
	  .max = 64,
	  .example = "[\"10.0.0.1:5061\"]",
	  .doc = "Addresses and ports for the servers inside: mutual TLS, or "
		 "plain TCP for who comes from `inside.trusted_link`. They "
		 "learn the port of the first one as the way to our users' "
		 "devices and to partners." },
	{ .path = "inside.name",
	  .type = CONF_DOMAIN,
	  AT(inside.name),
	  .example = "edge.contoso.internal",
	  .doc = "The name by which servers inside find us, when it is not "
		 "`edge.name`. They have to resolve it to an address of "
		 "`inside.listen`, and it has to be in the certificate." },
	{ .path = "inside.peers",
	  .type = CONF_DOMAINS,
	  AT(inside.peers),
	  COUNT(inside.peer_count),
	  .max = 64,
	  .example = "[pool.contoso.internal]",
	  .doc = "Which servers inside may connect to us: the exact names in "
		 "their certificates. Without it, those of "
		 "`inside.next_hop`." },
	{ .path = "inside.trusted_link",
	  .type = CONF_PREFIXES,
	  AT(inside.trusted_link),
	  COUNT(inside.trusted_link_count),
	  .max = 64,
	  .example = "[\"10.0.0.0/29\"]",
	  .doc = "Networks in which plain TCP to and from servers inside is "
		 "right, because nobody else is on them: whoever has an "
		 "address in one is believed. Without it there is TLS only." },
	{ .path = "inside.health_s",
	  .type = CONF_U32,
	  AT(inside.health_s),
	  .min = 1,
	  .max = 3600,
	  .unit = "seconds",
	  .fallback = "10",
	  .doc = "How often each server inside is asked with OPTIONS. Two "
		 "questions in a row without an answer and it is not used; "
		 "two answers in a row and it is used again." },
	{ .path = "inside.certificate",
	  .type = CONF_FILE,
	  AT(inside.certificate),
	  .readers = CONF_FOR_EDGE | CONF_FOR_ADMIN,
	  .example = "/etc/sallyport/inside.pem",
	  .doc = "Our certificate towards the inside, when it is not "
		 "`tls.certificate`." },
	{ .path = "inside.key",
	  .type = CONF_FILE,
	  AT(inside.key),
	  .readers = CONF_FOR_EDGE,
	  .secret = true,
	  .example = "/etc/sallyport/inside.key",
	  .doc = "The private key of that certificate." },
	{ .path = "inside.trust",
	  .type = CONF_FILE,
	  AT(inside.trust),
	  .readers = CONF_FOR_EDGE,
	  .example = "/etc/sallyport/inside-ca.pem",
	  .doc = "The authorities that may vouch for servers inside, when "
		 "they are not those of `tls.trust`." },
	{ .path = "partners",
	  .type = CONF_ROWS,
	  AT(partners),
	  COUNT(partner_count),
	  ENTRY(conf_partner),
	  .example = "- { domain: ..., edge: ... }",
	  .max = CONF_LIST_MAX,
	  .doc = "Who may talk to us, and to whom we may talk: a list with "
		 "one entry for each domain. Nobody else is let in. Several "
		 "domains may share one edge." },
	{ .path = "partners[].domain",
	  .type = CONF_DOMAIN,
	  IN_PARTNER(domain),
	  .missing = "each partner needs domain:, such as "
		     "domain: fabrikam.test",
	  .example = "fabrikam.test",
	  .doc = "The partner's SIP domain, exactly; it does not include "
		 "those below it. A domain stands here once." },
	{ .path = "partners[].edge",
	  .type = CONF_DOMAIN,
	  IN_PARTNER(edge),
	  .example = "sip.fabrikam.test",
	  .doc = "The FQDN of the partner's edge server. We connect to it, "
		 "and the certificate has to prove exactly this name in both "
		 "directions; wildcards in certificates do not count. Without "
		 "it the server is found in the DNS: SRV records "
		 "_sipfederationtls._tcp of the domain, else those of RFC 3263 "
		 "(NAPTR, _sips._tcp). They may only name hosts directly in "
		 "the domain, such as sip.fabrikam.test for fabrikam.test, and "
		 "who connects to us has to prove one of these names." },
	{ .path = "partners[].address",
	  .type = CONF_ADDR,
	  IN_PARTNER(address),
	  .example = "\"192.0.2.7:5061\"",
	  .doc = "Dial this address and port instead of looking up the "
		 "addresses of `edge` (port 5061). The certificate is "
		 "still checked for the name." },
	{ .path = "partners[].allow_addresses",
	  .type = CONF_PREFIXES,
	  IN_PARTNER(allow_addresses),
	  .count = offsetof(struct conf_partner, allow_count),
	  .max = 64,
	  .example = "[\"10.8.0.0/16\"]",
	  .doc = "Names of partners that resolve to private, loopback or "
		 "otherwise special addresses are not dialled, because the "
		 "DNS of others must not lead us into our own network. "
		 "Prefixes listed here are dialled for this partner all the "
		 "same." },
	{ .path = "partners[].connections",
	  .type = CONF_U32,
	  IN_PARTNER(connections),
	  .min = 1,
	  .max = 4,
	  .fallback = "4",
	  .doc = "The most connections that we open to this partner, 1 to 4; "
		 "more than one only under load." },
#include "conf/schema_partner.tbl"
#include "conf/schema_rules.tbl"
#include "conf/schema_relay.tbl"
	{ .path = "admin",
	  .type = CONF_SECTION,
	  .doc = "The administrators' pages, their API, and the counters for "
		 "a monitoring system." },
	{ .path = "admin.listen",
	  .type = CONF_ADDRS,
	  AT(admin.listen),
	  COUNT(admin.listen_count),
	  .max = 4,
	  .example = "[\"127.0.0.1:9061\"]",
	  .doc = "Addresses and ports of this machine itself (127.0.0.1 or "
		 "::1) for HTTP: the dashboard, its API, `/metrics`, "
		 "`/healthz` and `/readyz`. Without it there are none. From "
		 "elsewhere it is reached through `ssh -L`, or through a web "
		 "server that ends TLS in front of it. Who reaches it reads "
		 "the counters; for all else an account is needed, which "
		 "`sallyport admin add` makes." },
	{ .path = "admin.trace_bodies",
	  .type = CONF_CHOICE,
	  AT(admin.trace_bodies),
	  .fallback = "off",
	  .choices = BOOLS,
	  .doc = "`on`: `sallyport trace --bodies` shows what users write to "
		 "each other. `off`: it shows the heads of messages, whoever "
		 "asks. Mind the law of your country before you turn it on." },
	{ .path = "workers",
	  .type = CONF_WORKERS,
	  AT(workers),
	  .min = 1,
	  .max = 64,
	  .fallback = "auto",
	  .doc = "How many processes serve connections, 1 to 64. `auto` is "
		 "one for each processor. It changes at a restart only." },
	{ .path = "user",
	  .type = CONF_USER,
	  AT(user),
	  .example = "sallyport",
	  .doc = "When started as root: the account that the processes run "
		 "as, or the first of a range of user numbers, one for each "
		 "kind of process. It may not be root. Without it the "
		 "processes keep the account that started the server." },
	{ .path = "dns",
	  .type = CONF_SECTION,
	  .doc = "How names of partners are looked up." },
	{ .path = "dns.servers",
	  .type = CONF_SERVERS,
	  AT(dns.servers),
	  COUNT(dns.server_count),
	  .max = 16,
	  .example = "[\"192.0.2.53\"]",
	  .doc = "Addresses of name servers to ask, with a port if it is not "
		 "53: `192.0.2.53`, `\"192.0.2.53:5353\"`, "
		 "`\"[2001:db8::53]:5353\"`. Without it those of "
		 "/etc/resolv.conf are asked, as read at start." },
	{ .path = "dns.trust_anchor",
	  .type = CONF_FILE,
	  AT(dns.trust_anchor),
	  .readers = CONF_FOR_RESOLVER,
	  .example = "/usr/share/dns/root.key",
	  .doc = "The file with the key of the DNS root. With it answers are "
		 "validated (DNSSEC) and forged ones refused; without it "
		 "they are not." },
	{ .path = "log",
	  .type = CONF_SECTION,
	  .doc = "What is logged to standard error; the events are in "
		 "`sallyport-events`(7)." },
	{ .path = "log.level",
	  .type = CONF_CHOICE,
	  AT(log.level),
	  .fallback = "info",
	  .choices = LEVELS,
	  .doc = "The least important lines that are still written." },
	{ .path = "log.format",
	  .type = CONF_CHOICE,
	  AT(log.format),
	  .fallback = "text",
	  .choices = FORMATS,
	  .doc = "One line of text or one JSON object for each event." },
	{ .path = "limits",
	  .type = CONF_SECTION,
	  .doc = "Protection against floods, and time limits. A source is an "
		 "IPv4 address or an IPv6 /64." },
	{ .path = "limits.unauthenticated_per_source",
	  .type = CONF_U32,
	  AT(limits.unauthenticated_per_source),
	  .min = 1,
	  .max = 100000,
	  .unit = "connections",
	  .fallback = "64",
	  .doc = "Connections of one source that may be open before anybody "
		 "has signed in on them." },
	{ .path = "limits.new_per_source",
	  .type = CONF_U32,
	  AT(limits.new_per_source),
	  .min = 1,
	  .max = 100000,
	  .unit = "connections a second",
	  .fallback = "20",
	  .doc = "New connections a second that one source may open." },
	{ .path = "limits.transactions",
	  .type = CONF_U32,
	  AT(limits.transactions),
	  .min = 100,
	  .max = 1000000,
	  .unit = "requests",
	  .fallback = "100000",
	  .doc = "Requests that a worker may have under way at a time, and of "
		 "one source (a user, a partner) at most a quarter of them, or "
		 "1000. When half of them are, the less important kinds are "
		 "refused with 503 and Retry-After: first new subscriptions, "
		 "then published states, new registrations, senders that are "
		 "no known partner, partners, and our own users last; what "
		 "has begun goes on." },
	{ .path = "limits.drain_s",
	  .type = CONF_U32,
	  AT(limits.drain_s),
	  .max = 3600,
	  .unit = "seconds",
	  .fallback = "35",
	  .doc = "How long a stopping server lets what has begun come to its "
		 "end: one transaction and a margin." },
	{ .path = "limits.request_timeout_s",
	  .type = CONF_U32,
	  AT(limits.request_timeout_s),
	  .min = 1,
	  .max = 32,
	  .unit = "seconds",
	  .fallback = "20",
	  .doc = "How long a partner or a device has to answer before the "
		 "sender is told; at most the sender's own 32 "
		 "seconds." },
	{ .path = "home", .type = CONF_SECTION, .doc = "The built-in home." },
	{ .path = "home.expires_min_s",
	  .type = CONF_U32,
	  AT(home.expires_min_s),
	  .min = 1,
	  .max = 3600,
	  .unit = "seconds",
	  .fallback = "60",
	  .doc = "The shortest registration that is accepted; shorter ones "
		 "are answered 423." },
	{ .path = "home.expires_default_s",
	  .type = CONF_U32,
	  AT(home.expires_default_s),
	  .min = 1,
	  .max = 86400,
	  .unit = "seconds",
	  .fallback = "600",
	  .doc = "The length of a registration that asks for none." },
	{ .path = "home.expires_max_s",
	  .type = CONF_U32,
	  AT(home.expires_max_s),
	  .min = 1,
	  .max = 86400,
	  .unit = "seconds",
	  .fallback = "3600",
	  .doc = "The longest registration; longer ones are shortened." },
	{ .path = "home.contacts_per_user",
	  .type = CONF_U32,
	  AT(home.contacts_per_user),
	  .min = 1,
	  .max = 100,
	  .unit = "devices",
	  .fallback = "20",
	  .doc = "How many devices one user may have signed in." },
	{ .path = "home.digest_md5",
	  .type = CONF_CHOICE,
	  AT(home.digest_md5),
	  .fallback = "true",
	  .choices = MD5S,
	  .doc = "Offer MD5 beside SHA-256 to devices that sign in, for those "
		 "that know nothing newer. `only` offers nothing else: some "
		 "devices give up when the first offer is one that they do "
		 "not know. Passwords are no easier to guess by it, but what "
		 "is seen of a sign-in is easier to break." },
	{ .path = "home.stored_days",
	  .type = CONF_U32,
	  AT(home.stored_days),
	  .min = 1,
	  .max = 365,
	  .unit = "days",
	  .fallback = "7",
	  .doc = "How long a message waits for a user who is not signed in, "
		 "unless its sender asks for less." },
	{ .path = "home.stored_per_user",
	  .type = CONF_U32,
	  AT(home.stored_per_user),
	  .min = 1,
	  .max = 1000000,
	  .unit = "messages",
	  .fallback = "1000",
	  .doc = "How many messages may wait for one user. The sender of one "
		 "more is told that it cannot be delivered (480)." },
	{ .path = "home.stored_mib_per_user",
	  .type = CONF_U32,
	  AT(home.stored_mib_per_user),
	  .min = 1,
	  .max = 1000000,
	  .unit = "MiB",
	  .fallback = "16",
	  .doc = "How much room those messages may take." },
	{ .path = "home.stored_per_sender",
	  .type = CONF_U32,
	  AT(home.stored_per_sender),
	  .min = 1,
	  .max = 10000000,
	  .unit = "messages",
	  .fallback = "10000",
	  .doc = "How many messages of one partner's domain, or of one of our "
		 "users, may wait, whoever they are for." },
	{ .path = "home.stored_mib_per_sender",
	  .type = CONF_U32,
	  AT(home.stored_mib_per_sender),
	  .min = 1,
	  .max = 1000000,
	  .unit = "MiB",
	  .fallback = "64",
	  .doc = "How much room those messages may take." },
	{ .path = "home.stored_mib",
	  .type = CONF_U32,
	  AT(home.stored_mib),
	  .min = 1,
	  .max = 1000000,
	  .unit = "MiB",
	  .fallback = "1024",
	  .doc = "How much room all waiting messages may take." },
	{ .path = "home.presence_outside",
	  .type = CONF_CHOICE,
	  AT(home.presence_outside),
	  .fallback = "allow",
	  .choices = STRANGERS,
	  .doc = "What watchers of partners see of a user who has them "
		 "on no list: `allow` shows the user, `ask` keeps them "
		 "waiting until the user says, `block` shows the user "
		 "offline. Our own users see each other unless they are "
		 "blocked." },
	{ .path = "home.presence_min_s",
	  .type = CONF_U32,
	  AT(home.presence_min_s),
	  .min = 1,
	  .max = 3600,
	  .unit = "seconds",
	  .fallback = "60",
	  .doc = "The shortest subscription and publication; shorter "
		 "ones are answered 423." },
	{ .path = "home.presence_max_s",
	  .type = CONF_U32,
	  AT(home.presence_max_s),
	  .min = 60,
	  .max = 86400,
	  .unit = "seconds",
	  .fallback = "3600",
	  .doc = "The longest subscription and publication; longer ones "
		 "are shortened." },
	{ .path = "home.subscriptions_per_user",
	  .type = CONF_U32,
	  AT(home.subscriptions_per_user),
	  .min = 1,
	  .max = 100000,
	  .unit = "subscriptions",
	  .fallback = "200",
	  .doc = "How many subscriptions one watcher, of ours or of a "
		 "partner, may have here." },
	{ .path = "home.watchers_per_user",
	  .type = CONF_U32,
	  AT(home.watchers_per_user),
	  .min = 1,
	  .max = 100000,
	  .unit = "subscriptions",
	  .fallback = "5000",
	  .doc = "How many subscriptions to one of our users there may "
		 "be." },
	{ .path = "home.publications_per_user",
	  .type = CONF_U32,
	  AT(home.publications_per_user),
	  .min = 1,
	  .max = 100,
	  .unit = "publications",
	  .fallback = "20",
	  .doc = "How many devices of one user may publish presence at a "
		 "time." },
	{ .path = "home.publish_per_second",
	  .type = CONF_U32,
	  AT(home.publish_per_second),
	  .min = 1,
	  .max = 1000,
	  .unit = "requests a second",
	  .fallback = "5",
	  .doc = "How often one user may publish, on average; four "
		 "seconds' worth may come at once." },
	{ .path = "home.notify_interval_ms",
	  .type = CONF_U32,
	  AT(home.notify_interval_ms),
	  .min = 100,
	  .max = 60000,
	  .unit = "milliseconds",
	  .fallback = "1000",
	  .doc = "The time between two notifications of one "
		 "subscription: what changes meanwhile is told at once "
		 "by the next." },
	{ .path = "home.list_addresses",
	  .type = CONF_U32,
	  AT(home.list_addresses),
	  .min = 1,
	  .max = 1000,
	  .unit = "addresses",
	  .fallback = "200",
	  .doc = "How many addresses one subscription to a list may "
		 "watch." },
};

const size_t CONF_KEY_COUNT = sizeof(CONF_KEYS) / sizeof(CONF_KEYS[0]);
_Static_assert(sizeof(CONF_KEYS) / sizeof(CONF_KEYS[0]) <= CONF_KEYS_MAX,
	       "CONF_KEYS_MAX is too small");

int conf_key_find(const char *path)
{
	for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
		if (strcmp(CONF_KEYS[i].path, path) == 0)
			return (int)i;
	}
	return -1;
}

const char *conf_key_name(const struct conf_key *key)
{
	const char *dot = strrchr(key->path, '.');
	return dot ? dot + 1 : key->path;
}

int conf_key_parent(size_t key)
{
	const char *path = CONF_KEYS[key].path;
	const char *name = conf_key_name(&CONF_KEYS[key]);
	char parent[64];
	size_t len = (size_t)(name - path);
	if (len == 0 || len > sizeof(parent))
		return -1;
	memcpy(parent, path, len - 1); /* without the dot */
	parent[len - 1] = '\0';
	if (len > 3 && strcmp(parent + len - 3, "[]") == 0)
		parent[len - 3] = '\0';
	return conf_key_find(parent);
}
