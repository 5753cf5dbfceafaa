/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's life: connect, sign in, send what waits, stay alive (RFC 5626
 * 3.5.1), sign out, end. The connection's end is the agent's end; ua_free()
 * before that lets go of the callbacks at once and of the memory then.
 */
#include "ua/ua.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "base/log.h"
#include "ua/ua_int.h"

enum {
	TIMEOUT_MS = 35000,
	EXPIRES_S = 600,
	EXPIRES_MIN_S = 2,
	KEEPALIVE_MS = 25000,
	PONG_MS = 10000,
	CLOSE_MS = 5000, /* for the answer to signing out */
	REASON_MAX = 256
};

static void ua_destroy(struct ua *u)
{
	timer_stop(&u->keepalive);
	timer_stop(&u->refresh);
	LIST_EACH (it, tmp, &u->requests)
		ua_request_free(container_of(it, struct ua_request, node));
	net_tls_free(u->tls);
	buf_free(&u->username);
	if (u->password)
		crypto_wipe(u->password, strlen(u->password));
	free(u->password);
	free(u);
}

/* Nothing goes out or comes in any more; on_end follows. */
void ua_end(struct ua *u, const char *why)
{
	if (!u->end_text)
		u->end_text = why;
	u->state = UA_CLOSING;
	timer_stop(&u->keepalive);
	timer_stop(&u->refresh);
	if (u->conn)
		conn_close_flushed(u->conn);
}

static int start_register(struct ua *u, uint32_t expires)
{
	struct ua_request *r;
	int err = ua_request_new(&r, u, SIP_REGISTER);

	if (err)
		return err;
	memcpy(r->to, u->aor, sizeof(r->to));
	memcpy(r->call_id, u->call_id, sizeof(r->call_id));
	memcpy(r->tag, u->tag, sizeof(r->tag));
	r->cseq = ++u->cseq;
	r->expires = expires;
	if (!expires && u->timeout_ms > CLOSE_MS)
		ua_request_patience(r, CLOSE_MS);
	err = ua_request_send(r, SIP_H_UNKNOWN, SLICE_NONE);
	if (err)
		ua_request_free(r);
	return err;
}

/* The first message that is not under way, or NULL. */
static struct ua_request *first_waiting(struct ua *u)
{
	LIST_EACH (it, tmp, &u->requests) {
		struct ua_request *r =
			container_of(it, struct ua_request, node);
		if (!r->sent && r->method == SIP_MESSAGE)
			return r;
	}
	return NULL;
}

static void send_waiting(struct ua *u)
{
	struct ua_request *r;

	while (!u->freed && u->state == UA_UP && (r = first_waiting(u)))
		if (ua_request_send(r, SIP_H_UNKNOWN, SLICE_NONE))
			ua_finish(r, NULL, "too much is waiting to be sent");
}

static void fail_waiting(struct ua *u, const char *why)
{
	struct ua_request *r;

	while (!u->freed && (r = first_waiting(u)))
		ua_finish(r, NULL, why);
}

/* The seconds that the registrar granted our contact (RFC 3261 10.2.4). */
static uint32_t granted(const struct ua_request *r, const struct sip_msg *m)
{
	const struct sip_header *h = sip_header(m, SIP_H_EXPIRES);
	char host[UA_TOKEN_MAX + 8];
	uint32_t seconds = r->expires;
	size_t index = 0;

	if (h && sip_delta_seconds(h->value, &seconds))
		seconds = r->expires;
	snprintf(host, sizeof(host), "%s.invalid", r->ua->host);
	while ((h = sip_header_next(m, SIP_H_CONTACT, &index))) {
		struct slice list = h->value, value;
		while (sip_list_next(&list, &value) == 1) {
			struct sip_addr a;
			if (sip_addr_parse(value, &a) ||
			    !slice_ieq(a.uri.host, slice_str(host)))
				continue;
			if (sip_param(a.params, "expires", &value))
				(void)sip_delta_seconds(value, &seconds);
		}
	}
	return seconds < EXPIRES_MIN_S ? EXPIRES_MIN_S : seconds;
}

