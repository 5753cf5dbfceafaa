/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything around a home: two edge workers whose mail is kept, a store that
 * answers when it is pumped, virtual time, and clients that know how to sign.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/log.h"
#include "home/home.h"
#include "sip/auth.h"
#include "support/oom.h"

enum { MAIL_MAX = 256, ROWS_MAX = 64, TEXT_MAX = 4096 };

/* What an edge worker got from home. */
struct mail {
	uint32_t slot;
	enum ipc_type type;
	uint64_t flow;
	char text[TEXT_MAX]; /* SIP bytes, or an address-of-record */
};

struct row {
	char aor[64], contact[128];
	uint8_t record[512];
	size_t record_len;
	uint64_t expires_s;
};

struct account {
	const char *aor, *name, *password;
	bool disabled;
};

struct question {
	enum ipc_type type;
	uint64_t id;
	char aor[128], contact[128];
	uint8_t record[512];
	size_t record_len;
	uint64_t expires_s;
};

struct world {
	struct timers *timers;
	struct home *home;
	struct home_conf conf;
	struct slice domains[1];
	uint64_t now_ms;
	struct mail mail[MAIL_MAX];
	size_t mail_count, mail_read;
	struct account account[8];
	struct row row[ROWS_MAX];
	size_t row_count;
	struct question question[ROWS_MAX];
	size_t question_count;
	size_t asked; /* questions in all */
	bool store_deaf, store_full, store_broken;
	unsigned serial, cseq;
	char nonce[128];
	char log[8192];
};

static const struct proc_id edge0 = { PROC_EDGE, 0, 100 };
static const struct proc_id edge1 = { PROC_EDGE, 1, 200 };

static inline void world_copy(char *out, size_t size, struct slice s)
{
	size_t n = s.len < size - 1 ? s.len : size - 1;
	if (n)
		memcpy(out, s.ptr, n);
	out[n] = '\0';
}

static inline int world_to_edge(void *arg, uint32_t slot, enum ipc_type type,
				const void *body)
{
	struct world *w = arg;
	assert_true(w->mail_count < MAIL_MAX);
	struct mail *m = &w->mail[w->mail_count++];
	memset(m, 0, sizeof(*m));
	m->slot = slot;
	m->type = type;
	struct slice bytes = SLICE_NONE;
	if (type == IPC_SIP_FROM_HOME)
		bytes = ((const struct ipc_sip_from_home *)body)->bytes;
	else if (type == IPC_ANSWER_FROM_HOME)
		bytes = ((const struct ipc_answer_from_home *)body)->bytes;
	else if (type == IPC_FLOW_AUTH)
		bytes = ((const struct ipc_flow_auth *)body)->aor;
	if (type == IPC_FLOW_AUTH)
		m->flow = ((const struct ipc_flow_auth *)body)->flow;
	world_copy(m->text, sizeof(m->text), bytes);
	return 0;
}

static inline int world_to_store(void *arg, enum ipc_type type,
				 const void *body)
{
	struct world *w = arg;
	if (w->store_full)
		return -ENOBUFS;
	assert_true(w->question_count < ROWS_MAX);
	struct question *q = &w->question[w->question_count++];
	memset(q, 0, sizeof(*q));
	q->type = type;
	w->asked++;
	if (type == IPC_USER_GET) {
		const struct ipc_user_get *m = body;
		q->id = m->id;
		world_copy(q->aor, sizeof(q->aor), m->aor);
	} else if (type == IPC_BINDING_PUT) {
		const struct ipc_binding_put *m = body;
		q->id = m->id;
		q->expires_s = m->expires_s;
		world_copy(q->aor, sizeof(q->aor), m->aor);
		world_copy(q->contact, sizeof(q->contact), m->contact);
		assert_true(m->record.len <= sizeof(q->record));
		q->record_len = m->record.len;
		memcpy(q->record, m->record.ptr, m->record.len);
	} else if (type == IPC_BINDING_DEL) {
		const struct ipc_binding_del *m = body;
		q->id = m->id;
		world_copy(q->aor, sizeof(q->aor), m->aor);
		world_copy(q->contact, sizeof(q->contact), m->contact);
	} else {
		assert_int_equal(type, IPC_BINDING_LIST);
		q->id = ((const struct ipc_binding_list *)body)->id;
	}
	return 0;
}

static inline uint64_t world_wall_s(void *arg)
{
	return 1700000000 + ((struct world *)arg)->now_ms / 1000;
}

static inline uint64_t world_wall_ms(void *arg)
{
	return world_wall_s(arg) * 1000;
}

