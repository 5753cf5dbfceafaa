/* SPDX-License-Identifier: Apache-2.0 */
/* Requests into the test world, and what home sent because of them. */
#pragma once

#include "world_make.h"

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
