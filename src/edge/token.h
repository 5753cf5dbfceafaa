/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What we put into messages for ourselves: the branch of our Via (which
 * transaction, in which worker) and the tokens of Path and Record-Route (which
 * connection of which worker, or which partner). Tokens are sealed: what comes
 * back is ours, or nothing (architecture 5).
 *
 * A branch has a sealed part, which names the worker and its life, and behind
 * it the transaction's number, which is random (proxy.h): it tells nobody
 * anything, and who has not been asked cannot know it. The sealed part is the
 * same in all branches of a worker, so it is sealed and opened once.
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

enum { BRANCH_SEALS = 8, BRANCH_SEAL_MAX = 40 };

/* Sealed parts of branches, ours and those of other workers; zeroed: none. */
struct branch_seals {
	struct branch_seal {
		uint16_t slot;
		uint32_t incarnation;
		size_t len; /* 0: free */
		uint8_t text[BRANCH_SEAL_MAX];
	} at[BRANCH_SEALS]; /* by slot */
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
/* Without the magic cookie. A new key seals after branch_seals_forget(). */
int token_branch_write(struct branch_seals *seals, struct sealer *s,
		       const struct branch_ref *ref, struct buf *out);
/* branch as it stands in Via, with the cookie. */
int token_branch_read(struct branch_seals *seals, struct sealer *s,
		      struct slice branch, struct branch_ref *ref);
void branch_seals_forget(struct branch_seals *seals);