static inline int world_log(void *arg, struct slice line)
{
	struct world *w = arg;
	size_t len = strlen(w->log);
	snprintf(w->log + len, sizeof(w->log) - len, "%.*s", SLICE_FMT(line));
	return 0;
}

static inline unsigned world_logged(const struct world *w, const char *event)
{
	unsigned n = 0;
	for (const char *at = w->log; (at = strstr(at, event)); at++)
		n++;
	return n;
}

static inline struct row *world_row(struct world *w, const char *aor,
				    const char *contact)
{
	for (size_t i = 0; i < w->row_count; i++)
		if (!strcmp(w->row[i].aor, aor) &&
		    !strcmp(w->row[i].contact, contact))
			return &w->row[i];
	return NULL;
}

static inline void world_result(struct world *w, uint64_t id, uint32_t error)
{
	struct ipc_msg m = { .type = IPC_STORE_RESULT };
	m.u.store_result.id = id;
	m.u.store_result.error = error;
	home_from_store(w->home, &m);
}

static inline void world_answer_user(struct world *w, const struct question *q)
{
	char sha[SIP_HA_MAX], md5[SIP_HA_MAX];
	for (size_t i = 0; i < 8; i++) {
		const struct account *a = &w->account[i];
		struct ipc_msg m = { .type = IPC_USER };
		if (!a->aor || strcmp(a->aor, q->aor) != 0)
			continue;
		oom_arm(0);
		sip_ha1(SIP_ALG_SHA256, slice_str(a->name),
			SLICE_LIT("contoso.test"), slice_str(a->password), sha);
		sip_ha1(SIP_ALG_MD5, slice_str(a->name),
			SLICE_LIT("contoso.test"), slice_str(a->password), md5);
		m.u.user.id = q->id;
		m.u.user.aor = slice_str(a->aor);
		m.u.user.ha1_sha256 = slice_str(sha);
		m.u.user.ha1_md5 = slice_str(md5);
		m.u.user.disabled = a->disabled;
		home_from_store(w->home, &m);
		world_result(w, q->id, 0);
		return;
	}
	world_result(w, q->id, ENOENT);
}

static inline void world_answer(struct world *w, const struct question *q)
{
	struct row *row = world_row(w, q->aor, q->contact);
	if (w->store_broken) {
		world_result(w, q->id, EIO);
	} else if (q->type == IPC_USER_GET) {
		world_answer_user(w, q);
	} else if (q->type == IPC_BINDING_PUT) {
		if (!row)
			row = &w->row[w->row_count++];
		memcpy(row->aor, q->aor, sizeof(row->aor));
		memcpy(row->contact, q->contact, sizeof(row->contact));
		memcpy(row->record, q->record, sizeof(row->record));
		row->record_len = q->record_len;
		row->expires_s = q->expires_s;
		world_result(w, q->id, 0);
	} else if (q->type == IPC_BINDING_DEL) {
		if (row)
			*row = w->row[--w->row_count];
		world_result(w, q->id, 0);
	} else {
		for (size_t i = 0; i < w->row_count; i++) {
			const struct row *r = &w->row[i];
			struct ipc_msg m = { .type = IPC_BINDING };
			m.u.binding.id = q->id;
			m.u.binding.aor = slice_str(r->aor);
			m.u.binding.contact = slice_str(r->contact);
			m.u.binding.record = slice_of(r->record, r->record_len);
			m.u.binding.expires_s = r->expires_s;
			home_from_store(w->home, &m);
		}
		world_result(w, q->id, 0);
	}
}

/* The store answers what it was asked. */
static inline void world_pump(struct world *w)
{
	while (w->question_count && !w->store_deaf) {
		struct question q = w->question[0];
		w->question_count--;
		memmove(w->question, w->question + 1,
			w->question_count * sizeof(q));
		world_answer(w, &q);
	}
}

static inline void world_wait(struct world *w, uint64_t ms)
{
	w->now_ms += ms;
	timers_advance(w->timers, w->now_ms);
	world_pump(w);
}

static const struct home_ops world_ops = { world_to_edge, world_to_store,
					   world_wall_s };

static inline int world_home(struct world *w)
{
	struct ipc_msg keys = { .type = IPC_KEYS };
	static uint8_t ring[1 + SEAL_KEY_BYTES] = { 7, 1, 2, 3 };
	int err = home_create(&w->home, w->timers, &w->conf, &world_ops, w);
	if (err)
		return err;
	keys.u.keys.ring = slice_of(ring, sizeof(ring));
	home_from_store(w->home, &keys);
	home_edge_up(w->home, &edge0);
	home_edge_up(w->home, &edge1);
	return 0;
}

