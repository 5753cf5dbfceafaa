/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which transaction a request belongs to (RFC 3261 17.2.3), and whether it is
 * one that came here before (8.2.2.2). Keys are length-prefixed pieces, so no
 * two different lists of pieces give the same key. The proven peer is part of
 * every key: nobody can touch another's transaction.
 */
#include <errno.h>

#include "base/text.h"
#include "proxy/parts.h"

enum { KEY_BYTES = 256 }; /* most times enough */

static void key_piece(struct buf *b, struct slice s)
{
	buf_u32(b, (uint32_t)s.len);
	buf_put(b, s);
}

static void key_host(struct buf *b, struct slice host)
{
	key_piece(b, host);
	if (!buf_failed(b))
		text_lower((char *)b->ptr + b->len - host.len, host.len);
}

static int key_finish(struct buf *b, struct arena *a, struct slice *out)
{
	struct slice key = SLICE_NONE;
	if (!buf_failed(b))
		key = arena_copy(a, buf_slice(b));
	buf_free(b);
	if (!key.ptr)
		return -ENOMEM;
	*out = key;
	return 0;
}

/* ACK and CANCEL are looked up as the INVITE they belong to. */
static struct slice key_method(const struct sip_msg *m)
{
	if (m->method == SIP_ACK || m->method == SIP_CANCEL)
		return SLICE_LIT("INVITE");
	return m->method_text;
}

int match_key(struct proxy_request *r)
{
	const struct sip_msg *m = &r->msg;
	uint8_t first[KEY_BYTES];
	struct buf b;
	buf_init_lent(&b, first, sizeof(first));
	key_piece(&b, r->from.peer);
	key_piece(&b, key_method(m));
	if (slice_starts(m->via.branch, SLICE_LIT("z9hG4bK"))) {
		key_piece(&b, m->via.branch);
		key_host(&b, m->via.host);
		buf_u16(&b, m->via.port);
	} else { /* RFC 2543; the To tag differs between INVITE and ACK */
		key_piece(&b, SLICE_NONE);
		key_piece(&b, m->uri.text);
		key_piece(&b, m->from_tag);
		key_piece(&b, m->call_id);
		buf_u32(&b, m->cseq);
		key_piece(&b, m->via.text);
	}
	int err = key_finish(&b, r->arena, &r->key);
	if (err)
		return err;
	uint64_t tag = hash_keyed(r->proxy->tag_seed, r->key);
	text_hex(slice_of(&tag, sizeof(tag)), r->tag);
	return 0;
}

struct proxy_request *match_find(const struct proxy_request *r)
{
	struct map_node *n = map_find(&r->proxy->by_key, r->key);
	return n ? container_of(n, struct proxy_request, by_key) : NULL;
}

/* Everything that decides where a request goes, but not the branch. */
int match_merged_key(const struct proxy_request *r, struct slice *key)
{
	const struct sip_msg *m = &r->msg;
	const struct sip_header *h;
	size_t at = 0;
	uint8_t first[KEY_BYTES];
	struct buf b;
	buf_init_lent(&b, first, sizeof(first));
	key_piece(&b, r->from.peer);
	key_piece(&b, m->method_text);
	key_piece(&b, m->call_id);
	key_piece(&b, m->from_tag);
	key_piece(&b, m->to_tag);
	buf_u32(&b, m->cseq);
	key_piece(&b, m->uri.text);
	while ((h = sip_header_next(m, SIP_H_ROUTE, &at)))
		key_piece(&b, h->value);
	return key_finish(&b, r->arena, key);
}

static bool own_via(const struct proxy *p, struct slice value)
{
	struct sip_via via;
	return sip_via_parse(value, &via) == 0 && via.port == p->own.port &&
	       slice_ieq(via.host, p->own.host);
}

bool match_own_via(const struct proxy_request *r)
{
	const struct sip_header *h;
	size_t at = 0;
	while ((h = sip_header_next(&r->msg, SIP_H_VIA, &at))) {
		struct slice rest = h->value;
		struct slice value;
		while (sip_list_next(&rest, &value) == 1)
			if (own_via(r->proxy, value))
				return true;
	}
	return false;
}
