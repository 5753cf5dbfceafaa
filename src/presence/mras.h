/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents by which a client asks for a credential of the relay, and gets
 * it ([MS-AVEDGEA], application/msrtc-media-relay-auth+xml). Pure: who may have
 * one, and who mints it, is decided elsewhere. One credentialsRequest a
 * document: a client has no use for more.
 */
#pragma once

#include "base/arena.h"
#include "presence/offer_conf.h"
#include "presence/xml.h"
#include "sip/edit.h"

enum {
	MRAS_ID_MAX = 64, /* bytes of requestID and credentialsRequestID */
	MRAS_MINUTES_MAX = 180 * 24 * 60,
};
#define MRAS_TYPE "application/msrtc-media-relay-auth+xml"

/* Slices live in the arena that it was read with; what was not there is empty.
 */
struct mras_request {
	struct slice id, version, from, to; /* of <request> */
	struct slice item;                  /* credentialsRequestID */
	struct slice identity, location;
	uint32_t minutes; /* asked for, 1..MRAS_MINUTES_MAX */
};

/* NULL, or the row that says why; *out holds what was read until then. */
const struct reject *mras_read(struct arena *a, struct slice doc,
			       struct mras_request *out);

struct mras_relay {
	struct slice host;
	uint16_t udp_port, tcp_port; /* 0: none */
};
struct mras_credential {
	struct slice username, password; /* bytes: base64 is done here */
	uint32_t ttl_s;                  /* granted; told in minutes */
	struct slice realm;
	struct mras_relay relay;
};

/* reason: "OK" with a credential, else that of the refusal. Sticky error. */
void mras_write(struct buf *out, const struct mras_request *q,
		const char *reason, const struct mras_credential *c);

/* Is this the service's address? ours: the host is one of our domains, else
 * it is our own name. */
bool mras_is_service(const struct sip_uri *uri, bool ours);
/* Method and type: what is refused without a document. */
const struct reject *mras_check_head(const struct sip_msg *m);
/* Headers of such a refusal. */
void mras_explain(const struct reject *why, struct sip_edits *extra);
/* All but username and password. */
void mras_grant(const struct offer_conf *offer, const struct mras_request *q,
		struct mras_credential *out);

/* The whole answer; why NULL: the credential. To be sent when the body has not
 * failed, and ended then, which wipes it. */
struct mras_answer {
	struct buf body;
	struct sip_edits extra;
	struct sip_reply reply;
};
void mras_answer_begin(struct mras_answer *a, const struct mras_request *q,
		       const struct reject *why,
		       const struct mras_credential *c);
void mras_answer_end(struct mras_answer *a);

extern const struct reject mras_rej_type;      /* 415 */
extern const struct reject mras_rej_malformed; /* 400 */
extern const struct reject mras_rej_large;     /* 413 */
extern const struct reject mras_rej_version;   /* 400 */
extern const struct reject mras_rej_identity;  /* 403 */
extern const struct reject mras_rej_outsider;  /* 403 */
extern const struct reject mras_rej_method;    /* 405 */
extern const struct reject mras_rej_several;   /* 501 */
extern const struct reject mras_rej_no_relay;  /* 501 */
extern const struct reject mras_rej_busy;      /* 503 */
extern const struct reject mras_rej_internal;  /* 500 */
