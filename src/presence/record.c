/* SPDX-License-Identifier: Apache-2.0 */
/* Subscriptions as the store keeps them: version byte, numbers, then texts
 * with a 16-bit length. Another version is refused whole: its watcher
 * subscribes again. */
#include <errno.h>

#include "base/cursor.h"
#include "presence/sub.h"

enum { RECORD_VERSION = 1, FLAG_OURS = 1, FLAG_VERIFIED = 2 };

static void put_text(struct buf *out, struct slice s)
{
	buf_u32(out, (uint32_t)s.len);
	buf_put(out, s);
}

void sub_encode(struct buf *out, const struct sub_facts *f)
{
	const struct slice *texts[] = {
		&f->watcher, &f->to,        &f->call_id,    &f->local,
		&f->remote,  &f->local_tag, &f->remote_tag, &f->target,
		&f->route,   &f->event_id,  &f->list
	};
	buf_u8(out, RECORD_VERSION);
	buf_u8(out, (uint8_t)((f->ours ? FLAG_OURS : 0) |
			      (f->verified ? FLAG_VERIFIED : 0)));
	buf_u32(out, f->local_cseq);
	buf_u32(out, f->remote_cseq);
	buf_u32(out, f->flow.slot);
	buf_u32(out, f->flow.incarnation);
	buf_u64(out, f->flow.flow);
	buf_u8(out, f->package->list);
	put_text(out, slice_str(f->package->event));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		put_text(out, *texts[i]);
}

static struct slice take_text(struct cur *c)
{
	size_t len = cur_u32(c);
	return cur_bytes(c, len);
}

int sub_decode(struct slice in, struct sub_facts *out)
{
	struct cur c = cur_init(in);
	if (cur_u8(&c) != RECORD_VERSION)
		return -EBADMSG;
	uint8_t flags = cur_u8(&c);
	struct sub_facts f = { .ours = flags & FLAG_OURS,
			       .verified = flags & FLAG_VERIFIED };
	struct slice *texts[] = { &f.watcher,    &f.to,     &f.call_id,
				  &f.local,      &f.remote, &f.local_tag,
				  &f.remote_tag, &f.target, &f.route,
				  &f.event_id,   &f.list };
	f.local_cseq = cur_u32(&c);
	f.remote_cseq = cur_u32(&c);
	f.flow.slot = cur_u32(&c);
	f.flow.incarnation = cur_u32(&c);
	f.flow.flow = cur_u64(&c);
	uint8_t list = cur_u8(&c);
	f.package = package_of(take_text(&c));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i] = take_text(&c);
	bool known = flags <= (FLAG_OURS | FLAG_VERIFIED) && list <= 1 &&
		     f.package &&
		     (!list || f.package->event == package_list.event);
	if (!cur_done(&c) || !known || !f.call_id.len || !f.local_tag.len ||
	    !f.to.len || !f.watcher.len || f.local_cseq > INT32_MAX)
		return -EBADMSG;
	if (list)
		f.package = &package_list;
	*out = f;
	return 0;
}
