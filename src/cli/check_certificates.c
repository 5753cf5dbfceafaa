/* SPDX-License-Identifier: Apache-2.0 */
/* `check`: our certificates as partners and users judge them. */
#include "cli/check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/report.h"

enum { TRUST_MAX = 8 << 20, PEM_MAX = 1 << 20, DAY_S = 86400, SOON_DAYS = 30 };

static const char SYSTEM[] = "/etc/ssl/certs/ca-certificates.crt";

/* The authorities that we trust, and those that most others do. */
struct trust {
	char *own, *system;
};

static void tell_dates(struct checkup *k, const char *file,
		       const struct net_report *r)
{
	int64_t now = (int64_t)time(NULL);
	int64_t days = ((int64_t)r->until_s - now) / DAY_S;
	static const char *const renew =
		"get another one, put it in its place, `sallyport reload`";
	if ((int64_t)r->from_s > now)
		findings_tell(&k->f, FINDING_FAIL,
			      "is the clock right? else wait, or take another",
			      "%s is not valid yet", file);
	else if ((int64_t)r->until_s <= now)
		findings_tell(&k->f, FINDING_FAIL, renew, "%s has ended", file);
	else
		findings_tell(&k->f,
			      days < SOON_DAYS ? FINDING_WARN : FINDING_PASS,
			      days < SOON_DAYS ? renew : NULL,
			      "%s is good for %" PRId64 " days", file, days);
}

static void tell_uses(struct checkup *k, const char *file,
		      const struct net_report *r)
{
	if (!r->server_use)
		findings_tell(&k->f, FINDING_FAIL,
			      "ask your authority for serverAuth",
			      "%s may not be used by servers", file);
	else if (!r->client_use)
		findings_tell(&k->f, FINDING_WARN,
			      "ask your authority for clientAuth beside "
			      "serverAuth: we are the client of partners",
			      "%s is for servers only; Microsoft's servers "
			      "refuse that",
			      file);
	else
		findings_tell(&k->f, FINDING_PASS, NULL,
			      "%s is for servers and clients", file);
}

/* By our own authorities, else by the system's. */
static void tell_chain(struct checkup *k, const char *file, struct slice pem,
		       const struct trust *trust, struct net_report *r)
{
	struct net_report other;
	if (*r->chain &&
	    !net_report_make(&other, pem, slice_str(trust->system))) {
		if (!*other.chain)
			r->chain[0] = '\0';
		net_report_free(&other);
	}
	if (!*r->chain)
		findings_tell(&k->f, FINDING_PASS, NULL,
			      "%s leads to a known authority", file);
	else
		findings_tell(
			&k->f, FINDING_WARN,
			"put the certificates in between behind it in the "
			"file; an authority of your own is fine where "
			"partners and users trust it",
			"%s leads to no authority that is known here: %s", file,
			r->chain);
}

/* Who looks for DOMAIN comes to DOMAIN or sip.DOMAIN, and compares. */
static bool proves_domain(const struct net_report *r, const char *domain)
{
	char sip[NET_NAME_MAX + 8];
	snprintf(sip, sizeof(sip), "sip.%s", domain);
	return net_report_proves(r, slice_str(domain)) ||
	       net_report_proves(r, slice_str(sip));
}

static void take_names(struct checkup *k, const char *file,
		       const struct net_report *r, bool first, json_t *proven)
{
	const json_t *domains = json_object_get(k->facts, "domains");
	const char *name = check_text(k->facts, "name");
	if (first && net_report_proves(r, slice_str(name)))
		findings_tell(&k->f, FINDING_PASS, NULL, "%s proves %s", file,
			      name);
	else if (first)
		findings_tell(&k->f, FINDING_FAIL,
			      "it has to be among its DNS names (subject "
			      "alternative names)",
			      "%s does not prove edge.name, %s", file, name);
	for (size_t i = 0; i < json_array_size(domains); i++) {
		const char *d = json_string_value(json_array_get(domains, i));
		if (proves_domain(r, d))
			json_object_set_new(proven, d, json_true());
	}
}

static void tell_domains(struct checkup *k, const json_t *proven)
{
	const json_t *domains = json_object_get(k->facts, "domains");
	for (size_t i = 0; i < json_array_size(domains); i++) {
		const char *d = json_string_value(json_array_get(domains, i));
		bool has = json_object_get(proven, d) != NULL;
		findings_tell(&k->f, has ? FINDING_PASS : FINDING_WARN,
			      has ? NULL
				  : "put the name to connect to in a "
				    "certificate, or see that every user and "
				    "partner names edge.name",
			      has ? "there is a name for %s"
				  : "no certificate proves %s or its sip.",
			      d);
	}
}

static void look_at(struct checkup *k, const json_t *row,
		    const struct trust *trust, bool first, json_t *proven)
{
	const char *file = check_text(row, "file");
	char *content = NULL;
	struct slice pem = slice_str(check_text(row, "pem"));
	struct net_report r;
	if (!pem.len) {
		content = check_read(file, PEM_MAX);
		pem = slice_str(content);
	}
	if (net_report_make(&r, pem, slice_str(trust->own))) {
		findings_tell(&k->f, FINDING_FAIL, "is it in PEM?",
			      "%s cannot be read", file);
	} else {
		tell_dates(k, file, &r);
		tell_uses(k, file, &r);
		tell_chain(k, file, pem, trust, &r);
		take_names(k, file, &r, first, proven);
		net_report_free(&r);
	}
	free(content);
}

void check_certificates(struct checkup *k)
{
	const json_t *list = json_object_get(k->facts, "certificates");
	const struct trust trust = {
		check_read(check_text(k->facts, "trust"), TRUST_MAX),
		check_read(SYSTEM, TRUST_MAX),
	};
	json_t *proven = json_object();
	for (size_t i = 0; i < json_array_size(list); i++)
		look_at(k, json_array_get(list, i), &trust, i == 0, proven);
	tell_domains(k, proven);
	json_decref(proven);
	free(trust.own);
	free(trust.system);
}
