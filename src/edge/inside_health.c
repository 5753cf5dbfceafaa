/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a next hop there? OPTIONS on its connection, any answer but 503 and 408
 * is yes (RFC 3261 11, 21.5.4). Max-Forwards is zero, so that it is the next
 * hop itself that answers. Two failures in a row and it is down, two answers
 * in a row and it is up again: one lost question changes nothing. Going down
 * ends the connection, so that what it owes fails over to the next one at
 * once.
 */
#include "edge/inside.h"

#include "base/text.h"

enum {
	WAIT_MS = 3000,
	AGAIN_MS = 1000, /* after a failure, and while it is down */
	ENOUGH = 2,
};

static uint64_t interval_ms(const struct inside_hop *h)
{
	const struct edge *e = h->edge;
	return h->state == INSIDE_UP ? e->current->conf->inside.health_ms
				     : AGAIN_MS;
}

static void become(struct inside_hop *h, enum inside_state state)
{
	if (h->state == INSIDE_UP && state != INSIDE_UP)
		metric_sub(M_INSIDE_UP, 1);
	if (h->state != INSIDE_UP && state == INSIDE_UP)
		metric_add(M_INSIDE_UP, 1);
	h->state = state;
}

void inside_down(struct inside_hop *h, const char *why)
{
	bool news = h->state != INSIDE_DOWN;
	h->good = 0;
	become(h, INSIDE_DOWN);
	if (news) {
		metric_add(M_INSIDE_DOWN, 1);
		LOG(LOG_WARN, "inside.down", KV_STR("next_hop", h->host),
		    KV_U64("port", h->port), KV_U64("slot", h->edge->slot),
		    KV_STR("why", why));
	}
	if (h->flow && h->flow->conn && !h->flow->ending)
		flow_end(h->flow, false);
}

static void up(struct inside_hop *h)
{
	become(h, INSIDE_UP);
	LOG(LOG_INFO, "inside.up", KV_STR("next_hop", h->host),
	    KV_U64("port", h->port), KV_STR("address", h->flow->source),
	    KV_U64("slot", h->edge->slot));
}

static void answered(struct inside_hop *h)
{
	h->bad = 0;
	h->good++;
	h->backoff_ms = 0;
	if (h->state == INSIDE_NEW ||
	    (h->state == INSIDE_DOWN && h->good >= ENOUGH))
		up(h);
	timer_start(&h->probe, interval_ms(h));
}

static void failed(struct inside_hop *h, const char *why)
{
	metric_add(M_INSIDE_LOST, 1);
	h->good = 0;
	h->bad++;
	if (h->bad >= ENOUGH)
		inside_down(h, why);
	else
		timer_start(&h->probe, AGAIN_MS);
}

static void write_options(const struct inside_hop *h, struct slice name,
			  struct buf *out)
{
	const char *transport = h->plain ? "TCP" : "TLS";
	const char *lower = h->plain ? "tcp" : "tls";
	bool v6 = strchr(h->host, ':') != NULL;
	const char *open = v6 ? "[" : "", *shut = v6 ? "]" : "";
	buf_printf(out,
		   "OPTIONS sip:%s%s%s:%u;transport=%s SIP/2.0\r\n"
		   "Via: SIP/2.0/%s %.*s;rport;branch=z9hG4bK%s%u\r\n"
		   "Max-Forwards: 0\r\n",
		   open, h->host, shut, (unsigned)h->port, lower, transport,
		   SLICE_FMT(name), h->call_id, (unsigned)h->cseq);
	buf_printf(out,
		   "From: <sip:%.*s>;tag=%s\r\nTo: <sip:%s%s%s>\r\n"
		   "Call-ID: %s\r\nCSeq: %u OPTIONS\r\n"
		   "Accept: */*\r\nContent-Length: 0\r\n\r\n",
		   SLICE_FMT(name), h->call_id, open, h->host, shut, h->call_id,
		   (unsigned)h->cseq);
}

static void ask(struct inside_hop *h)
{
	struct buf b;
	h->cseq = h->cseq % INT32_MAX + 1;
	buf_init(&b, 0);
	write_options(h, h->edge->current->conf->inside.name, &b);
	int err = buf_failed(&b) ? -1
				 : flow_write_request(h->flow, h->edge->slot, 0,
						      0, buf_slice(&b));
	buf_free(&b);
	if (err) {
		failed(h, "its queue is full");
		return;
	}
	h->asked = true;
	timer_start(&h->probe, WAIT_MS);
}

static void on_probe(struct timer *t, void *arg)
{
	struct inside_hop *h = arg;
	(void)t;
	if (!h->asked) {
		ask(h);
		return;
	}
	h->asked = false;
	failed(h, "no answer to OPTIONS");
}

void inside_health_init(struct inside_hop *h)
{
	timer_init(&h->probe, h->edge->timers, on_probe, h);
}

void inside_health_begin(struct inside_hop *h)
{
	uint64_t random[2] = { crypto_random_u64(), crypto_random_u64() };
	text_hex(slice_of(random, sizeof(random)), h->call_id);
	h->call_id[INSIDE_CALL_ID_BYTES * 2] = '\0';
	h->bad = 0;
	ask(h);
}

void inside_health_stop(struct inside_hop *h)
{
	h->asked = false;
	timer_stop(&h->probe);
}

bool inside_heard(struct flow *f, const struct sip_msg *m)
{
	struct inside_hop *h = f->hop;
	if (!h || !h->asked || m->method != SIP_OPTIONS || m->cseq != h->cseq ||
	    !slice_eq(m->call_id, slice_str(h->call_id)))
		return false;
	if (m->status < 200)
		return true;
	h->asked = false;
	if (m->status == 503 || m->status == 408)
		failed(h, "it answers that it is not available");
	else
		answered(h);
	return true;
}
