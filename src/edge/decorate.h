/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names as providers write them (access/decorate.c), in messages. A user of
 * theirs is bob@fabrikam.test for everybody inside, whatever stands in From, To
 * and Request-URI outside; tags and parameters stay. Bodies are never touched.
 */
#pragma once

#include "edge/walk.h"

/* From of a request of a partner; facts.from_aor and from_domain follow. */
void decorate_sender(struct walk *w);
/* To, and outside of dialogs the Request-URI, of one that leaves. */
void decorate_addressee(struct walk *w);
/* A response: From and To are put back as its sender wrote the request. */
void decorate_answer(struct edge *e, struct proxy_request *r,
		     const struct sip_msg *response, struct sip_edits *edits);