static inline void world_free(struct world *w)
{
	if (!w)
		return;
	home_free(w->home);
	timers_free(w->timers);
	log_set_sink(NULL, NULL);
	log_set_clock(NULL, NULL);
	free(w);
}

/* NULL when there is no memory. */
static inline struct world *world_make(void)
{
	struct world *w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->domains[0] = SLICE_LIT("contoso.test");
	w->conf =
		(struct home_conf){ .edge_name = SLICE_LIT("edge.contoso.test"),
				    .domains = w->domains,
				    .domain_count = 1,
				    .expires_min_s = 60,
				    .expires_default_s = 600,
				    .expires_max_s = 3600,
				    .contacts_max = 3 };
	w->account[0] = (struct account){ "alice@contoso.test", "alice",
					  "wonder", false };
	w->account[1] =
		(struct account){ "bob@contoso.test", "bob", "builder", false };
	w->account[2] =
		(struct account){ "carol@contoso.test", "carol", "song", true };
	w->cseq = 100;
	log_set_sink(world_log, w);
	log_set_clock(world_wall_ms, w);
	if (timers_create(&w->timers, 0) || world_home(w)) {
		world_free(w);
		return NULL;
	}
	home_store_up(w->home);
	world_pump(w);
	return w;
}

static inline int world_setup(void **state)
{
	*state = world_make();
	return *state ? 0 : -1;
}

static inline int world_teardown(void **state)
{
	world_free(*state);
	return 0;
}

/* The next mail of that type that was not read yet, or NULL. */
static inline const struct mail *world_mail(struct world *w, enum ipc_type type)
{
	while (w->mail_read < w->mail_count) {
		const struct mail *m = &w->mail[w->mail_read++];
		if (m->type == type)
			return m;
	}
	return NULL;
}

static inline unsigned world_status(const struct mail *m)
{
	unsigned status = 0;
	if (m)
		sscanf(m->text, "SIP/2.0 %u", &status);
	return status;
}

/* A request arrives; what home sent because of it can be read afterwards. */
static inline void world_send_by(struct world *w, const struct proc_id *edge,
				 uint64_t flow, enum sip_origin origin,
				 const char *source, const char *text)
{
	struct ipc_msg m = { .type = IPC_SIP_TO_HOME };
	m.u.sip_to_home.origin = (uint8_t)origin;
	m.u.sip_to_home.flow = flow;
	m.u.sip_to_home.txn = 1;
	m.u.sip_to_home.source = slice_str(source);
	m.u.sip_to_home.bytes = slice_str(text);
	w->mail_count = w->mail_read = 0;
	home_from_edge(w->home, edge, &m);
	world_pump(w);
}

static inline void world_send(struct world *w, uint64_t flow, const char *text)
{
	world_send_by(w, &edge0, flow, ORIGIN_CLIENT, "192.0.2.1:4000", text);
}

/* The final status home gave, 0: none. */
static inline unsigned world_final(struct world *w)
{
	const struct mail *m;
	while ((m = world_mail(w, IPC_ANSWER_FROM_HOME)))
		if (world_status(m) >= 200)
			return world_status(m);
	return 0;
}

/* Text of the last answer, for a closer look. */
static inline const char *world_last(const struct world *w)
{
	for (size_t i = w->mail_count; i-- > 0;)
		if (w->mail[i].type == IPC_ANSWER_FROM_HOME)
			return w->mail[i].text;
	return "";
}

/* A request with everything mandatory; headers end in CRLF each. */
static inline const char *world_request(struct world *w, const char *method,
					const char *uri, const char *from,
					const char *to, const char *headers)
{
	static char text[TEXT_MAX];
	w->serial++;
	snprintf(text, sizeof(text),
		 "%s %s SIP/2.0\r\n"
		 "Via: SIP/2.0/TLS edge.contoso.test;branch=z9hG4bKe%u\r\n"
		 "Max-Forwards: 70\r\n"
		 "From: <sip:%s>;tag=f1\r\nTo: <sip:%s>\r\n"
		 "Call-ID: call-%s\r\nCSeq: %u %s\r\n%s"
		 "Content-Length: 0\r\n\r\n",
		 method, uri, w->serial, from, to, from, w->cseq++, method,
		 headers);
	return text;
}

struct signing {
	const char *name, *password;
	const char *uri, *method;
	enum sip_algorithm algorithm;
	const char *nc; /* NULL: 00000001 */
	bool proxy;
};

