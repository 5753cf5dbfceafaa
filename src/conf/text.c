/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of values: domain names, paths, accounts, addresses. Names have one
 * canonical form from here on (SIP-26); nothing compares spellings later.
 */
#include "conf/text.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { LABEL_MAX = 63, NAME_MAX_BYTES = 253, USER_MAX = 32, PORT_FIRST = 1024 };

static bool digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 1123 2.1: letters, digits, inner hyphens. */
static bool label_ok(struct slice label)
{
	if (label.len == 0 || label.len > LABEL_MAX || label.ptr[0] == '-' ||
	    label.ptr[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		uint8_t c = label.ptr[i];
		if (!letter(c) && !digit(c) && c != '-')
			return false;
	}
	return true;
}

static bool all_digits(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!digit(s.ptr[i]))
			return false;
	}
	return s.len > 0;
}

static const char *domain_chars(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];
		if (c >= 0x80)
			return "is not ASCII; write international names as "
			       "A-labels (xn--...)";
		if (c == '*')
			return "has a wildcard; name each domain exactly";
		if (c == ':' || c == '[' || c == '/')
			return "is no domain name; write the name alone, "
			       "without port, address or scheme";
		if (c == '@')
			return "is no domain name; write only what stands "
			       "after the @";
	}
	return NULL;
}

const char *conf_text_domain(struct slice text,
			     char out[static CONF_DOMAIN_SIZE])
{
	struct addr ip;
	if (addr_parse_host(text, 0, &ip) == 0 ||
	    addr_parse(text, true, &ip) == 0)
		return "is an IP address; write a domain name";
	const char *why = domain_chars(text);
	if (why)
		return why;
	if (text.len > 0 && text.ptr[text.len - 1] == '.')
		text = slice_head(text, text.len - 1);
	if (text.len == 0 || text.len > NAME_MAX_BYTES)
		return "is no domain name; it needs 1 to 253 characters";
	struct slice rest = text;
	struct slice label;
	for (;;) {
		ptrdiff_t dot = slice_chr(rest, '.');
		label = dot < 0 ? rest : slice_head(rest, (size_t)dot);
		if (!label_ok(label))
			return "is no domain name; its parts are letters, "
			       "digits and inner hyphens, at most 63 each";
		if (dot < 0)
			break;
		rest = slice_from(rest, (size_t)dot + 1);
	}
	if (all_digits(label))
		return "ends in a number like an IP address; write a domain "
		       "name";
	memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
	text_lower(out, text.len);
	return NULL;
}

const char *conf_text_path(struct slice text, size_t max)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return "has control characters in it; write a plain "
			       "path";
	}
	if (text.len == 0 || text.ptr[0] != '/')
		return "is not an absolute path; write one that begins "
		       "with /";
	if (text.len > max)
		return max < 200 ? "is too long for a socket; at most 107 "
				   "bytes"
				 : "is too long for a path";
	return NULL;
}

const char *conf_text_user(struct slice text)
{
	uint64_t number;
	if (all_digits(text)) {
		if (slice_u64(text, INT32_MAX, &number) || number == 0)
			return "is no user number; write one from 1 to "
			       "2147483647, not root's";
		return NULL;
	}
	if (slice_eq(text, SLICE_LIT("root")))
		return "is refused: the processes give up root; write another "
		       "account";
	if (text.len == 0 || text.len > USER_MAX ||
	    !(letter(text.ptr[0]) || text.ptr[0] == '_'))
		return "is no account name; write one such as sallyport";
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];
		if (!letter(c) && !digit(c) && c != '_' && c != '-' && c != '.')
			return "is no account name; write one such as "
			       "sallyport";
	}
	return NULL;
}

const char *conf_text_addr(enum conf_type type, struct slice text,
			   struct addr *out)
{
	if (addr_parse(text, false, out) == 0)
		return NULL;
	if (type != CONF_SERVERS)
		return "is no address with port; write \"192.0.2.1:5061\" or "
		       "\"[2001:db8::1]:5061\"";
	if (addr_parse_host(text, 53, out) == 0)
		return NULL;
	return "is no address of a name server; write \"192.0.2.53\" or "
	       "\"[2001:db8::53]:53\"";
}

const char *conf_text_hop(struct slice text, struct conf_text_hop *out)
{
	uint64_t port = 0;
	memset(out, 0, sizeof(*out));
	if (addr_parse(text, false, &out->addr) == 0)
		return NULL;
	if (addr_parse_host(text, 0, &out->addr) == 0)
		return "is an address without a port; write it with one, such "
		       "as \"10.0.0.5:5060\"";
	ptrdiff_t colon = slice_chr(text, ':');
	if (colon >= 0) {
		struct slice digits = slice_from(text, (size_t)colon + 1);
		if (slice_u64(digits, UINT16_MAX, &port) || port == 0)
			return "has no port from 1 to 65535 behind the colon";
		text = slice_head(text, (size_t)colon);
	}
	out->port = (uint16_t)port;
	return conf_text_domain(text, out->host);
}