/* What a request came to, for the callbacks; texts live in `reason`. */
static struct ua_result result_of(const struct ua_request *r,
				  const struct sip_msg *m, const char *why,
				  char reason[static REASON_MAX])
{
	struct ua_result out = {
		.text = why,
		.duration_ms = loop_now_ms(r->ua->loop) - r->started_ms,
	};
	const struct sip_header *h;

	if (!m)
		return out;
	out.status = m->status;
	if (slice_cstr(slice_head(m->reason, REASON_MAX - 1), reason,
		       REASON_MAX))
		reason[0] = '\0';
	out.text = reason[0] ? reason : sip_status_reason(m->status);
	h = sip_header(m, SIP_H_MS_DIAGNOSTICS);
	if (!h)
		h = sip_header(m, SIP_H_MS_DIAGNOSTICS_PUBLIC);
	if (h)
		out.diagnostics = h->value;
	return out;
}

static void finish_register(struct ua *u, const struct ua_request *r,
			    const struct sip_msg *m,
			    const struct ua_result *result)
{
	bool ok = m && m->status < 300;
	bool first = u->state == UA_REGISTERING;

	if (u->state == UA_CLOSING) {
		ua_end(u, "closed");
		return;
	}
	u->registered = ok;
	u->state = ok ? UA_UP : UA_REFUSED;
	if (ok)
		timer_start(&u->refresh, (uint64_t)granted(r, m) * 500);
	u->told = true;
	if ((first || !ok) && u->ops->on_registered)
		u->ops->on_registered(u->arg, result);
	if (u->freed)
		return;
	if (ok)
		send_waiting(u);
	else
		fail_waiting(u, "not signed in");
}

void ua_finish(struct ua_request *r, const struct sip_msg *m, const char *why)
{
	struct ua *u = r->ua;
	char reason[REASON_MAX];
	struct ua_result result = result_of(r, m, why, reason);

	timer_stop(&r->timer);
	list_remove(&r->node);
	if (!u->freed && r->method == SIP_REGISTER && u->state != UA_ENDED)
		finish_register(u, r, m, &result);
	else if (!u->freed && r->method == SIP_MESSAGE && u->ops->on_result)
		u->ops->on_result(u->arg, r->id, &result);
	ua_request_free(r);
}

static void on_ready(void *arg, struct conn *c)
{
	struct ua *u = arg;

	(void)c;
	timer_start(&u->keepalive, KEEPALIVE_MS);
	if (u->no_register) {
		u->state = UA_UP;
		send_waiting(u);
		return;
	}
	u->state = UA_REGISTERING;
	if (start_register(u, EXPIRES_S))
		ua_end(u, "out of memory");
}

static size_t on_bytes(void *arg, struct conn *c, struct slice data)
{
	struct ua *u = arg;

	(void)c;
	if (u->awaits_pong) {
		u->awaits_pong = false;
		timer_start(&u->keepalive, KEEPALIVE_MS);
	}
	return ua_incoming(u, data);
}

static void on_conn_end(void *arg, struct conn *c, enum conn_end why,
			const char *text)
{
	struct ua *u = arg;

	(void)c;
	(void)why;
	u->conn = NULL;
	u->state = UA_ENDED;
	u->ending = true;
	timer_stop(&u->keepalive);
	timer_stop(&u->refresh);
	if (u->end_text)
		text = u->end_text;
	struct ua_result result = { .text = text };
	if (!u->freed && !u->told && u->ops->on_registered)
		u->ops->on_registered(u->arg, &result);
	while (!u->freed && !list_empty(&u->requests))
		ua_finish(
			container_of(u->requests.next, struct ua_request, node),
			NULL, text);
	if (!u->freed && u->ops->on_end)
		u->ops->on_end(u->arg, text);
	u->ending = false;
	if (u->freed)
		ua_destroy(u);
}

static const struct conn_ops conn_ops = { on_ready, on_bytes, on_conn_end };

static void on_keepalive(struct timer *t, void *arg)
{
	struct ua *u = arg;

	if (u->awaits_pong) {
		ua_end(u, "the server does not answer any more");
		return;
	}
	u->awaits_pong = true;
	timer_start(t, PONG_MS);
	(void)conn_write(u->conn, SLICE_LIT("\r\n\r\n"));
}

