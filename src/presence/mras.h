/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents by which a client asks for a credential of the relay, and gets
 * it ([MS-AVEDGEA], application/msrtc-media-relay-auth+xml). Pure: who may have
 * one, and who mints it, is decided elsewhere. One credentialsRequest a
 * document: a client has no use for more.
 */
#pragma once

#include "base/arena.h"
#include "presence/xml.h"
#include "sip/uri.h"

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
	uint32_t minutes;                /* granted */
	struct slice realm;
	struct mras_relay relay;
};

/* reason: "OK" with a credential, else that of the refusal. Sticky error. */
void mras_write(struct buf *out, const struct mras_request *q,
		const char *reason, const struct mras_credential *c);

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
