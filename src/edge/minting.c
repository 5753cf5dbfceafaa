/* SPDX-License-Identifier: Apache-2.0 */
/* The question is checked here and answered by home; what home says is written
 * here. Neither passwords nor credentials are kept or logged. */
#include "edge/minting.h"

#include "http/reject.h"

enum { ANSWER_MAX = 8192, TEXT_MAX = 512 };

/* The path, as in the request line: what the digest covers. */
static void put_target(struct buf *out, const struct http_request *r)
{
	buf_put(out, r->path);
	if (r->query.len) {
		buf_u8(out, '?');
		buf_put(out, r->query);
	}
}

/* Whom it names, unescaped; empty: nobody. */
static const struct reject *read_user(const struct http_request *r,
				      struct buf *user)
{
	struct slice service, raw;
	if (http_query(r, "service", &service) &&
	    !slice_eq(service, SLICE_LIT("turn")))
		return &http_reject_query;
	if (http_query(r, "username", &raw) && sip_unescape(raw, user))
		return &http_reject_query;
	return NULL;
}

static const struct reject *check(const struct flow *f,
				  const struct http_request *r)
{
	const struct edge_conf *c = f->edge->current->conf;
	if (!c->offer.there || c->inside.external)
		return &http_reject_not_found;
	if (!slice_eq(r->method, SLICE_LIT("GET")))
		return &http_reject_method;
	return http_origin_ok(r, c->origins, c->origin_count)
		       ? NULL
		       : &http_reject_origin;
}

const struct reject *minting_ask(struct flow *f, const struct http_request *r,
				 struct buf *out)
{
	struct edge *e = f->edge;
	struct buf target, user;
	const struct reject *reject = check(f, r);
	(void)out;
	buf_init(&target, 0);
	buf_init(&user, TEXT_MAX);
	if (!reject)
		reject = read_user(r, &user);
	put_target(&target, r);
	const struct ipc_web_ask ask = {
		.id = f->id,
		.source = slice_str(f->source),
		.target = buf_slice(&target),
		.user = buf_slice(&user),
		.authorization = http_field(r, "Authorization"),
	};
	if (!reject && (buf_failed(&target) || buf_failed(&user) ||
			e->ops->send(e->arg, PROC_HOME, 0, IPC_WEB_ASK, &ask)))
		reject = &http_reject_busy;
	f->asking = !reject;
	buf_free(&target);
	buf_free(&user);
	return reject;
}

/* ---- answers ---- */

/* The host is a name that the configuration was checked for. */
static void put_uri(struct buf *b, const struct offer_conf *o,
		    const char *scheme, uint16_t port, const char *transport)
{
	if (!port)
		return;
	if (b->ptr[b->len - 1] != '[')
		buf_u8(b, ',');
	buf_printf(b, "\"%s:%.*s:%u?transport=%s\"", scheme, SLICE_FMT(o->host),
		   port, transport);
}

static void put_credential(struct buf *out, const struct offer_conf *o,
			   const struct ipc_web_answer *m)
{
	struct buf json;
	buf_init(&json, ANSWER_MAX / 2);
	buf_str(&json, "{\"username\":");
	http_json_text(&json, m->username);
	buf_str(&json, ",\"password\":");
	http_json_text(&json, m->password);
	buf_printf(&json, ",\"ttl\":%u,\"uris\":[", m->ttl_s);
	if (!buf_failed(&json)) {
		put_uri(&json, o, "turn", o->udp_port, "udp");
		put_uri(&json, o, "turn", o->tcp_port, "tcp");
		put_uri(&json, o, "turns", o->tls_port, "tcp");
	}
	buf_str(&json, "]}");
	if (buf_failed(&json))
		out->failed = true;
	else
		http_write_json(out, buf_slice(&json));
	if (json.ptr)
		crypto_wipe(json.ptr, json.cap);
	buf_free(&json);
}

static const struct {
	uint16_t status;
	const struct reject *reject;
} refusals[] = {
	{ 400, &http_reject_credentials }, { 401, &http_reject_unauthorized },
	{ 403, &http_reject_not_yours },   { 404, &http_reject_not_found },
	{ 503, &http_reject_busy },
};

static const struct reject *refusal(uint16_t status)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (refusals[i].status == status)
			return refusals[i].reject;
	return &http_reject_busy;
}

static void finish(struct flow *f, const struct ipc_web_answer *m)
{
	const struct offer_conf *offer = &f->edge->current->conf->offer;
	const struct reject *reject =
		m->status == 200 ? NULL : refusal(m->status);
	struct buf out;
	buf_init(&out, ANSWER_MAX);
	if (reject) {
		metric_add(reject->metric, 1);
		LOG_LIMITED(LOG_INFO, "http.reject", slice_str(f->source),
			    KV_U64("code", reject->status),
			    KV_STR("why", reject->why),
			    KV_STR("source", f->source),
			    KV_STR("peer", f->peer));
	}
	if (!reject)
		put_credential(&out, offer, m);
	else if (reject == &http_reject_unauthorized)
		http_write_challenge(&out, reject, m->challenge);
	else
		http_write_reject(&out, reject);
	f->asking = false;
	bool written =
		!buf_failed(&out) && !conn_write(f->conn, buf_slice(&out));
	if (out.ptr)
		crypto_wipe(out.ptr, out.cap);
	buf_free(&out);
	flow_end(f, written);
}

void minting_on_answer(struct edge *e, const struct proc_id *from,
		       const struct ipc_msg *m)
{
	struct flow *f = flow_find(e, m->u.web_answer.id);
	(void)from;
	if (f && f->asking)
		finish(f, &m->u.web_answer);
}

static void give_up(struct map_node *n, void *arg)
{
	const struct ipc_web_answer busy = { .status = 503 };
	struct flow *f = container_of(n, struct flow, node);
	(void)arg;
	if (f->asking && !f->ending)
		finish(f, &busy);
}

void minting_home_gone(struct edge *e)
{
	if (e->flows.slots)
		map_each(&e->flows, give_up, NULL);
}
