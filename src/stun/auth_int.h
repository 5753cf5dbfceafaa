/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of authentication share. */
#pragma once

#include "stun/auth.h"

/* Cookie and features: what all our nonces begin with. */
enum { STUN_NONCE_COOKIE_BYTES = 13 };
void stun_nonce_cookie(const struct stun_auth *a,
		       char out[static STUN_NONCE_COOKIE_BYTES]);

/* Rows of auth_reject.c, by check. */
enum auth_refusal {
	AUTH_ASK,
	AUTH_NO_CREDENTIAL,
	AUTH_INCOMPLETE,
	AUTH_ALGORITHMS,
	AUTH_STALE,
	AUTH_NO_USER,
	AUTH_EXPIRED,
	AUTH_WRONG,
	AUTH_MS_NO_USERNAME,
	AUTH_MS_NO_REALM,
	AUTH_MS_NO_NONCE,
	AUTH_MS_NO_USER,
	AUTH_MS_WRONG,
	AUTH_NO_ALLOCATION,
	AUTH_INTERNAL,
	AUTH_REFUSALS,
	AUTH_FINE = AUTH_REFUSALS
};
const struct reject *auth_reject(enum auth_refusal r);
