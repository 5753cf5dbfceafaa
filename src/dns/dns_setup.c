/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings of libunbound: which servers, which trust anchor, which of its
 * habits are not ours.
 */
#include "dns/dns_setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

enum {
	DNS_PORT = 53,
	RESOLV_CONF_BYTES = 64 * 1024,
	ANCHOR_LINE_MAX = 4096,
};

static const struct {
	const char *name;
	const char *value;
} options[] = {
	/* DNS-01: lifetimes of 30 s to 1 day, 1 minute for "no"; a stale
	 * answer up to a day old when the servers do not answer in time: so
	 * soon that the four steps of a question (SRV, NAPTR, its SRV,
	 * addresses) fit in its five seconds. */
	{ "cache-min-ttl:", "30" },
	{ "cache-max-ttl:", "86400" },
	{ "cache-max-negative-ttl:", "60" },
	/* The order is ours (RFC 2782): what is drawn must not turn again. */
	{ "rrset-roundrobin:", "no" },
	{ "serve-expired:", "yes" },
	{ "serve-expired-ttl:", "86400" },
	{ "serve-expired-reply-ttl:", "30" },
	{ "serve-expired-client-timeout:", "1000" },
	/* The library's own values are for a program with one question. */
	{ "outgoing-range:", "128" },
	{ "outgoing-num-tcp:", "16" },
	{ "msg-cache-size:", "8m" },
	{ "rrset-cache-size:", "16m" },
};

/* Zones that libunbound would answer itself, with "no such name", but that
 * serve private networks. What it says of localhost. stays (RFC 6761 6.3),
 * and onion. names are never asked of anyone (RFC 7686). */
static const char *const private_zones[] = { "test.", "home.arpa.",
					     "invalid." };

static int error_of(int ub_error)
{
	switch (ub_error) {
	case 0:
		return 0;
	case UB_NOMEM:
		return -ENOMEM;
	case UB_SYNTAX:
	case UB_INITFAIL: /* a trust anchor that is none */
		return -EINVAL;
	default:
		return -EIO;
	}
}

static bool on_loopback(const struct addr *a)
{
	if (a->u.sa.sa_family == AF_INET)
		return ntohl(a->u.in.sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&a->u.in6.sin6_addr);
}

static int add_server(struct ub_ctx *ctx, struct slice text)
{
	char host[ADDR_TEXT_MAX];
	char spec[ADDR_TEXT_MAX + 8];
	struct addr a;

	if (addr_parse(text, false, &a) && addr_parse_host(text, DNS_PORT, &a))
		return -EINVAL;
	if (on_loopback(&a)) {
		int err =
			ub_ctx_set_option(ctx, "do-not-query-localhost:", "no");
		if (err)
			return error_of(err);
	}
	snprintf(spec, sizeof(spec), "%s@%u", addr_host(&a, host),
		 (unsigned)addr_port(&a));
	return error_of(ub_ctx_set_fwd(ctx, spec));
}

/* The next line without its end; false when there is none. */
static bool next_line(struct slice *text, struct slice *line)
{
	if (slice_empty(*text))
		return false;
	ptrdiff_t nl = slice_chr(*text, '\n');
	size_t len = nl < 0 ? text->len : (size_t)nl;
	*line = slice_trim(slice_head(*text, len));
	*text = slice_from(*text, len + 1);
	return true;
}

/* "nameserver ADDRESS" lines (resolv.conf(5)); others do not matter here. */
static int add_listed(struct ub_ctx *ctx, struct slice text)
{
	struct slice line;

	while (next_line(&text, &line)) {
		const struct slice key = SLICE_LIT("nameserver");
		if (!slice_starts(line, key) || line.len == key.len ||
		    (line.ptr[key.len] != ' ' && line.ptr[key.len] != '\t'))
			continue;
		struct slice value = slice_trim(slice_from(line, key.len));
		int err = add_server(ctx, value);
		if (err == -ENOMEM)
			return err;
		if (err)
			LOG(LOG_WARN, "dns.server_ignored",
			    KV_SLICE("server", value),
			    KV_STR("file", "/etc/resolv.conf"));
	}
	return 0;
}

/* A system without the file, or without a server in it, resolves from the
 * root. */
static int add_system_servers(struct ub_ctx *ctx)
{
	FILE *f = fopen("/etc/resolv.conf", "re");

	if (!f)
		return 0;
	int err = -ENOMEM;
	char *text = malloc(RESOLV_CONF_BYTES);
	if (text) {
		size_t len = fread(text, 1, RESOLV_CONF_BYTES, f);
		err = add_listed(ctx, slice_of(text, len));
	}
	free(text);
	fclose(f);
	return err;
}

/* One resource record a line, DS or DNSKEY; ';' begins a comment. */
static int add_anchor(struct ub_ctx *ctx, struct slice text)
{
	char record[ANCHOR_LINE_MAX];
	struct slice line;

	while (next_line(&text, &line)) {
		ptrdiff_t comment = slice_chr(line, ';');
		if (comment >= 0)
			line = slice_trim(slice_head(line, (size_t)comment));
		if (slice_empty(line))
			continue;
		if (slice_cstr(line, record, sizeof(record)))
			return -EINVAL;
		int err = ub_ctx_add_ta(ctx, record);
		if (err)
			return error_of(err);
	}
	return 0;
}

static int set_options(struct ub_ctx *ctx, const struct dns_conf *conf)
{
	int err = 0;

	for (size_t i = 0; i < sizeof(options) / sizeof(*options) && !err; i++)
		err = ub_ctx_set_option(ctx, options[i].name, options[i].value);
	if (!err && slice_empty(conf->trust_anchor))
		err = ub_ctx_set_option(ctx, "module-config:", "iterator");
	if (!err && conf->avoid_first && conf->avoid_last) {
		char range[16];
		snprintf(range, sizeof(range), "%u-%u",
			 (unsigned)conf->avoid_first,
			 (unsigned)conf->avoid_last);
		err = ub_ctx_set_option(ctx, "outgoing-port-avoid:", range);
	}
	return error_of(err);
}

int dns_setup(struct ub_ctx *ctx, const struct dns_conf *conf)
{
	int err = set_options(ctx, conf);

	for (size_t i = 0; i < conf->server_count && !err; i++)
		err = add_server(ctx, conf->servers[i]);
	if (!err && !conf->server_count)
		err = add_system_servers(ctx);
	if (!err)
		err = add_anchor(ctx, conf->trust_anchor);
	/* The first of these makes the settings final. */
	for (size_t i = 0;
	     i < sizeof(private_zones) / sizeof(*private_zones) && !err; i++)
		err = error_of(
			ub_ctx_zone_add(ctx, private_zones[i], "transparent"));
	return err;
}
