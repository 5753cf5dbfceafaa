/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of one device, and which binding is whose. */
#include "home/device.h"

#include <errno.h>

#include "sip/hidden.h"

static int identify(const struct record *rec,
		    uint8_t out[static SIP_DEVICE_BYTES])
{
	uint8_t hash[SHA256_BYTES];
	const struct slice parts[] = { rec->instance, SLICE_LIT(" "),
				       rec->reg_id ? SLICE_NONE
						   : rec->call_id };
	int err = crypto_sha256(parts, sizeof(parts) / sizeof(parts[0]), hash);
	if (!err)
		memcpy(out, hash, SIP_DEVICE_BYTES);
	return err;
}

static int choose_hidden(struct sealer *s, struct arena *a,
			 const struct sip_uri *uri,
			 char aor[static SIP_AOR_MAX],
			 struct device_choice *out)
{
	struct sip_hidden h;
	if (sip_hidden_open(s, uri, &h) || !h.aor.len ||
	    slice_cstr(h.aor, aor, SIP_AOR_MAX))
		return -EINVAL;
	out->kind = DEVICE_CONTACT;
	out->contact = arena_copy(a, h.uri);
	return out->contact.len ? 0 : -EINVAL;
}

int device_choose(struct sealer *s, struct arena *a, const struct sip_uri *uri,
		  char aor[static SIP_AOR_MAX], struct device_choice *out)
{
	struct sip_gruu g;
	*out = (struct device_choice){ .kind = DEVICE_ANY };
	if (sip_hidden_is(uri))
		return choose_hidden(s, a, uri, aor, out);
	if (!sip_gruu_is(uri))
		return sip_aor(uri, aor);
	out->urn = sip_gruu_urn(uri);
	out->kind = out->urn.len ? DEVICE_PUBLIC : DEVICE_TEMPORARY;
	if (out->urn.len)
		return sip_aor(uri, aor);
	if (sip_gruu_open(s, uri, &g))
		return -EINVAL;
	memcpy(aor, g.aor, sizeof(g.aor));
	memcpy(out->device, g.device, sizeof(g.device));
	return 0;
}

/* RFC 3261 19.1.4; what a device says of itself in a dialog has parameters that
 * its registration has not. */
static bool is_contact(struct slice contact, const struct record *rec)
{
	struct sip_uri a, b;
	return !sip_uri_parse(contact, &a) &&
	       !sip_uri_parse(rec->contact, &b) && sip_uri_equal(&a, &b);
}

bool device_is(const struct device_choice *c, const struct record *rec)
{
	uint8_t device[SIP_DEVICE_BYTES];
	if (c->kind == DEVICE_ANY)
		return true;
	if (c->kind == DEVICE_CONTACT)
		return is_contact(c->contact, rec);
	if (c->kind == DEVICE_PUBLIC)
		return slice_eq(sip_instance_urn(rec->instance), c->urn);
	return rec->instance.len && !identify(rec, device) &&
	       memcmp(device, c->device, sizeof(device)) == 0;
}

bool device_same(const struct record *a, const struct record *b)
{
	return a->instance.len && slice_eq(a->instance, b->instance);
}

static void write_public(struct slice aor, struct slice urn, struct buf *out)
{
	buf_printf(out, ";pub-gruu=\"sip:%.*s;gr=%.*s\"", SLICE_FMT(aor),
		   SLICE_FMT(urn));
}

int device_write(struct sealer *s, struct slice aor, const struct record *rec,
		 struct buf *out)
{
	struct sip_gruu g = { .number = rec->cseq };
	struct slice urn = sip_instance_urn(rec->instance);
	ptrdiff_t at = slice_chr(aor, '@');
	if (!urn.len || at < 0)
		return 0;
	int err = slice_cstr(aor, g.aor, sizeof(g.aor));
	if (!err)
		err = identify(rec, g.device);
	write_public(aor, urn, out);
	buf_str(out, ";temp-gruu=\"sip:");
	if (!err)
		err = sip_gruu_seal(s, &g, out);
	buf_put(out, slice_from(aor, (size_t)at));
	buf_str(out, ";gr\"");
	return err ? err : buf_failed(out) ? -ENOMEM : 0;
}
