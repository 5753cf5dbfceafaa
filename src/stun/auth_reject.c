/* SPDX-License-Identifier: Apache-2.0 */
/* The refusals of credentials: STUN codes (RFC 8489 9.2.4, MS-TURN 3.3.5.1).
 * Strangers get no reason phrase (TURN-04). */
#include "stun/auth_int.h"

const struct reject stun_rej_ask = {
	.metric = M_REJ_TURN_INTERNAL,
	.why = "ask",
	.text = "the user's key has to be found out first",
};

static const struct reject rows[AUTH_REFUSALS] = {
	[AUTH_NO_CREDENTIAL] = {
		.status = 401,
		.metric = M_REJ_TURN_CHALLENGED,
		.why = "challenged",
		.text = "no credential yet; the client is told realm and nonce",
		.spec = "RFC 8489 9.2.4",
	},
	[AUTH_INCOMPLETE] = {
		.status = 400,
		.metric = M_REJ_TURN_INCOMPLETE,
		.why = "credential_incomplete",
		.text = "integrity without username, realm or nonce",
		.spec = "RFC 8489 9.2.4",
	},
	[AUTH_ALGORITHMS] = {
		.status = 400,
		.metric = M_REJ_TURN_ALGORITHMS,
		.why = "password_algorithms",
		.text = "the password algorithms are not those we offered: "
			"somebody on the way may have changed them",
		.spec = "RFC 8489 9.2.4",
	},
	[AUTH_STALE] = {
		.status = 438,
		.metric = M_REJ_TURN_STALE,
		.why = "nonce_stale",
		.text = "the nonce is old, or of another path",
		.spec = "RFC 8489 9.2.4, TURN-13",
	},
	[AUTH_NO_USER] = {
		.status = 401,
		.metric = M_REJ_TURN_NO_USER,
		.why = "relay_user_unknown",
		.text = "no such user, or a credential that is not ours",
		.spec = "RFC 8489 9.2.4",
	},
	[AUTH_EXPIRED] = {
		.status = 401,
		.metric = M_REJ_TURN_EXPIRED,
		.why = "credential_expired",
		.text = "the credential is over; the client has to fetch "
			"another one",
		.spec = "TURN-13",
	},
	[AUTH_WRONG] = {
		.status = 401,
		.metric = M_REJ_TURN_WRONG,
		.why = "relay_password_wrong",
		.text = "integrity is wrong: another password, or changed on "
			"the way",
		.spec = "RFC 8489 9.2.4, TURN-03",
	},
	[AUTH_MS_NO_USERNAME] = {
		.status = 432,
		.metric = M_REJ_TURN_INCOMPLETE,
		.why = "credential_incomplete",
		.text = "integrity without username",
		.spec = "MS-TURN 3.3.5.1",
	},
	[AUTH_MS_NO_REALM] = {
		.status = 434,
		.metric = M_REJ_TURN_INCOMPLETE,
		.why = "credential_incomplete",
		.text = "integrity without realm",
		.spec = "MS-TURN 3.3.5.1",
	},
	[AUTH_MS_NO_NONCE] = {
		.status = 435,
		.metric = M_REJ_TURN_INCOMPLETE,
		.why = "credential_incomplete",
		.text = "integrity without nonce",
		.spec = "MS-TURN 3.3.5.1",
	},
	[AUTH_MS_NO_USER] = {
		.status = 436,
		.metric = M_REJ_TURN_NO_USER,
		.why = "relay_user_unknown",
		.text = "a username that is not ours",
		.spec = "MS-TURN 3.3.5.1",
	},
	[AUTH_MS_WRONG] = {
		.status = 431,
		.metric = M_REJ_TURN_WRONG,
		.why = "relay_password_wrong",
		.text = "integrity is wrong: another password, or changed on "
			"the way",
		.spec = "MS-TURN 3.3.5.1",
	},
	[AUTH_NO_ALLOCATION] = {
		.status = 437,
		.metric = M_REJ_TURN_NO_ALLOCATION,
		.why = "no_allocation",
		.text = "nothing is allocated on this path",
		.spec = "RFC 8656 5",
	},
	[AUTH_INTERNAL] = {
		.status = 500,
		.metric = M_REJ_TURN_INTERNAL,
		.why = "relay_internal",
		.text = "the credential could not be checked",
		.spec = "RFC 8489 14.8",
	},
};

const struct reject *auth_reject(enum auth_refusal r)
{
	return r == AUTH_ASK ? &stun_rej_ask : &rows[r];
}

bool stun_auth_challenges(const struct reject *r)
{
	return r->status == 401 || r->status == 438;
}
