/* SPDX-License-Identifier: Apache-2.0 */
/* Names in wire format and as text. */
#include "dns/dns_name.h"

#include "base/text.h"

enum { LABEL_POINTER = 0xc0, LABEL_MAX = 63 };

static bool is_letter(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

void dns_name_skip(struct cur *c)
{
	while (!cur_failed(c)) {
		uint8_t len = cur_u8(c);
		if (len == 0)
			return;
		if ((len & LABEL_POINTER) == LABEL_POINTER) {
			cur_u8(c);
			return;
		}
		if (len & LABEL_POINTER) {
			c->failed = true; /* reserved since 1987 */
			return;
		}
		cur_bytes(c, len);
	}
}

/* Appends it, with a dot before all but the first; false when it is not a
 * label that we take, or is too much. */
static bool add_label(char *out, size_t *len, struct slice label)
{
	if (slice_empty(label) || label.len > LABEL_MAX ||
	    *len + label.len + (*len ? 1 : 0) > DNS_NAME_MAX)
		return false;
	for (size_t i = 0; i < label.len; i++) {
		uint8_t c = label.ptr[i];
		if (!is_letter(c) && !is_digit(c) && c != '-' && c != '_')
			return false;
	}
	if (*len)
		out[(*len)++] = '.';
	memcpy(out + *len, label.ptr, label.len);
	*len += label.len;
	return true;
}

/* Follows the pointer whose first byte was read; each leads further back than
 * the one before, so they end. */
static bool follow(struct cur *at, struct slice message, uint8_t first,
		   size_t *start)
{
	size_t to = (size_t)(first & ~LABEL_POINTER) << 8 | cur_u8(at);

	if (cur_failed(at) || to >= *start)
		return false;
	*start = to;
	*at = cur_init(slice_from(message, to));
	return true;
}

void dns_name_read(struct cur *c, struct slice message,
		   char out[static DNS_NAME_MAX + 1])
{
	struct cur at = *c;
	size_t start = (size_t)(c->pos - message.ptr);
	size_t len = 0;
	uint8_t n = 0;

	dns_name_skip(c);
	out[0] = '\0';
	if (cur_failed(c))
		return;
	while ((n = cur_u8(&at)) != 0) {
		bool pointer = (n & LABEL_POINTER) == LABEL_POINTER;
		bool ok = pointer ? follow(&at, message, n, &start)
				  : add_label(out, &len, cur_bytes(&at, n));
		if (!ok)
			break;
	}
	if (n || cur_failed(&at)) {
		c->failed = true;
		out[0] = '\0';
		return;
	}
	if (!len)
		out[len++] = '.';
	out[len] = '\0';
	text_lower(out, len);
}

static struct slice without_dot(struct slice name)
{
	if (name.len && name.ptr[name.len - 1] == '.')
		name.len--;
	return name;
}

static bool is_host_label(struct slice label)
{
	if (slice_empty(label) || label.len > LABEL_MAX ||
	    label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		uint8_t c = label.ptr[i];
		if (!is_letter(c) && !is_digit(c) && c != '-')
			return false;
	}
	return true;
}

bool dns_name_can_be_asked(struct slice name)
{
	struct slice s = without_dot(name);

	if (slice_empty(s) || s.len > DNS_NAME_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		if (!is_letter(c) && !is_digit(c) && c != '-' && c != '_' &&
		    c != '.')
			return false;
	}
	return true;
}

static bool all_digits(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_digit(s.ptr[i]))
			return false;
	return true;
}

bool dns_name_is_host(struct slice name)
{
	struct slice rest = without_dot(name);

	if (slice_empty(rest) || rest.len > DNS_NAME_MAX)
		return false;
	for (;;) {
		ptrdiff_t dot = slice_chr(rest, '.');
		struct slice label =
			dot < 0 ? rest : slice_head(rest, (size_t)dot);
		if (!is_host_label(label))
			return false;
		if (dot < 0) /* of digits only: an IPv4 address */
			return !all_digits(label);
		rest = slice_from(rest, (size_t)dot + 1);
	}
}

void dns_name_canonical(struct slice name, char out[static DNS_NAME_MAX + 1])
{
	struct slice s = slice_head(without_dot(name), DNS_NAME_MAX);

	memcpy(out, s.ptr, s.len);
	out[s.len] = '\0';
	text_lower(out, s.len);
}

bool dns_direct_child(struct slice domain, struct slice target)
{
	struct slice d = without_dot(domain);
	struct slice t = without_dot(target);

	if (!dns_name_is_host(d) || !dns_name_is_host(t))
		return false;
	ptrdiff_t dot = slice_chr(t, '.');
	return dot > 0 && slice_ieq(slice_from(t, (size_t)dot + 1), d);
}