const char *conf_text_prefix(struct slice text, struct addr_prefix *out)
{
	if (addr_parse_prefix(text, out) == 0)
		return NULL;
	return "is no prefix; write \"192.0.2.0/24\" or "
	       "\"2001:db8::/32\" (nothing set behind it)";
}

const char *conf_text_plain(struct slice text, size_t max)
{
	if (text.len == 0 || text.len > max || !text_utf8(text))
		return "is empty, too long, or no UTF-8";
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return "has control characters in it";
	}
	return NULL;
}

const char *conf_text_range(struct slice text, uint32_t *out)
{
	uint64_t first = 0, last = 0;
	ptrdiff_t dash = slice_chr(text, '-');
	if (dash < 0 ||
	    slice_u64(slice_head(text, (size_t)dash), UINT16_MAX, &first) ||
	    slice_u64(slice_from(text, (size_t)dash + 1), UINT16_MAX, &last))
		return "is no range of ports; write one such as 50000-59999";
	if (first < PORT_FIRST || first > last)
		return "is no range of ports; both lie between 1024 and 65535, "
		       "and the first is not above the last";
	*out = (uint32_t)(first << 16 | last);
	return NULL;
}

const char *conf_text_ip(struct slice text, struct addr *out)
{
	if (addr_parse_host(text, 0, out) == 0)
		return NULL;
	return "is no address; write \"192.0.2.1\" or \"2001:db8::1\"";
}

const char *conf_text_pin(struct slice text, char out[static CONF_PIN_SIZE])
{
	enum { DIGEST = 32 };
	uint8_t digest[DIGEST];
	char digits[CONF_PIN_SIZE];
	size_t n = 0;
	bool good = true;
	for (size_t i = 0; good && i < text.len; i++) {
		if (text.ptr[i] == ':')
			continue;
		good = n < sizeof(digits) - 1;
		if (good)
			digits[n++] = (char)text.ptr[i];
	}
	if (!good || text_unhex(slice_of(digits, n), digest, DIGEST) != DIGEST)
		return "is no SHA-256 digest; write 64 hexadecimal digits";
	text_hex(slice_of(digest, DIGEST), out);
	out[CONF_PIN_SIZE - 1] = '\0';
	return NULL;
}

const char *conf_text_word(struct slice text)
{
	bool good = text.len > 0 && text.len <= 64;
	for (size_t i = 0; good && i < text.len; i++) {
		uint8_t c = text.ptr[i];
		good = letter(c) || digit(c) || c == '-';
	}
	return good ? NULL
		    : "is no name; write up to 64 letters, digits and hyphens";
}

/* Days from 1970-01-01 to that day, by counting leap days. */
static uint64_t days_since_1970(uint64_t year, uint64_t month, uint64_t day)
{
	static const uint16_t before[] = { 0,   31,  59,  90,  120, 151,
					   181, 212, 243, 273, 304, 334 };
	uint64_t y = month > 2 ? year : year - 1; /* leap days up to then */
	uint64_t leaps = y / 4 - y / 100 + y / 400;
	return (year - 1970) * 365 + (leaps - 477) + before[month - 1] + day -
	       1;
}

const char *conf_text_date(struct slice text, uint64_t *out)
{
	static const char why[] = "is no date; write one such as 2013-03-15";
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30,
					31, 31, 30, 31, 30, 31 };
	uint64_t year = 0, month = 0, day = 0;
	if (text.len != 10 || text.ptr[4] != '-' || text.ptr[7] != '-' ||
	    slice_u64(slice_head(text, 4), 9999, &year) ||
	    slice_u64(slice_of(text.ptr + 5, 2), 12, &month) ||
	    slice_u64(slice_of(text.ptr + 8, 2), 31, &day))
		return why;
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	if (year < 1970 || month < 1 || day < 1 ||
	    day > days[month - 1] + (uint64_t)(leap && month == 2))
		return why;
	*out = days_since_1970(year, month, day) * 86400;
	return NULL;
}

/* What stands in a user part without an escape (RFC 3261 25.1). */
static bool user_char(uint8_t c)
{
	return letter(c) || digit(c) ||
	       (c && strchr("-_.!~*'()&=+$,;?/", (char)c));
}

const char *conf_text_aor(struct slice text, char out[static CONF_AOR_SIZE])
{
	static const char why[] = "is no account; write one such as "
				  "alice@contoso.test";
	char domain[CONF_DOMAIN_SIZE];
	ptrdiff_t at = slice_chr(text, '@');
	if (at <= 0 || at > CONF_AOR_SIZE - CONF_DOMAIN_SIZE - 2)
		return why;
	for (ptrdiff_t i = 0; i < at; i++)
		if (!user_char(text.ptr[i]))
			return why;
	if (conf_text_domain(slice_from(text, (size_t)at + 1), domain))
		return why;
	snprintf(out, CONF_AOR_SIZE, "%.*s@%s", (int)at, (const char *)text.ptr,
		 domain);
	return NULL;
}
