/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/notice.h"

#include <errno.h>

enum { NOTICE_BYTES = 4096 }; /* most times enough */

void notice_end(struct edge *e, uint64_t id, uint16_t status)
{
	struct ipc_notice_end m = { .id = id, .status = status };
	e->ops->send(e->arg, PROC_HOME, 0, IPC_NOTICE_END, &m);
}

static int write(struct flow *f, const struct ipc_notice *n)
{
	const struct slice transport =
		f->ws ? SLICE_LIT("WSS") : SLICE_NONE; /* RFC 7118 5.2.1 */
	uint8_t room[NOTICE_BYTES];
	uint64_t txn = 0;
	struct buf out;
	buf_init_lent(&out, room, sizeof(room));
	buf_put(&out, n->line);
	buf_str(&out, "Via: ");
	int err = proxy_lend_via(f->edge->proxy, transport, &out, &txn);
	buf_str(&out, "\r\n");
	buf_put(&out, n->rest);
	if (!err)
		err = buf_failed(&out) ? -ENOMEM
				       : flow_write_notice(f, txn, n->id,
							   buf_slice(&out));
	buf_free(&out);
	return err;
}

void notice_on_ask(struct edge *e, const struct proc_id *from,
		   const struct ipc_msg *m)
{
	const struct ipc_notice *n = &m->u.notice;
	struct flow *f = flow_find(e, n->flow);
	bool can = f && f->kind == FLOW_CLIENT && e->current && e->has_keys;
	int err = can ? write(f, n) : -EPIPE;
	(void)from;
	if (err)
		notice_end(e, n->id,
			   edge_reject(err == -EPIPE ? EDGE_FLOW_GONE
						     : EDGE_QUEUE_FULL)
				   ->status);
}

void notice_answered(struct flow *f, const struct pending *p,
		     const struct sip_msg *m)
{
	struct edge *e = f->edge;
	LOG(LOG_INFO, "sip.message", KV_STR("method", "NOTIFY"),
	    KV_SLICE("from", m->from.uri.text), KV_SLICE("to", m->to.uri.text),
	    KV_SLICE("call_id", m->call_id), KV_U64("slot", e->slot),
	    KV_STR("in", "home"), KV_STR("out", f->peer),
	    KV_I64("out_slot", (int64_t)e->slot), KV_U64("code", m->status),
	    KV_STR("why", ""), KV_U64("bytes", p->bytes),
	    KV_U64("ms", timers_now(e->timers) - p->since_ms));
	notice_end(e, p->notice, m->status);
}
