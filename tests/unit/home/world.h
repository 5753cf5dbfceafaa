/* SPDX-License-Identifier: Apache-2.0 */
/* Clients of the test world, who know how to sign, and their devices. */
#pragma once

#include "world_mail.h"

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
	char ha1[SIP_HA_MAX] = "", response[SIP_HA_MAX] = "";
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
		size_t len = strcspn(at + 2, "\r");
		bool tagged = memmem(at + 2, len, ";tag=", 5) != NULL;
		n += snprintf(text + n, sizeof(text) - (size_t)n, "\r\n%.*s%s",
			      (int)len, at + 2,
			      i == 2 && !tagged ? ";tag=d" : "");
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
