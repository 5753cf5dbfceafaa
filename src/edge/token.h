/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What we put into messages for ourselves: the branch of our Via (which
 * transaction, in which worker) and the tokens of Path and Record-Route (which
 * connection of which worker, or which partner). All are sealed: what comes
 * back is ours, or nothing (architecture 5).
 */
#pragma once

#include "base/crypto.h"

enum { TOKEN_NAME_MAX = 256 };

/* Names one connection of one life of one worker. */
struct flow_ref {
	uint16_t slot;
	uint32_t incarnation;
	uint64_t flow;
	uint16_t port; /* that its device reaches us at, or 0 */
	bool ws;       /* by WebSocket */
};

/* Names one branch of one transaction. */
struct branch_ref {
	uint16_t slot;
	uint32_t incarnation;
	uint64_t txn;
	uint16_t branch;
};

int token_flow_write(struct sealer *s, const struct flow_ref *ref,
		     struct buf *out);
/* 0 or -EINVAL / -ENOKEY. */
int token_flow_read(struct sealer *s, struct slice token, struct flow_ref *ref);
/* A partner, by the name of its edge; the token is told apart by its first
 * byte. */
int token_partner_write(struct sealer *s, struct slice edge, struct buf *out);
bool token_is_partner(struct slice token);
/* out is terminated. */
int token_partner_read(struct sealer *s, struct slice token,
		       char out[static TOKEN_NAME_MAX]);
/* A server inside, by its name. */
int token_inside_write(struct sealer *s, struct slice name, struct buf *out);
bool token_is_inside(struct slice token);
/* out is terminated. */
int token_inside_read(struct sealer *s, struct slice token,
		      char out[static TOKEN_NAME_MAX]);
/* A URI of the inside, for a URI parameter. */
int token_hidden_write(struct sealer *s, struct slice uri, struct buf *out);
/* Its length, or -E... */
int token_hidden_read(struct sealer *s, struct slice token, uint8_t *out,
		      size_t size);
/* Without the magic cookie. */
int token_branch_write(struct sealer *s, const struct branch_ref *ref,
		       struct buf *out);
/* branch as it stands in Via, with the cookie. */
int token_branch_read(struct sealer *s, struct slice branch,
		      struct branch_ref *ref);
