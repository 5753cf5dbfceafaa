/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts and ports, and their canonical form (SIP-26). */
#include "sip/host.h"

#include <arpa/inet.h>
#include <errno.h>

#include "base/text.h"
#include "sip/uri.h"

enum {
	IP6_TEXT_MAX = 64,
	LABEL_MAX = 63,
	NAME_MAX_BYTES = 253, /* RFC 1035 2.3.4, without root and lengths */
};

uint16_t sip_port(struct slice text)
{
	uint64_t port = 0;

	if (!scan_all(text, SCAN_DIGIT) ||
	    slice_u64(text, UINT16_MAX, &port) < 0)
		return 0;
	return (uint16_t)port;
}

/* Four numbers up to 255 without leading zeros. */
bool sip_is_ip4(struct slice text)
{
	struct cur c = scan_over(text);

	for (int i = 0; i < 4; i++) {
		if (i > 0)
			scan_expect(&c, '.');
		struct slice n = scan_some(&c, SCAN_DIGIT);
		if (n.len == 0 || n.len > 3 || (n.len > 1 && n.ptr[0] == '0') ||
		    (n.len == 3 && memcmp(n.ptr, "255", 3) > 0))
			return false;
	}
	return scan_done(&c);
}

/* RFC 5118 4.10: the old grammar allowed "2001:db8:::192.0.2.1". Drops one
 * colon of exactly that form. */
static void mend_three_colons(char *text)
{
	char *colons = strstr(text, ":::");

	if (!colons || !sip_is_ip4(slice_str(colons + 3)))
		return;
	memmove(colons, colons + 1, strlen(colons));
}

bool sip_is_ip6(struct slice text, char *out)
{
	char copy[IP6_TEXT_MAX];
	struct in6_addr in6;

	if (slice_cstr(text, copy, sizeof(copy)) < 0)
		return false;
	mend_three_colons(copy);
	if (inet_pton(AF_INET6, copy, &in6) != 1)
		return false;
	return !out || inet_ntop(AF_INET6, &in6, out, IP6_TEXT_MAX) != NULL;
}

/* Labels of letters, digits and inner hyphens, between dots; the last begins
 * with a letter (domainlabel, toplabel), a dot may follow it. */
static bool scan_labels(struct cur *c)
{
	struct slice label;

	do {
		label = scan_run(c, SCAN_LABEL);
		if (label.len == 0 || label.ptr[0] == '-' ||
		    label.ptr[label.len - 1] == '-')
			return false;
	} while (scan_byte(c, '.') && scan_is(scan_peek(c), SCAN_LABEL));
	return scan_is(label.ptr[0], SCAN_ALPHA);
}

bool sip_is_name(struct slice text)
{
	struct cur c = scan_over(text);

	return scan_labels(&c) && scan_done(&c);
}

static void scan_reference(struct cur *c, struct sip_host *out)
{
	struct slice rest = scan_rest(c);
	ptrdiff_t close = slice_chr(slice_head(rest, IP6_TEXT_MAX), ']');

	out->text = close > 0 ? cur_bytes(c, (size_t)close) : SLICE_NONE;
	out->is_ip6 = true;
	if (!sip_is_ip6(out->text, NULL))
		scan_fail(c);
	scan_expect(c, ']');
}

void sip_scan_host(struct cur *c, struct sip_host *out)
{
	*out = (struct sip_host){ .port = 0 };
	if (scan_byte(c, '[')) {
		scan_reference(c, out);
		return;
	}
	const uint8_t *from = c->pos;
	bool name = scan_labels(c);
	if (scan_run(c, SCAN_HOST).len > 0)
		name = false; /* the labels do not end here */
	out->text = scan_since(from, c);
	out->is_ip4 = !name && sip_is_ip4(out->text);
	if (!name && !out->is_ip4)
		scan_fail(c);
}

void sip_scan_port(struct cur *c, bool blanks, struct sip_host *out)
{
	if (blanks ? !scan_sep(c, ':') : !scan_byte(c, ':'))
		return;
	out->port = sip_port(scan_some(c, SCAN_DIGIT));
	if (out->port == 0)
		scan_fail(c);
}

static bool labels_fit(struct slice name)
{
	size_t run = 0;

	if (name.len <= LABEL_MAX)
		return true;
	for (size_t i = 0; i < name.len; i++) {
		run = name.ptr[i] == '.' ? 0 : run + 1;
		if (run > LABEL_MAX)
			return false;
	}
	return name.len <= NAME_MAX_BYTES;
}

int sip_domain(struct slice host, char out[static SIP_DOMAIN_MAX])
{
	bool brackets = slice_starts(host, SLICE_LIT("[")) &&
			slice_ends(host, SLICE_LIT("]")) && host.len > 2;

	if (brackets)
		host = slice_of(host.ptr + 1, host.len - 2);
	if (slice_chr(host, ':') >= 0)
		return sip_is_ip6(host, out) ? 0 : -EINVAL;
	if (brackets || (!sip_is_name(host) && !sip_is_ip4(host)))
		return -EINVAL;
	if (slice_ends(host, SLICE_LIT(".")))
		host.len--;
	if (!labels_fit(host) || slice_cstr(host, out, SIP_DOMAIN_MAX) < 0)
		return -EINVAL;
	text_lower(out, host.len);
	return 0;
}
