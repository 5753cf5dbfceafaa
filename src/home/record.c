/* SPDX-License-Identifier: Apache-2.0 */
/* Version byte, numbers, then texts with a 16-bit length. A record of another
 * version is refused whole: its client registers again. */
#include "home/record.h"

#include <errno.h>

#include "base/cursor.h"

enum { RECORD_VERSION = 1, TEXT_MAX = UINT16_MAX };

static void put_text(struct buf *out, struct slice s)
{
	if (s.len > TEXT_MAX) {
		out->failed = true;
		return;
	}
	buf_u16(out, (uint16_t)s.len);
	buf_put(out, s);
}

void record_encode(struct buf *out, const struct record *r)
{
	buf_u8(out, RECORD_VERSION);
	buf_u32(out, r->flow.slot);
	buf_u32(out, r->flow.incarnation);
	buf_u64(out, r->flow.flow);
	buf_u32(out, r->cseq);
	buf_u32(out, r->reg_id);
	put_text(out, r->contact);
	put_text(out, r->path);
	put_text(out, r->call_id);
	put_text(out, r->instance);
	put_text(out, r->user_agent);
}

static struct slice take_text(struct cur *c)
{
	size_t len = cur_u16(c);
	return cur_bytes(c, len);
}

int record_decode(struct slice in, struct record *out)
{
	struct cur c = cur_init(in);
	if (cur_u8(&c) != RECORD_VERSION)
		return -EBADMSG;
	struct record r = {
		.flow.slot = cur_u32(&c),
	};
	r.flow.incarnation = cur_u32(&c);
	r.flow.flow = cur_u64(&c);
	r.cseq = cur_u32(&c);
	r.reg_id = cur_u32(&c);
	r.contact = take_text(&c);
	r.path = take_text(&c);
	r.call_id = take_text(&c);
	r.instance = take_text(&c);
	r.user_agent = take_text(&c);
	if (!cur_done(&c) || slice_empty(r.contact))
		return -EBADMSG;
	*out = r;
	return 0;
}
