/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts that stand in the message itself: media, more than two parties, what
 * the peer says of its user; and what the inside is told of a sender outside
 * (MS-SIPRE, ms-edge-proxy-message-trust).
 */
#include "edge/facts.h"

#include "edge/walk.h"
#include "sip/body.h"

enum { MARK_BYTES = 256 }; /* most times enough */

/* "...;ms-source-verified-user=verified;..." */
static void read_mark(struct access_facts *f, const struct sip_msg *m)
{
	const struct sip_header *h = sip_header(m, SIP_H_MS_EDGE_TRUST);
	struct slice rest = h ? h->value : SLICE_NONE;
	const struct slice key = SLICE_LIT("ms-source-verified-user=");
	while (rest.len && !f->marked) {
		ptrdiff_t end = slice_chr(rest, ';');
		size_t len = end < 0 ? rest.len : (size_t)end;
		struct slice one = slice_trim(slice_head(rest, len));
		struct slice says = slice_from(one, key.len);
		if (slice_starts(one, key)) {
			f->said_verified =
				slice_ieq(says, SLICE_LIT("verified"));
			f->marked = f->said_verified ||
				    slice_ieq(says, SLICE_LIT("unverified"));
		}
		rest = slice_from(rest, len + (end >= 0));
	}
}

/* What cannot be read might hide anything. */
static bool has_audio_video(const struct sip_msg *m)
{
	unsigned kinds = 0;
	if (m->body.len && sip_media_kinds(m, &kinds))
		return true;
	return kinds & (SIP_MEDIA_AUDIO | SIP_MEDIA_VIDEO);
}

static bool is_multiparty(const struct sip_msg *m)
{
	const struct sip_header *h;
	size_t at = 0;
	while ((h = sip_header_next(m, SIP_H_REQUIRE, &at))) {
		struct slice rest = h->value, tag;
		while (sip_list_next(&rest, &tag) == 1)
			if (slice_ieq(tag, SLICE_LIT("com.microsoft.rtc-"
						     "multiparty")))
				return true;
	}
	return false;
}

void facts_of_media(struct access_facts *f, const struct access *a,
		    const struct sip_msg *m)
{
	f->audio_video = has_audio_video(m) && access_wants_media(a, f);
}

void facts_of_message(struct access_facts *f, const struct sip_msg *m)
{
	f->multiparty = is_multiparty(m);
	read_mark(f, m);
}

static void write_mark(struct buf *out, const struct access_mark *mark,
		       const char *edge)
{
	static const char *const types[] = {
		[ACCESS_SOURCE_DIRECT_PARTNER] = "DirectPartner",
		[ACCESS_SOURCE_AUTO_FEDERATION] = "AutoFederation",
		[ACCESS_SOURCE_AUTHORIZED_SERVER] = "AuthorizedServer",
		[ACCESS_SOURCE_INTERNET_USER] = "InternetUser",
	};
	buf_str(out, "ms-source-type=");
	buf_str(out, types[mark->type]);
	buf_str(out, ";ms-ep-fqdn=");
	buf_str(out, edge);
	buf_str(out, ";ms-source-verified-user=");
	buf_str(out, mark->verified ? "verified" : "unverified");
	if (mark->type == ACCESS_SOURCE_INTERNET_USER)
		return;
	buf_str(out, ";ms-source-network=");
	buf_str(out, mark->public_cloud ? "publiccloud" : "federation");
	if (mark->shared)
		buf_str(out, ";shared-address-space=true");
}

void facts_mark(struct walk *w, const struct access_mark *mark)
{
	uint8_t first[MARK_BYTES];
	struct buf b;
	struct slice value = SLICE_NONE;
	if (mark->type == ACCESS_SOURCE_NONE)
		return;
	buf_init_lent(&b, first, sizeof(first));
	write_mark(&b, mark, w->e->name);
	if (!buf_failed(&b))
		value = arena_copy(proxy_request_arena(w->r), buf_slice(&b));
	buf_free(&b);
	if (value.len)
		sip_edit_bottom(&w->edits, SIP_H_MS_EDGE_TRUST, value);
	else
		w->edits.failed = true;
}
