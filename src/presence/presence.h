/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Presence of our users: publications (RFC 3903) composed into one document a
 * user (RFC 3863, 4480), subscriptions in dialogs (RFC 6665, 3856) of local
 * and federated watchers, watcher information (RFC 3857, 3858), registration
 * information (RFC 3680), and lists (RFC 4662, 5367). A device that publishes
 * nothing is open while it is registered.
 *
 * Pure: requests and virtual time come in, NOTIFYs go out through ops. One
 * process, no threads. What has to outlive the process is given to ops.save
 * and comes back by presence_restore().
 */
#pragma once

#include "base/reject.h"
#include "loop/timers.h"
#include "presence/presence_conf.h"
#include "sip/edit.h"

struct presence;

/* A client's connection; flow 0: the sender is no client of ours. */
struct presence_flow {
	uint32_t slot;
	uint32_t incarnation;
	uint64_t flow;
};

/* What the lists of one user say of another. */
enum presence_rule {
	PRESENCE_RULE_NONE,
	PRESENCE_RULE_CONTACT, /* may see, and is watched by a list */
	PRESENCE_RULE_ALLOW,
	PRESENCE_RULE_BLOCK
};

/* A registered contact, for registration information. Slices are borrowed. */
struct presence_device {
	struct slice contact;
	struct slice call_id;
	uint32_t cseq;
	struct presence_flow flow;
	uint64_t expires_s; /* seconds since 1970 */
};

/* What has to be kept. (kind, aor, id) is the key. */
enum presence_kind { PRESENCE_SUBSCRIPTION = 1, PRESENCE_PUBLICATION };
struct presence_row {
	enum presence_kind kind;
	struct slice aor; /* one of our users: it goes with that user */
	struct slice id;
	struct slice record; /* our own encoding; empty: forget it */
	uint64_t expires_s;  /* seconds since 1970 */
};

/* A request to be sent: a Via belongs between line and rest, and Route. */
struct presence_letter {
	struct slice line;  /* with its CRLF */
	struct slice route; /* values, comma separated; or empty */
	struct slice rest;  /* the other headers, and the body */
	/* Nobody lies behind the client's connection, and he knows the dialog:
	 * it needs no Route, and nothing recorded on its way. */
	bool direct;
};

struct presence_ops {
	/* By the worker of `via`, or any. The outcome comes as
	 * presence_sent(), never before send() returns. 0 or -E... (then
	 * nothing comes). */
	int (*send)(void *arg, const struct presence_flow *via,
		    const struct presence_letter *l, uint64_t id);
	/* What does owner say of watcher? presence_rule_is() answers. */
	int (*ask)(void *arg, struct slice owner, struct slice watcher,
		   uint64_t id);
	/* Whom does owner have as contacts? presence_contact(), then
	 * presence_contacts_end(). */
	int (*list)(void *arg, struct slice owner, uint64_t id);
	/* Calls fn for each device that is registered now. */
	void (*devices)(void *arg, struct slice aor,
			void (*fn)(void *fn_arg,
				   const struct presence_device *d),
			void *fn_arg);
	void (*save)(void *arg, const struct presence_row *row);
	bool (*ours)(void *arg, struct slice aor); /* of a domain of ours? */
	uint64_t (*wall_s)(void *arg);
};

int presence_create(struct presence **out, struct timers *timers,
		    const struct presence_conf *conf,
		    const struct presence_ops *ops, void *arg);
void presence_free(struct presence *p);
/* conf lives until the next call. */
void presence_configure(struct presence *p, const struct presence_conf *conf);
/* Before, nothing is sent: what is restored must not look offline because the
 * registrations are not known yet. */
void presence_open(struct presence *p);

/* A request for one of our users, by somebody who is who it says. */
struct presence_request {
	const struct sip_msg *msg;
	struct slice from; /* address-of-record of the sender */
	struct slice to;   /* of the user; empty: the list of the sender */
	bool ours;         /* the sender is one of our users */
	bool verified;     /* a partner vouches for the sender */
	struct presence_flow flow;
};

/* What to answer; headers borrow from `texts`. */
struct presence_answer {
	uint16_t status;
	char to_tag[32];
	struct sip_edits headers;
	struct buf texts;
};
void presence_answer_init(struct presence_answer *a);
void presence_answer_free(struct presence_answer *a);

/* Is it a package that is served here? "presence", "presence.winfo", "reg". */
bool presence_serves(const struct sip_msg *m);
/* NULL: *out says what to answer. */
const struct reject *presence_publish(struct presence *p,
				      const struct presence_request *r,
				      struct presence_answer *out);
const struct reject *presence_subscribe(struct presence *p,
					const struct presence_request *r,
					struct presence_answer *out);
/* Is it a NOTIFY for a subscription of our own, to a partner's user on a list
 * (RFC 4662 5.6)? */
bool presence_notice_is_ours(const struct presence *p, const struct sip_msg *m);
const struct reject *presence_notified(struct presence *p,
				       const struct presence_request *r,
				       struct presence_answer *out);
/* Has this refusal headers of its own? */
bool presence_explains(const struct reject *reject);
/* Headers that a refusal of the two has to carry (Min-Expires, Accept,
 * Allow-Events, Require). */
void presence_explain(const struct presence *p, const struct reject *reject,
		      struct presence_answer *out);

/* Answers to ops. status 0: not answered. */
void presence_sent(struct presence *p, uint64_t id, uint16_t status);
void presence_rule_is(struct presence *p, uint64_t id, int err,
		      enum presence_rule rule);
void presence_contact(struct presence *p, uint64_t id, struct slice aor);
void presence_contacts_end(struct presence *p, uint64_t id, int err);

/* The devices of a user are others than before. */
void presence_devices_changed(struct presence *p, struct slice aor);
/* What owner says of others is not what it was. */
void presence_lists_changed(struct presence *p, struct slice owner);
/* There is no such user any more, or it is locked out. */
void presence_user_gone(struct presence *p, struct slice aor);
/* A connection has ended (flow 0: all of that worker's life). */
void presence_flow_down(struct presence *p, const struct presence_flow *flow);
/* That worker lives, as that incarnation: what is of an earlier one goes. */
void presence_worker_up(struct presence *p, uint32_t slot,
			uint32_t incarnation);
/* A row that ops.save had. 0, -ENOMEM, or -EBADMSG: forget it. */
int presence_restore(struct presence *p, const struct presence_row *row);

/* Is this user watched, watching or publishing? */
bool presence_knows(const struct presence *p, struct slice aor);

struct presence_counts {
	size_t subscriptions, publications, watched;
};
struct presence_counts presence_count(const struct presence *p);
