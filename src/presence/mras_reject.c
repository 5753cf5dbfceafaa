/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals of credentials asked for by SIP: the rows. The reason is what the
 * document says as well. */
#include "presence/mras.h"

const struct reject mras_rej_type = {
	.status = 415,
	.metric = M_REJ_MRAS,
	.why = "mras_type",
	.reason = "Unsupported Media Type",
	.text = "a credential is asked for with a document of type "
		"application/msrtc-media-relay-auth+xml",
	.spec = "MS-AVEDGEA 3.1.5.1",
};

const struct reject mras_rej_malformed = {
	.status = 400,
	.metric = M_REJ_XML,
	.why = "mras_malformed",
	.reason = "Request Malformed",
	.text = "the document that asks for a credential cannot be read, or "
		"lacks a part",
	.spec = "MS-AVEDGEA 2.2.2.1.2, threats XML-01 to XML-04",
};

const struct reject mras_rej_large = {
	.status = 413,
	.metric = M_REJ_XML,
	.why = "mras_large",
	.reason = "Request Too Large",
	.text = "the document that asks for a credential is over 64 KiB",
	.spec = "threats XML-03",
};

const struct reject mras_rej_version = {
	.status = 400,
	.metric = M_REJ_MRAS,
	.why = "mras_version",
	.reason = "Version Mismatch",
	.text = "only version 1.0 is spoken",
	.spec = "MS-AVEDGEA 2.2.2.1.2",
};

const struct reject mras_rej_identity = {
	.status = 403,
	.metric = M_REJ_FORBIDDEN,
	.why = "mras_identity",
	.reason = "Forbidden",
	.text = "a user asks for a credential of the relay for itself only",
	.spec = "MS-AVEDGEA 3.1.5.1",
};

const struct reject mras_rej_outsider = {
	.status = 403,
	.metric = M_REJ_MRAS,
	.why = "mras_outsider",
	.reason = "Forbidden",
	.text = "a partner's users get credentials from the partner's relay",
	.spec = "MS-AVEDGEA 1.3",
};

const struct reject mras_rej_method = {
	.status = 405,
	.metric = M_REJ_SIP_METHOD,
	.why = "mras_method",
	.reason = "Method Not Allowed",
	.text = "credentials of the relay are asked for with SERVICE",
	.spec = "MS-AVEDGEA 3.1.5.1",
};

const struct reject mras_rej_several = {
	.status = 501,
	.metric = M_REJ_MRAS,
	.why = "mras_several",
	.reason = "Not Supported",
	.text = "one document asks for one credential",
	.spec = "MS-AVEDGEA 2.2.2.1.2",
};

const struct reject mras_rej_no_relay = {
	.status = 501,
	.metric = M_REJ_MRAS,
	.why = "mras_no_relay",
	.reason = "Not Supported",
	.text = "this server has no relay",
	.spec = "MS-AVEDGEA 3.1.5.1",
};

const struct reject mras_rej_busy = {
	.status = 503,
	.metric = M_REJ_OVERLOAD,
	.why = "mras_busy",
	.reason = "Server Busy",
	.text = "no credential can be made for the moment; try again",
	.spec = "MS-AVEDGEA 3.1.5.1",
};

const struct reject mras_rej_internal = {
	.status = 500,
	.metric = M_REJ_STORE_DOWN,
	.why = "mras_internal",
	.reason = "Internal Server Error",
	.text = "the store made no credential",
	.spec = "MS-AVEDGEA 3.1.5.1",
};
