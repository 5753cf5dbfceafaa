/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `check`: what the DNS says of our domains, and whether it leads here. The
 * server's own resolver is asked, as it asks for partners.
 */
#include "cli/check.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "base/addr.h"
#include "cli/ctl.h"

/* What is looked for in one domain. */
struct record {
	const char *kind;      /* of lookup */
	const char *prefix;    /* for people */
	const char *listeners; /* of facts */
	const char *who;
};

static const struct record RECORDS[] = {
	{ "federation", "_sipfederationtls._tcp", "federation",
	  "partners who look you up" },
	{ "clients", "_sip._tls", "clients", "users who sign in" },
};

/* ---- our addresses ---- */

static bool is_wildcard(const char *host)
{
	return !strcmp(host, "0.0.0.0") || !strcmp(host, "::");
}

static bool on_interface(const char *host)
{
	struct ifaddrs *all = NULL;
	bool found = false;
	if (getifaddrs(&all))
		return false;
	for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
		struct addr a = { 0 };
		char text[ADDR_TEXT_MAX];
		sa_family_t family = i->ifa_addr ? i->ifa_addr->sa_family : 0;
		if (family == AF_INET)
			memcpy(&a.u, i->ifa_addr, sizeof(struct sockaddr_in));
		else if (family == AF_INET6)
			memcpy(&a.u, i->ifa_addr, sizeof(struct sockaddr_in6));
		else
			continue;
		if (family == AF_INET6)
			a.u.in6.sin6_scope_id = 0;
		found = !strcmp(addr_host(&a, text), host);
	}
	freeifaddrs(all);
	return found;
}

static bool is_listener(const json_t *listeners, const char *host)
{
	for (size_t i = 0; i < json_array_size(listeners); i++) {
		const char *text =
			json_string_value(json_array_get(listeners, i));
		struct addr a;
		char ours[ADDR_TEXT_MAX];
		if (addr_parse(slice_str(text), true, &a))
			continue;
		addr_host(&a, ours);
		if (!strcmp(ours, host) ||
		    (is_wildcard(ours) && on_interface(host)))
			return true;
	}
	return false;
}

static bool is_public(const json_t *facts, const char *host)
{
	const json_t *list = json_object_get(facts, "public");
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!strcmp(json_string_value(json_array_get(list, i)), host))
			return true;
	return false;
}

static bool listens_on(const json_t *listeners, int port)
{
	for (size_t i = 0; i < json_array_size(listeners); i++) {
		struct addr a;
		const char *text =
			json_string_value(json_array_get(listeners, i));
		if (!addr_parse(slice_str(text), true, &a) &&
		    addr_port(&a) == port)
			return true;
	}
	return false;
}

/* ---- records ---- */

static void look_at_addresses(struct checkup *k, const char *name,
			      const json_t *addresses, const json_t *listeners)
{
	char others[512] = "";
	size_t at = 0, ours = 0;
	for (size_t i = 0; i < json_array_size(addresses); i++) {
		const char *host =
			json_string_value(json_array_get(addresses, i));
		if (is_listener(listeners, host) || is_public(k->facts, host))
			ours++;
		else if (at < sizeof(others) - ADDR_TEXT_MAX - 2)
			at += (size_t)snprintf(others + at, sizeof(others) - at,
					       "%s%s", at ? ", " : "", host);
	}
	if (at)
		findings_tell(&k->f, FINDING_WARN,
			      "right when a firewall or a load balancer in "
			      "front has that address; else correct its A and "
			      "AAAA records",
			      "%s leads to %s, which is none of our addresses",
			      name, others);
	else if (ours)
		findings_tell(&k->f, FINDING_PASS, NULL,
			      "%s leads here: %zu addresses", name, ours);
	else
		findings_tell(&k->f, FINDING_FAIL, "add an A or AAAA record",
			      "%s has no address", name);
}

static void look_at_target(struct checkup *k, const struct record *r,
			   const char *domain, const json_t *target)
{
	const json_t *listeners = json_object_get(k->facts, r->listeners);
	const char *name = check_text(target, "name");
	int port = (int)json_integer_value(json_object_get(target, "port"));
	if (!listens_on(listeners, port))
		findings_tell(&k->f, FINDING_WARN,
			      "right when something in front translates ports; "
			      "else correct the SRV record",
			      "%s.%s names port %d, on which we do not listen",
			      r->prefix, domain, port);
	if (!json_is_true(json_object_get(target, "direct")))
		findings_tell(&k->f, FINDING_WARN,
			      "partners with open federation believe only "
			      "hosts directly in the domain, such as "
			      "sip.DOMAIN",
			      "%s.%s names %s, no host directly in the domain",
			      r->prefix, domain, name);
	look_at_addresses(k, name, json_object_get(target, "addresses"),
			  listeners);
}

/* Does the DNS answer at all? Else there is no use in asking on. */
static bool look_for(struct checkup *k, const struct record *r,
		     const char *domain)
{
	json_t *found = NULL;
	if (ctl_call(k->f.cli, "lookup",
		     json_pack("{ssss}", "kind", r->kind, "name", domain),
		     &found)) {
		findings_tell(&k->f, FINDING_FAIL,
			      "see the messages of resolver in the log",
			      "the resolver does not answer");
		return false;
	}
	const json_t *targets = json_object_get(found, "targets");
	json_int_t error = json_integer_value(json_object_get(found, "error"));
	if (error == ENOENT || error == ENODATA)
		findings_tell(&k->f, FINDING_WARN,
			      "add an SRV record with a host in the domain and "
			      "the port that we listen on",
			      "there is no %s.%s: %s find no way here",
			      r->prefix, domain, r->who);
	else if (error)
		findings_tell(&k->f, FINDING_FAIL,
			      "see the name servers in dns.servers, and the "
			      "zone",
			      "%s.%s: %s", r->prefix, domain,
			      check_text(found, "text"));
	for (size_t i = 0; i < json_array_size(targets); i++)
		look_at_target(k, r, domain, json_array_get(targets, i));
	json_decref(found);
	return error != ETIMEDOUT && error != EIO;
}

/* Who connects to us compares edge.name; its address is for people who name
 * it in their configuration. */
static void look_for_name(struct checkup *k)
{
	const char *name = check_text(k->facts, "name");
	json_t *found = NULL;
	if (ctl_call(k->f.cli, "lookup",
		     json_pack("{ssss}", "kind", "host", "name", name), &found))
		return; /* that it does not answer was told */
	const json_t *first =
		json_array_get(json_object_get(found, "targets"), 0);
	if (json_integer_value(json_object_get(found, "error")))
		findings_tell(&k->f, FINDING_WARN,
			      "add an A or AAAA record for it",
			      "edge.name, %s, has no address: %s", name,
			      check_text(found, "text"));
	else
		look_at_addresses(k, name, json_object_get(first, "addresses"),
				  json_object_get(k->facts, "federation"));
	json_decref(found);
}

void check_names(struct checkup *k)
{
	const json_t *domains = json_object_get(k->facts, "domains");
	for (size_t i = 0; i < json_array_size(domains); i++) {
		const char *d = json_string_value(json_array_get(domains, i));
		for (size_t n = 0; n < sizeof(RECORDS) / sizeof(RECORDS[0]);
		     n++)
			if (!look_for(k, &RECORDS[n], d))
				return;
	}
	look_for_name(k);
}
