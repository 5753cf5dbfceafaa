/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A response on its way back. Whatever Vias it came with, it leaves with those
 * of the request it answers, so a next hop that saw only ours (hide_vias), or
 * that changed them, makes no difference (SIP-30).
 */
#include <errno.h>

#include "proxy/parts.h"

enum { VIAS_BYTES = 256 }; /* most times enough */

/* "Via: ...\r\n" for each Via header of the request, made once. */
static int request_vias(struct proxy_request *r)
{
	const struct sip_header *h;
	uint8_t first[VIAS_BYTES];
	struct buf b;
	size_t at = 0;
	if (r->vias.ptr)
		return 0;
	buf_init_lent(&b, first, sizeof(first));
	while ((h = sip_header_next(&r->msg, SIP_H_VIA, &at))) {
		struct slice value = sip_unfold(r->arena, h->value);
		if (!value.ptr)
			b.failed = true;
		buf_str(&b, "Via: ");
		buf_put(&b, value);
		buf_str(&b, "\r\n");
	}
	if (!buf_failed(&b))
		r->vias = arena_copy(r->arena, buf_slice(&b));
	buf_free(&b);
	return r->vias.ptr ? 0 : -ENOMEM;
}

int upstream_build(struct proxy_request *r, const struct ctrans *c,
		   const struct sip_msg *m, struct buf *out)
{
	struct proxy *p = r->proxy;
	bool was_done = r->done;
	struct sip_edits e;
	int err = request_vias(r);
	if (err)
		return err;
	sip_edits_init(&e);
	sip_edit_drop(&e, SIP_H_VIA);
	if (m->status == 401 || m->status == 407)
		best_add_challenges(r, c, &e);
	if (p->ops.on_response)
		p->ops.on_response(p->arg, r, m, &e);
	if (r->done != was_done)
		return -ECANCELED;
	e.lines = r->vias;
	return sip_encode(out, m, &e);
}
