/* SPDX-License-Identifier: Apache-2.0 */
/* Presence as the rest of home sees it; private to home/. */
#pragma once

#include "home/home_int.h"

int home_presence_init(struct home *h);
void home_presence_free(struct home *h);

/* Does this request for a user of ours end here? */
bool home_presence_serves(const struct home *h, const struct sip_msg *m);
/* Answers it; to_aor empty: the list of the sender. The call is gone. */
void home_presence_request(struct call *q);
/* The headers that go with a refusal of presence. */
void home_presence_explain(const struct home *h, struct arena *arena,
			   const struct reject *reject,
			   struct sip_edits *extra);

void home_presence_on_contact(struct home *h, const struct ipc_contact *m);
void home_presence_on_soft(struct home *h, const struct ipc_soft *m);

/* One NOTIFY while it enters the forwarding core. */
struct notifying {
	struct flow_key via;
	bool begun, ended;
};

/* presence_notify.c: our NOTIFYs; in the forwarding core they are requests of
 * our own (HOP_NOTIFY), whose flow is presence's number. */
int presence_notify_send(void *arg, const struct presence_flow *via,
			 const struct presence_letter *l, uint64_t id);
void presence_notify_request(struct home *h, struct proxy_request *r);
void presence_notify_done(struct home *h, const struct proxy_record *record);
