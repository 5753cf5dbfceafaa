/* SPDX-License-Identifier: Apache-2.0 */
/* Messages for users who are away: kept, delivered later, and what their
 * senders hear of it. */
#pragma once

#include "home/home_int.h"

/* keep.c: messages that cannot be delivered now (RFC 3428 8). True: it is
 * being stored, or refused; false: it is of a kind that is not kept. */
bool keep_begin(struct call *q);
/* Is that an answer for which a message is kept? */
bool keep_status(uint16_t status);

/* mailbox.c: what waits for each user, delivered in order */
int mailbox_init(struct home *h);
void mailbox_free_all(struct home *h);
/* Something waits for that user now; hopeful: a device may take it. */
void mailbox_add(struct home *h, struct slice aor, bool hopeful);
bool mailbox_waits(const struct home *h, struct slice aor);
/* The user has (re)registered. */
void mailbox_wake(struct home *h, struct slice aor);
void mailbox_wake_all(struct home *h);
void mailbox_on_message(struct home *h, const struct ipc_message *m);
void mailbox_on_request(struct call *q);
/* The attempt has ended: m is the message. */
void mailbox_on_done(struct home *h, const struct sip_msg *m, uint16_t status);

/* notice.c: what the sender of a message wants to know (RFC 5438) */
enum notice_kind { NOTICE_STORED, NOTICE_FAILED };
bool notice_wanted(const struct sip_msg *m, enum notice_kind kind);
void notice_send(struct home *h, const struct sip_msg *m,
		 enum notice_kind kind);
/* The store says that it is lost. */
void notice_on_lost(struct home *h, const struct ipc_message_lost *m);
