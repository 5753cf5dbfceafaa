/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The web client: files that everybody may have, since they hold nothing of
 * anybody. A file takes longer to leave than an answer, so the connection waits
 * for that, as long as a message may take.
 */
#include "edge/page.h"

#include "edge/edge_int.h"
#include "edge/websocket.h"
#include "http/page.h"
#include "http/reject.h"

static size_t nothing_take(struct flow *f, struct slice data)
{
	if (data.len)
		flow_end(f, false);
	return data.len;
}

static void on_sent(void *arg)
{
	flow_end(arg, true);
}

static const struct http_file *find(const struct flow *f,
				    const struct http_request *r)
{
	const struct edge *e = f->edge;
	return e->current->conf->web_client ? http_file_find(e->files, r->path)
					    : NULL;
}

const struct reject *page_file(struct flow *f, const struct http_request *r,
			       struct buf *out)
{
	const struct http_file *file = find(f, r);
	return file ? http_file_answer(file, r, out) : &http_reject_not_found;
}

const struct reject *page_root(struct flow *f, const struct http_request *r,
			       struct buf *out)
{
	if (!f->edge->current->conf->web_client ||
	    http_has_token(r, "Upgrade", "websocket"))
		return websocket_accept(f, r, out);
	return find(f, r) ? page_file(f, r, out) : &http_reject_no_client;
}

void page_finish(struct flow *f)
{
	f->take = nothing_take;
	flow_set_deadline(f, true, true);
	conn_when_sent(f->conn, on_sent);
}
