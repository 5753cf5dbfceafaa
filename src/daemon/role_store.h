/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the store process: role_store.c is its life, store_requests.c what
 * it is asked, store_mail.c what concerns messages that wait, store_presence.c
 * contacts and presence.
 */
#pragma once

#include "daemon/process.h"
#include "daemon/store_answers.h"
#include "daemon/ticket_keys.h"
#include "store/backup.h"
#include "store/messages.h"
#include "stun/credential.h"

enum { STORE_PATH_MAX = 4096 };

/* The last backup. */
struct store_copying {
	int fd;          /* -1: not under way */
	uint64_t number; /* 0: there was none */
	int err;         /* how it ended */
	struct store_progress progress;
	struct timer piece;
};

struct role_store {
	struct process *process;
	struct store *store; /* NULL while it cannot be opened */
	char path[STORE_PATH_MAX];
	struct store_limits limits, next_limits;
	bool edge_mints, next_edge_mints; /* for servers inside */
	struct store_answers answers;     /* wait for the commit */
	struct turn_hook commit;
	struct timer upkeep;
	struct timer reopen;
	struct timer lazy; /* commits what nobody waits for */
	struct buf ring;   /* keys as pushed */
	struct ticket_keys tickets;
	struct hasher *hasher;
	struct credential_secrets secrets; /* of the relay */
	struct list peers;
	struct list handed; /* messages that home has not survived yet */
	unsigned failures;
	struct store_copying copying;
	int passed;          /* the descriptor of this request, or -1 */
	unsigned check_at;   /* which records are checked next */
	uint64_t checked_ms; /* when some were */
	bool damaged;        /* a request has met it: close, and look */
	bool full;           /* the disk: told once (STO-02) */
};

/* One request while it is served. */
struct store_reader {
	struct role_store *role;
	const struct proc_id *to;
	uint64_t id;
};

uint64_t role_store_now_s(void);
/* Now, at the end of this turn, or within a second. */
void role_store_commit_now(struct role_store *r);
void role_store_commit(struct role_store *r);
void role_store_commit_later(struct role_store *r);

/* store_requests.c: a message from another process */
void store_request(void *role, const struct proc_id *from,
		   const struct ipc_msg *m);

/* store_mail.c; each 0 or -E... */
int store_mail_put(struct store_reader *rd, const struct ipc_msg *m);
int store_mail_next(struct store_reader *rd, const struct ipc_msg *m);
int store_mail_del(struct store_reader *rd, const struct ipc_msg *m);
int store_mail_taken(struct store_reader *rd, const struct ipc_msg *m);
int store_mail_bad(struct store_reader *rd, const struct ipc_msg *m);
int store_mail_list(struct store_reader *rd, const struct ipc_msg *m);
int store_mail_drop(struct store_reader *rd, const struct ipc_msg *m);
int store_mail_queues(struct store_reader *rd, const struct ipc_msg *m);
int store_mail_mark(struct store_reader *rd, const struct ipc_msg *m);
int store_mail_marks(struct store_reader *rd, const struct ipc_msg *m);
/* Home is told of what is lost; it will delete it when the sender knows. */
int store_mail_tell_lost(struct role_store *r);
/* Home has died: what it was just given may be why (MSG-04). */
void store_mail_home_gone(struct role_store *r);
void store_mail_forget(struct role_store *r);

/* store_presence.c; each 0 or -E... */
int store_soft_set(struct store_reader *rd, const struct ipc_msg *m);
int store_soft_del(struct store_reader *rd, const struct ipc_msg *m);
int store_soft_list(struct store_reader *rd, const struct ipc_msg *m);
int store_contact_set(struct store_reader *rd, const struct ipc_msg *m);
int store_contact_del(struct store_reader *rd, const struct ipc_msg *m);
int store_contact_list(struct store_reader *rd, const struct ipc_msg *m);

/* store_partners.c: rulings, tallies and bans */
void store_partners_push(struct role_store *r, const struct proc_id *to);
int store_partners_rule(struct store_reader *rd, const struct ipc_msg *m);
int store_partners_tally(struct store_reader *rd, const struct ipc_msg *m);
int store_partners_tally_set(struct store_reader *rd, const struct ipc_msg *m);
int store_partners_ban(struct store_reader *rd, const struct ipc_msg *m);
int store_partners_bans(struct store_reader *rd, const struct ipc_msg *m);

/* store_admins.c; each 0 or -E... */
int store_admins_put(struct store_reader *rd, const struct ipc_msg *m);
int store_admins_del(struct store_reader *rd, const struct ipc_msg *m);
int store_admins_get(struct store_reader *rd, const struct ipc_msg *m);

/* store_secrets.c: what the relay's credentials are minted with */
/* Reads them; the first time one is made. */
int store_secrets_load(struct role_store *r);
void store_secrets_push(struct role_store *r, const struct proc_id *to);
int store_secrets_rotate(struct store_reader *rd, const struct ipc_msg *m);
int store_secrets_mint(struct store_reader *rd, const struct ipc_msg *m);
void store_secrets_forget(struct role_store *r);
/* store_backup.c: each 0 or -E... */
int store_copying_begin(struct store_reader *rd, const struct ipc_msg *m);
int store_copying_get(struct store_reader *rd, const struct ipc_msg *m);
/* One that carries a descriptor, which is taken over. */
void store_request_fd(void *role, const struct proc_id *from,
		      const struct ipc_msg *m, int fd);
void store_copying_init(struct role_store *r);
void store_copying_forget(struct role_store *r);

/* store_open.c: opens it, with what is readable when it is damaged (STO-04) */
int role_store_open(struct role_store *r);
/* A piece of the daily check: closes what is damaged. */
void role_store_check(struct role_store *r);

/* Whose entry of role_store.peers it is. */
const struct proc_id *role_store_peer(struct list *node);
/* All processes that are there. */
void role_store_each_peer(struct role_store *r,
			  void (*fn)(struct role_store *r,
				     const struct proc_id *to));
