/* SPDX-License-Identifier: Apache-2.0 */
/* Requests into the test world. */
#pragma once

#include "world_make.h"

struct asking {
	const char *method, *from, *to, *event;
	const char *uri;     /* NULL: of to */
	const char *to_tag;  /* NULL: none */
	const char *call_id; /* NULL: a new one */
	const char *headers; /* more lines, or NULL */
	const char *body;    /* or NULL */
	int expires;         /* -1: none */
	unsigned cseq;
	uint64_t flow;
};

static inline int world_parse(struct world *w, const struct asking *a,
			      struct sip_msg *m)
{
	static char text[200000];
	char call_id[32], uri[128], tag[80] = "", expires[32] = "";
	snprintf(call_id, sizeof(call_id), "call%u", ++w->serial);
	snprintf(uri, sizeof(uri), "sip:%s", a->to);
	if (a->to_tag)
		snprintf(tag, sizeof(tag), ";tag=%s", a->to_tag);
	if (a->expires >= 0)
		snprintf(expires, sizeof(expires), "Expires: %d\r\n",
			 a->expires);
	int n = snprintf(text, sizeof(text),
			 "%s %s SIP/2.0\r\n"
			 "Via: SIP/2.0/TLS c.invalid;branch=z9hG4bK%u\r\n"
			 "Max-Forwards: 70\r\nFrom: <sip:%s>;tag=f\r\n"
			 "To: <sip:%s>%s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n"
			 "Contact: <sip:%s;transport=tls>\r\nEvent: %s\r\n%s"
			 "Record-Route: <sip:t1@edge.contoso.test;lr>\r\n%s"
			 "Content-Length: %zu\r\n\r\n%s",
			 a->method, a->uri ? a->uri : uri, w->serial, a->from,
			 a->to, tag, a->call_id ? a->call_id : call_id,
			 a->cseq ? a->cseq : w->serial, a->method, a->from,
			 a->event, expires, a->headers ? a->headers : "",
			 a->body ? strlen(a->body) : 0, a->body ? a->body : "");
	assert_true(n > 0 && (size_t)n < sizeof(text));
	arena_free(w->arena);
	w->arena = arena_create(4096, 1 << 20);
	if (!w->arena)
		return -ENOMEM;
	struct slice copy = arena_copy(w->arena, slice_of(text, (size_t)n));
	if (!copy.ptr)
		return -ENOMEM;
	return sip_parse(w->arena, copy, &sip_limits_default, m) ? -EINVAL : 0;
}

/* The value of a header of the answer, copied. */
static inline void world_header(const struct presence_answer *out,
				enum sip_header_id id, char *text, size_t size)
{
	for (size_t i = 0; i < out->headers.count; i++)
		if (out->headers.edit[i].id == id)
			(void)slice_cstr(out->headers.edit[i].value, text,
					 size);
}

/* The refusal, or NULL for 200; -1 in *err: no memory for the request. */
static inline const struct reject *world_request(struct world *w,
						 const struct asking *a)
{
	struct sip_msg m;
	struct presence_answer out;
	const struct reject *reject = &presence_rej_overload;
	if (world_parse(w, a, &m))
		return reject;
	struct presence_request r = {
		.msg = &m,
		.from = slice_str(a->from),
		.to = strcmp(a->to, "contacts@edge.contoso.test") == 0
			      ? SLICE_NONE
			      : slice_str(a->to),
		.ours = world_ours(w, slice_str(a->from)),
		.verified =
			!slice_starts(slice_str(a->from), SLICE_LIT("mallory")),
		.flow = { 0, 100, a->flow },
	};
	presence_answer_init(&out);
	if (m.method == SIP_PUBLISH)
		reject = presence_publish(w->presence, &r, &out);
	else if (m.method == SIP_NOTIFY)
		reject = presence_notified(w->presence, &r, &out);
	else
		reject = presence_subscribe(w->presence, &r, &out);
	if (!reject && out.headers.failed)
		reject = &presence_rej_overload;
	world_header(&out, SIP_H_SIP_ETAG, w->etag, sizeof(w->etag));
	if (!reject && out.to_tag[0])
		snprintf(w->tag, sizeof(w->tag), "%s", out.to_tag);
	presence_answer_free(&out);
	return reject;
}

static inline const struct reject *world_publish(struct world *w,
						 const char *body, int expires,
						 uint64_t flow,
						 const char *headers)
{
	char all[512];
	snprintf(all, sizeof(all), "%s%s",
		 body ? "Content-Type: application/pidf+xml\r\n" : "",
		 headers ? headers : "");
	struct asking a = { .method = "PUBLISH",
			    .from = "alice@contoso.test",
			    .to = "alice@contoso.test",
			    .event = "presence",
			    .headers = all,
			    .body = body,
			    .expires = expires,
			    .flow = flow };
	return world_request(w, &a);
}

static inline const struct reject *world_watch(struct world *w,
					       const char *from,
					       const char *event, int expires)
{
	struct asking a = { .method = "SUBSCRIBE",
			    .from = from,
			    .to = "alice@contoso.test",
			    .event = event,
			    .expires = expires,
			    .call_id = from,
			    .cseq = 1,
			    .flow = 9 };
	return world_request(w, &a);
}

/* In the dialog that began last. */
static inline const struct reject *world_refresh(struct world *w,
						 const char *from,
						 unsigned cseq, int expires)
{
	struct asking a = { .method = "SUBSCRIBE",
			    .from = from,
			    .to = "alice@contoso.test",
			    .event = "presence",
			    .to_tag = w->tag,
			    .call_id = from,
			    .expires = expires,
			    .cseq = cseq,
			    .flow = 9 };
	return world_request(w, &a);
}

#define PIDF_HEAD                                              \
	"<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "     \
	"xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" " \
	"xmlns:r=\"urn:ietf:params:xml:ns:pidf:rpid\" "        \
	"entity=\"sip:alice@contoso.test\">"
#define PIDF_TUPLE_OF(id, basic)                                           \
	"<tuple id=\"" id "\"><status><basic>" basic "</basic></status></" \
	"tuple>"
#define PIDF_BUSY                                                    \
	"<dm:person id=\"p\"><r:activities><r:busy/></r:activities>" \
	"</dm:person>"
#define PIDF_OPEN PIDF_HEAD PIDF_TUPLE_OF("t1", "open") "</presence>"
#define PIDF_BUSY_DOC \
	PIDF_HEAD PIDF_TUPLE_OF("t1", "open") PIDF_BUSY "</presence>"
