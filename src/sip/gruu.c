/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of one device: reading, sealing and opening them. */
#include "sip/gruu.h"

#include <errno.h>
#include <string.h>

#include "base/cursor.h"

enum { HEAD_BYTES = 4 + SIP_DEVICE_BYTES, URN_MAX = 128 };

static const struct slice purpose = { (const uint8_t *)"gruu", 4 };

/* paramchar without escapes (RFC 3261 25.1): what is written is what is
 * compared. */
static bool is_plain(struct slice s)
{
	static const char marks[] = "-_.!~*'()[]/:&+$";
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9');
		if (!alnum && (!c || !strchr(marks, c)))
			return false;
	}
	return s.len > 0 && s.len <= URN_MAX;
}

struct slice sip_instance_urn(struct slice instance)
{
	const struct slice before = SLICE_LIT("\"<"), after = SLICE_LIT(">\"");
	if (instance.len < before.len + after.len ||
	    !slice_starts(instance, before) || !slice_ends(instance, after))
		return SLICE_NONE;
	struct slice urn = slice_head(slice_from(instance, before.len),
				      instance.len - before.len - after.len);
	bool is_urn = slice_ieq(slice_head(urn, 4), SLICE_LIT("urn:"));
	return is_urn && is_plain(urn) ? urn : SLICE_NONE;
}

bool sip_gruu_is(const struct sip_uri *uri)
{
	struct slice value;
	return sip_param(uri->params, "gr", &value);
}

struct slice sip_gruu_urn(const struct sip_uri *uri)
{
	struct slice value = SLICE_NONE;
	return sip_param(uri->params, "gr", &value) ? value : SLICE_NONE;
}

int sip_gruu_seal(struct sealer *s, const struct sip_gruu *g, struct buf *out)
{
	struct buf plain;
	buf_init(&plain, 0);
	buf_u32(&plain, g->number);
	buf_put(&plain, slice_of(g->device, sizeof(g->device)));
	buf_str(&plain, g->aor);
	int err = buf_failed(&plain)
			  ? -ENOMEM
			  : sealer_seal(s, purpose, buf_slice(&plain), out);
	buf_free(&plain);
	return err;
}

int sip_gruu_open(struct sealer *s, const struct sip_uri *uri,
		  struct sip_gruu *out)
{
	uint8_t plain[HEAD_BYTES + SIP_AOR_MAX];
	int n = sealer_open(s, purpose, uri->user, plain, sizeof(plain));
	if (n < 0)
		return n == -ENOKEY ? n : -EINVAL;
	struct cur c = cur_init(slice_of(plain, (size_t)n));
	out->number = cur_u32(&c);
	struct slice device = cur_bytes(&c, sizeof(out->device));
	if (n <= HEAD_BYTES || device.len != sizeof(out->device))
		return -EINVAL;
	memcpy(out->device, device.ptr, device.len);
	struct slice aor = cur_bytes(&c, (size_t)n - HEAD_BYTES);
	return slice_cstr(aor, out->aor, sizeof(out->aor)) ? -EINVAL : 0;
}
