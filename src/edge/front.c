/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client speaks is told by its first bytes: a method and '/' is HTTP, a
 * STUN head is TURN that did not say so by ALPN, all else is left to the framer
 * of SIP, which closes at the first byte that is impossible (SIP-11).
 *
 * Each HTTP answer is the last on its connection; only the handshake of
 * WebSocket goes on. One that home has to be asked for comes later. Files are
 * those of the web client.
 */
#include "edge/front.h"

#include "edge/edge_int.h"
#include "edge/join.h"
#include "edge/minting.h"
#include "edge/page.h"
#include "edge/websocket.h"
#include "http/http.h"
#include "http/reject.h"
#include "stun/demux.h"

enum { ANSWER_MAX = 2 << 20 }; /* the largest: the client's script */

typedef const struct reject *(*route_fn)(struct flow *f,
					 const struct http_request *r,
					 struct buf *out);

/* All that HTTP serves beside files (ADM-04): exact paths, nothing decoded. */
static const struct {
	const char *path;
	route_fn fn;
} routes[] = {
	{ "/", page_root },
	{ "/ws", websocket_accept },
	{ "/turn", minting_ask },
};

static const struct reject *serve(struct flow *f, const struct http_request *r,
				  struct buf *out)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
		if (slice_eq(r->path, slice_str(routes[i].path)))
			return routes[i].fn(f, r, out);
	return page_file(f, r, out);
}

static void refuse(struct flow *f, const struct reject *reject, struct buf *out)
{
	metric_add(reject->metric, 1);
	LOG_LIMITED(LOG_INFO, "http.reject", slice_str(f->source),
		    KV_U64("code", reject->status), KV_STR("why", reject->why),
		    KV_STR("source", f->source), KV_STR("peer", f->peer));
	http_write_reject(out, reject);
}

/* While home is asked: nothing follows unasked. */
static size_t nothing_take(struct flow *f, struct slice data)
{
	if (data.len)
		flow_end(f, false);
	return data.len;
}

static size_t http_take(struct flow *f, struct slice data)
{
	struct http_request r;
	const struct reject *reject;
	struct buf out;
	size_t len = 0;
	if (http_read(data, &r, &len, &reject) == HTTP_MORE) {
		flow_set_deadline(f, true, false);
		return 0;
	}
	buf_init(&out, ANSWER_MAX);
	if (!reject && data.len > len)
		reject = &http_reject_body; /* nothing follows unasked */
	if (!reject)
		reject = serve(f, &r, &out);
	if (reject)
		refuse(f, reject, &out);
	bool later = f->asking && !reject;
	if (later)
		f->take = nothing_take;
	else if (buf_failed(&out) || conn_write(f->conn, buf_slice(&out)) ||
		 reject)
		flow_end(f, true);
	else if (f->ws)
		flow_set_deadline(f, false, true);
	else
		page_finish(f);
	buf_free(&out);
	return data.len;
}

/* No method and no '/': a relay's, or SIP's framer decides. */
static size_t other_take(struct flow *f, struct slice data)
{
	enum demux_stream what = demux_stream(data);
	switch (what) {
	case STREAM_MORE:
		flow_set_deadline(f, true, false);
		return 0;
	case STREAM_HELLO:
	case STREAM_MS:
	case STREAM_RFC:
		if (join_open(f, what != STREAM_RFC))
			return f->take(f, data);
		break;
	case STREAM_TLS:
	case STREAM_CLOSE:
		break;
	}
	f->take = flow_take_sip;
	return f->take(f, data);
}

size_t front_take(struct flow *f, struct slice data)
{
	switch (http_begins(data)) {
	case HTTP_MORE:
		if (data.len)
			flow_set_deadline(f, true, false);
		return 0;
	case HTTP_DONE:
		f->take = http_take;
		break;
	case HTTP_REFUSED:
		f->take = other_take;
		break;
	}
	return f->take(f, data);
}
