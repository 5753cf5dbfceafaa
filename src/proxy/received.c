/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a request really came from, for its sender to read in the answers:
 * received= and rport= of the topmost Via (RFC 3261 18.2.1, RFC 3581 4, RFC
 * 5118 4.5). Written once, when the request comes in; nothing is ever sent to
 * what stands there (SIP-30).
 */
#include <errno.h>

#include "proxy/parts.h"

enum { VIA_BYTES = 512 }; /* most times enough */

static bool is_ours(struct slice name)
{
	return slice_ieq(name, SLICE_LIT("received")) ||
	       slice_ieq(name, SLICE_LIT("rport"));
}

static bool same_host(const struct sip_via *via, const struct addr *from)
{
	struct addr a;
	return addr_parse_host(via->host, 0, &a) == 0 &&
	       addr_same_host(&a, from);
}

/* Where the parts of the new Via begin in the buffer. */
struct places {
	size_t params, branch;
};

/* All but the two parameters, as it was. */
static void put_rest(struct buf *b, const struct sip_via *via,
		     struct places *at)
{
	struct slice params = via->params;
	struct slice name, value;
	size_t head = via->text.len;
	if (!slice_empty(params))
		head = (size_t)(params.ptr - via->text.ptr);
	if (!via->received && !via->rport) { /* neither is there */
		buf_put(b, via->text);
		at->params = head;
		if (!slice_empty(via->branch))
			at->branch = (size_t)(via->branch.ptr - via->text.ptr);
		return;
	}
	buf_put(b, slice_trim(slice_head(via->text, head)));
	at->params = b->len;
	while (sip_param_next(&params, &name, &value)) {
		if (is_ours(name))
			continue;
		buf_u8(b, ';');
		buf_put(b, name);
		if (slice_empty(value))
			continue;
		buf_u8(b, '=');
		if (value.ptr == via->branch.ptr)
			at->branch = b->len;
		buf_put(b, value);
	}
}

static void put_received(struct buf *b, const struct addr *from, bool rport)
{
	char text[ADDR_TEXT_MAX];
	struct slice host = slice_str(addr_host(from, text));
	ptrdiff_t scope = slice_chr(host, '%');
	buf_str(b, ";received=");
	buf_put(b, scope < 0 ? host : slice_head(host, (size_t)scope));
	if (!rport)
		return;
	buf_str(b, ";rport=");
	buf_dec(b, addr_port(from));
}

/* Its parts, which were read once, in the text that was written from them. */
static void via_moves(struct sip_via *via, struct slice text,
		      const struct places *at)
{
	const uint8_t *old = via->text.ptr;
	via->transport.ptr = text.ptr + (via->transport.ptr - old);
	via->host.ptr = text.ptr + (via->host.ptr - old);
	via->params = slice_from(text, at->params);
	if (!slice_empty(via->branch))
		via->branch.ptr = text.ptr + at->branch;
	via->received = true;
	via->text = text;
}

/* The header keeps its further values. */
static int replace_via(struct proxy_request *r, struct buf *b,
		       const struct places *at)
{
	struct sip_header *h = NULL;
	for (size_t i = 0; !h; i++)
		if (r->msg.headers[i].id == SIP_H_VIA)
			h = &r->msg.headers[i];
	const struct slice old = r->msg.via.text;
	size_t via_len = b->len;
	buf_put(b, slice_from(h->value,
			      (size_t)(old.ptr - h->value.ptr) + old.len));
	if (buf_failed(b))
		return -ENOMEM;
	struct slice value = arena_copy(r->arena, buf_slice(b));
	if (!value.ptr)
		return -ENOMEM;
	h->value = value;
	h->plain = false;
	via_moves(&r->msg.via, slice_head(value, via_len), at);
	return 0;
}

int received_note(struct proxy_request *r)
{
	const struct sip_via *via = &r->msg.via;
	const struct addr *from = &r->from.addr;
	struct places at = { 0 };
	uint8_t first[VIA_BYTES];
	struct buf b;
	if (!from->u.sa.sa_family)
		return 0;
	/* what the sender wrote there itself is replaced */
	if (!via->received && !via->rport && same_host(via, from))
		return 0;
	buf_init_lent(&b, first, sizeof(first));
	put_rest(&b, via, &at);
	put_received(&b, from, via->rport);
	int err = replace_via(r, &b, &at);
	buf_free(&b);
	return err;
}
