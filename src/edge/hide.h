/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hiding the inside from partners. A Contact that leaves keeps its user and its
 * header parameters; its host becomes ours, and what it was rides along sealed
 * (sip/hidden.h), so that any worker, and one that was started since, puts it
 * back when it comes as a Request-URI (architecture 5). So does what Refer-To
 * and Referred-By say of the inside. Bodies are never touched.
 */
#pragma once

#include "edge/edge_int.h"
#include "sip/hidden.h"

/* A message that leaves for a partner. No memory: the edits have failed. */
void hide_inside(struct edge *e, struct arena *a, const struct sip_msg *m,
		 struct sip_edits *edits);
/* The URI that this one of ours hides, and whose it is. */
bool hide_open(struct edge *e, const struct sip_uri *uri,
	       struct sip_hidden *out);
/* A partner's message for servers inside: what it links to is as they wrote it.
 */
void hide_reveal(struct edge *e, struct arena *a, const struct sip_msg *m,
		 struct sip_edits *edits);
