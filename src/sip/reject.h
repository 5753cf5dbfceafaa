/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The refusals that belong to the wire format. sip_parse() and sip_frame()
 * return them; who routes (scheme, method, extension) uses the rows too.
 */
#pragma once

#include "base/reject.h"

extern const struct reject sip_reject_syntax;         /* 400 */
extern const struct reject sip_reject_framing;        /* 400, closes */
extern const struct reject sip_reject_content_length; /* 400, closes */
extern const struct reject sip_reject_body_too_large; /* 413 */
extern const struct reject sip_reject_body_unread;    /* 413, closes */
extern const struct reject sip_reject_too_large;      /* 513 */
extern const struct reject sip_reject_head_too_large; /* 513, closes */
extern const struct reject sip_reject_uri_too_long;   /* 414 */
extern const struct reject sip_reject_version;        /* 505 */
extern const struct reject sip_reject_scheme;         /* 416 */
extern const struct reject sip_reject_method;         /* 501 */
extern const struct reject sip_reject_extension;      /* 420 */
extern const struct reject sip_reject_memory;         /* 503 */
extern const struct reject sip_reject_response;       /* 0: drop */