/* An Authorization header for the nonce in w->nonce. */
static inline const char *world_sign(struct world *w, const struct signing *s)
{
	static char header[1024];
	char ha1[SIP_HA_MAX], response[SIP_HA_MAX];
	struct sip_credentials c = { .username = slice_str(s->name),
				     .realm = SLICE_LIT("contoso.test"),
				     .nonce = slice_str(w->nonce),
				     .uri = slice_str(s->uri),
				     .cnonce = SLICE_LIT("c1"),
				     .nc = slice_str(s->nc ? s->nc
							   : "00000001"),
				     .algorithm = s->algorithm,
				     .qop_auth = true,
				     .digest = true };
	sip_ha1(s->algorithm, c.username, c.realm, slice_str(s->password), ha1);
	sip_digest_response(&c, ha1, slice_str(s->method), response);
	snprintf(header, sizeof(header),
		 "%s: Digest username=\"%s\", realm=\"contoso.test\", "
		 "nonce=\"%s\", uri=\"%s\", response=\"%s\", "
		 "algorithm=%s, cnonce=\"c1\", qop=auth, nc=%s\r\n",
		 s->proxy ? "Proxy-Authorization" : "Authorization", s->name,
		 w->nonce, s->uri, response, sip_algorithm_name(s->algorithm),
		 s->nc ? s->nc : "00000001");
	return header;
}

/* Keeps the nonce of the last answer; false: there was none. */
static inline bool world_keep_nonce(struct world *w)
{
	const char *at = strstr(world_last(w), "nonce=\"");
	if (!at)
		return false;
	at += strlen("nonce=\"");
	world_copy(w->nonce, sizeof(w->nonce), slice_of(at, strcspn(at, "\"")));
	return true;
}

/* Challenge, then the signed REGISTER: the final status. */
static inline unsigned world_register(struct world *w, const char *name,
				      const char *password, uint64_t flow,
				      const char *headers)
{
	char aor[64], all[2048];
	struct signing s = { .name = name,
			     .password = password,
			     .uri = "sip:contoso.test",
			     .method = "REGISTER" };
	snprintf(aor, sizeof(aor), "%s@contoso.test", name);
	world_send(w, flow,
		   world_request(w, "REGISTER", s.uri, aor, aor, headers));
	if (world_final(w) != 401 || !world_keep_nonce(w))
		return world_status(&w->mail[0]);
	snprintf(all, sizeof(all), "%s%s", world_sign(w, &s), headers);
	world_send(w, flow, world_request(w, "REGISTER", s.uri, aor, aor, all));
	return world_final(w);
}

/* A usual contact of that name on that flow. */
static inline unsigned world_sign_in(struct world *w, const char *name,
				     const char *password, uint64_t flow)
{
	char headers[256];
	snprintf(headers, sizeof(headers),
		 "Path: <sip:token%u@edge.contoso.test;lr>\r\n"
		 "Contact: <sip:%s@10.0.0.%u:5061;transport=tls>\r\n",
		 (unsigned)flow, name, (unsigned)flow);
	return world_register(w, name, password, flow, headers);
}

/* The device answers the request that it got. */
static inline void world_device(struct world *w, const struct mail *request,
				unsigned status)
{
	static char text[TEXT_MAX];
	struct ipc_msg m = { .type = IPC_ANSWER_TO_HOME };
	const char *names[] = { "\r\nVia: ", "\r\nFrom: ", "\r\nTo: ",
				"\r\nCall-ID: ", "\r\nCSeq: " };
	int n = snprintf(text, sizeof(text), "SIP/2.0 %u Whatever", status);
	for (size_t i = 0; i < 5; i++) {
		const char *at = strstr(request->text, names[i]);
		assert_non_null(at);
		n += snprintf(text + n, sizeof(text) - (size_t)n, "\r\n%.*s%s",
			      (int)strcspn(at + 2, "\r"), at + 2,
			      i == 2 ? ";tag=d" : "");
	}
	snprintf(text + n, sizeof(text) - (size_t)n,
		 "\r\nContent-Length: 0\r\n\r\n");
	struct proc_id from = request->slot ? edge1 : edge0;
	m.u.answer_to_home.bytes = slice_str(text);
	home_from_edge(w->home, &from, &m);
	world_pump(w);
}

/* A MESSAGE of a flow that is signed in as that user. */
static inline void world_message(struct world *w, const char *from,
				 const char *to)
{
	char uri[128], headers[128];
	snprintf(uri, sizeof(uri), "sip:%s", to);
	snprintf(headers, sizeof(headers), "P-Asserted-Identity: <sip:%s>\r\n",
		 from);
	world_send(w, 1, world_request(w, "MESSAGE", uri, from, to, headers));
}

static inline void world_restart(struct world *w)
{
	home_free(w->home);
	w->home = NULL;
	w->question_count = 0;
	assert_int_equal(world_home(w), 0);
	home_store_up(w->home);
	world_pump(w);
}
