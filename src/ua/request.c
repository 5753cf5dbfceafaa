/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of ours: REGISTER with an outbound contact (RFC 5626) and MESSAGE
 * (RFC 3428). Our Via and Contact name no address: answers and requests come
 * back by the connection, and a random host under .invalid says so.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "base/text.h"
#include "ua/ua_int.h"

int ua_token(char out[static UA_TOKEN_MAX])
{
	uint8_t bytes[(UA_TOKEN_MAX - 1) / 2];
	int err = crypto_random(bytes, sizeof(bytes));

	if (err)
		return err;
	text_hex(slice_of(bytes, sizeof(bytes)), out);
	out[UA_TOKEN_MAX - 1] = '\0';
	return 0;
}

void ua_request_free(struct ua_request *r)
{
	if (!r)
		return;
	timer_stop(&r->timer);
	list_remove(&r->node);
	buf_free(&r->body);
	free(r);
}

static void on_timeout(struct timer *t, void *arg)
{
	(void)t;
	ua_finish(arg, NULL, "no answer in time");
}

void ua_request_patience(struct ua_request *r, uint32_t timeout_ms)
{
	r->timeout_ms = timeout_ms;
	timer_start(&r->timer, timeout_ms);
}

int ua_request_new(struct ua_request **out, struct ua *u,
		   enum sip_method method)
{
	struct ua_request *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->ua = u;
	r->method = method;
	r->cseq = 1;
	r->started_ms = loop_now_ms(u->loop);
	buf_init(&r->body, 0);
	timer_init(&r->timer, loop_timers(u->loop), on_timeout, r);
	int err = ua_token(r->call_id);
	if (!err)
		err = ua_token(r->tag);
	if (err) {
		ua_request_free(r);
		return err;
	}
	ua_request_patience(r, u->timeout_ms);
	list_push_back(&u->requests, &r->node);
	*out = r;
	return 0;
}

void ua_request_uri(const struct ua_request *r, struct buf *out)
{
	buf_printf(out, "sip:%s",
		   r->method == SIP_REGISTER ? r->ua->domain : r->to);
}

/* RFC 4122 4.4 from our random digits. */
static void write_uuid(struct buf *out, const char *hex)
{
	buf_printf(out, "%.8s-%.4s-4%.3s-a%.3s-%.12s", hex, hex + 8, hex + 13,
		   hex + 17, hex + 20);
}

static void write_register(const struct ua_request *r, struct buf *out)
{
	const struct ua *u = r->ua;
	struct slice aor = slice_str(u->aor);
	struct slice user = slice_head(aor, (size_t)slice_chr(aor, '@'));

	buf_printf(out, "Contact: <sip:%.*s@%s.invalid;transport=tls;ob>",
		   SLICE_FMT(user), u->host);
	buf_str(out, ";reg-id=1;+sip.instance=\"<urn:uuid:");
	write_uuid(out, u->instance);
	buf_printf(out, ">\";expires=%u\r\n", r->expires);
	buf_printf(out, "Expires: %u\r\n", r->expires);
	buf_str(out, "Allow: MESSAGE, OPTIONS\r\n"
		     "Supported: path, outbound\r\n");
}

static void write_request(const struct ua_request *r, struct buf *out)
{
	const struct ua *u = r->ua;
	const char *method = sip_method_name(r->method);

	buf_printf(out, "%s ", method);
	ua_request_uri(r, out);
	buf_str(out, " SIP/2.0\r\n");
	buf_printf(out, "Via: SIP/2.0/TLS %s.invalid;branch=z9hG4bK%s\r\n",
		   u->host, r->branch);
	buf_str(out, "Max-Forwards: 70\r\n");
	buf_printf(out, "From: <sip:%s>;tag=%s\r\n", u->aor, r->tag);
	buf_printf(out, "To: <sip:%s>\r\n", r->to);
	buf_printf(out, "Call-ID: %s\r\n", r->call_id);
	buf_printf(out, "CSeq: %u %s\r\n", r->cseq, method);
	buf_str(out, "User-Agent: Sallyport/" SALLYPORT_VERSION "\r\n");
	if (r->method == SIP_REGISTER)
		write_register(r, out);
	else
		buf_str(out, "Content-Type: text/plain;charset=UTF-8\r\n");
}

int ua_request_send(struct ua_request *r, enum sip_header_id header,
		    struct slice auth)
{
	struct buf out;
	int err = ua_token(r->branch);

	if (err)
		return err;
	buf_init(&out, 0);
	write_request(r, &out);
	if (auth.len) {
		buf_put(&out, sip_header_name(header));
		buf_str(&out, ": ");
		buf_put(&out, auth);
		buf_str(&out, "\r\n");
	}
	buf_printf(&out, "Content-Length: %zu\r\n\r\n", r->body.len);
	buf_put(&out, buf_slice(&r->body));
	if (buf_failed(&out))
		err = -ENOMEM;
	if (!err)
		err = conn_write(r->ua->conn, buf_slice(&out));
	buf_free(&out);
	if (err)
		return err;
	r->sent = true;
	timer_start(&r->timer, r->timeout_ms);
	return 0;
}

struct ua_request *ua_request_find(struct ua *u, const struct sip_msg *m)
{
	struct slice cookie = SLICE_LIT("z9hG4bK");
	struct slice branch = slice_from(m->via.branch, cookie.len);

	LIST_EACH (it, tmp, &u->requests) {
		struct ua_request *r =
			container_of(it, struct ua_request, node);
		if (r->sent && slice_ieq(branch, slice_str(r->branch)) &&
		    m->method == r->method && m->cseq == r->cseq &&
		    slice_eq(m->call_id, slice_str(r->call_id)))
			return r;
	}
	return NULL;
}