static void on_refresh(struct timer *t, void *arg)
{
	struct ua *u = arg;

	(void)t;
	if (u->state == UA_UP && start_register(u, EXPIRES_S))
		ua_end(u, "the registration cannot be refreshed");
}

static int set_account(struct ua *u, const struct ua_conf *conf)
{
	int err = sip_aor_text(conf->aor, u->aor);

	if (err)
		return err;
	struct slice aor = slice_str(u->aor);
	size_t at = (size_t)slice_chr(aor, '@');
	u->domain = u->aor + at + 1;
	err = sip_unescape(slice_head(aor, at), &u->username);
	if (!err && buf_failed(&u->username))
		err = -ENOMEM;
	u->password = slice_strdup(conf->password);
	if (!err && !u->password)
		err = -ENOMEM;
	return err;
}

static int set_tokens(struct ua *u)
{
	int err = ua_token(u->host);

	if (!err)
		err = ua_token(u->instance);
	if (!err)
		err = ua_token(u->call_id);
	if (!err)
		err = ua_token(u->tag);
	return err;
}

static int connect_to(struct ua *u, const struct ua_conf *conf)
{
	char name[NET_NAME_MAX], error[NET_ERROR_MAX];
	int err = slice_cstr(conf->server_name, name, sizeof(name));

	if (err)
		return -EINVAL;
	err = net_tls_create(&u->tls, &conf->tls, NET_TLS_USER, error);
	if (err) {
		LOG(LOG_ERROR, "ua.tls", KV_STR("why", error));
		return err;
	}
	return conn_dial(&u->conn, u->loop, &conf->server, u->tls, name, NULL,
			 &conn_ops, u);
}

int ua_create(struct ua **out, struct loop *l, const struct ua_conf *conf,
	      const struct ua_ops *ops, void *arg)
{
	struct ua *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->loop = l;
	u->ops = ops;
	u->arg = arg;
	u->no_register = conf->no_register;
	u->told = conf->no_register;
	u->timeout_ms = conf->timeout_ms ? conf->timeout_ms : TIMEOUT_MS;
	list_init(&u->requests);
	buf_init(&u->username, 0);
	sip_framer_init(&u->framer);
	timer_init(&u->keepalive, loop_timers(l), on_keepalive, u);
	timer_init(&u->refresh, loop_timers(l), on_refresh, u);
	int err = set_account(u, conf);
	if (!err)
		err = set_tokens(u);
	if (!err)
		err = connect_to(u, conf);
	if (err) {
		ua_destroy(u);
		return err;
	}
	*out = u;
	return 0;
}

int ua_message(struct ua *u, struct slice to_aor, struct slice text,
	       uint64_t *id)
{
	char to[SIP_AOR_MAX];
	struct ua_request *r;

	if (u->state > UA_UP)
		return -EPIPE;
	int err = sip_aor_text(to_aor, to);
	if (err)
		return err;
	if (text.len > sip_limits_default.body)
		return -EMSGSIZE;
	err = ua_request_new(&r, u, SIP_MESSAGE);
	if (err)
		return err;
	r->id = ++u->last_id;
	memcpy(r->to, to, sizeof(to));
	buf_put(&r->body, text);
	if (buf_failed(&r->body))
		err = -ENOMEM;
	else if (u->state == UA_UP)
		err = ua_request_send(r, SIP_H_UNKNOWN, SLICE_NONE);
	if (err) {
		ua_request_free(r);
		return err;
	}
	*id = r->id;
	return 0;
}

void ua_close(struct ua *u)
{
	if (u->state >= UA_CLOSING)
		return;
	u->told = true;
	if (!u->registered || start_register(u, 0)) {
		ua_end(u, "closed");
		return;
	}
	u->state = UA_CLOSING;
	timer_stop(&u->refresh);
}

void ua_free(struct ua *u)
{
	if (!u)
		return;
	u->freed = true;
	if (u->conn)
		conn_close(u->conn); /* its end comes to us once more */
	else if (!u->ending)
		ua_destroy(u);
}
