/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message for somebody's eyes: as it came, but what proves who somebody is,
 * and keys, stand there as "x", byte for byte (ADM-07). It is read by lines,
 * not by the parser, so that a malformed message hides as much: of
 * credentials (RFC 3261 20.7, 20.28) only the scheme, username and realm stay,
 * of Route and its kin no user, which is a token, of URIs not what they hide
 * (hidden.h), of SDP no key (RFC 4568, RFC 8839), of XML no <password>.
 */
#pragma once

#include "base/buf.h"

/* Bytes up to the body: all of them when no empty line ends the head. */
size_t sip_shown_head(struct slice whole);
/* Appends the head, and the body too if that is wanted. Sticky error in out. */
void sip_shown(struct buf *out, struct slice whole, bool body);
