/* SPDX-License-Identifier: Apache-2.0 */
/* Reading ms-diagnostics, and plain words where the server has none. */
#include "cli/diagnostics.h"

enum { ID_MAX = 99999 };

static const struct {
	unsigned id;
	const char *text;
} known[] = {
	{ 1000, "authentication failed: check name and password" },
	{ 1003, "there is no such user" },
	{ 1005, "the domain is neither the server's own nor a partner's" },
	{ 1006, "the recipient's connection is gone" },
	{ 1007, "the server cannot do it for the moment; try again" },
	{ 1008, "the partner's domain has no SRV record that could be found" },
	{ 1009, "the partner's SRV record leads out of its domain" },
	{ 1010, "the partner's certificate is not the expected one" },
	{ 1014, "the name of the partner's edge does not resolve" },
	{ 1017, "the sender's domain may not be used on this connection" },
	{ 1027, "this type of request does not cross to partners" },
	{ 1046, "the partner's edge cannot be reached" },
};

/* What stands in quotes at the start of s, without them. */
static void unquote(struct buf *out, struct slice s)
{
	size_t i = 1;

	if (!s.len || s.ptr[0] != '"')
		return;
	for (; i < s.len && s.ptr[i] != '"'; i++) {
		if (s.ptr[i] == '\\' && i + 1 < s.len)
			i++;
		buf_u8(out, s.ptr[i]);
	}
}

/* Bytes up to the next semicolon outside quotes. */
static size_t part_len(struct slice s)
{
	bool quoted = false;
	size_t i = 0;

	for (; i < s.len && (quoted || s.ptr[i] != ';'); i++) {
		if (quoted && s.ptr[i] == '\\')
			i++;
		else if (s.ptr[i] == '"')
			quoted = !quoted;
	}
	return i < s.len ? i : s.len;
}

void diagnostics_read(struct diagnostics *d, struct slice value,
		      struct slice phrase)
{
	struct slice name = SLICE_LIT("reason=");
	uint64_t id = 0;
	size_t len = part_len(value);

	d->id = 0;
	buf_init(&d->reason, 0);
	if (slice_u64(slice_trim(slice_head(value, len)), ID_MAX, &id))
		return;
	d->id = (unsigned)id;
	while (len < value.len) {
		value = slice_from(value, len + 1);
		len = part_len(value);
		struct slice part = slice_trim(slice_head(value, len));
		if (!d->reason.len &&
		    slice_ieq(slice_head(part, name.len), name))
			unquote(&d->reason, slice_from(part, name.len));
	}
	if (slice_ieq(buf_slice(&d->reason), phrase))
		buf_reset(&d->reason);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!d->reason.len && known[i].id == d->id)
			buf_str(&d->reason, known[i].text);
}

void diagnostics_free(struct diagnostics *d)
{
	buf_free(&d->reason);
}
