/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to admin/. A session is one connection and has at most one request
 * at a time; a request belongs to the admin's list until it is finished, which
 * is always the last thing that anybody does with it.
 */
#pragma once

#include <jansson.h>

#include "admin/admin.h"
#include "admin/ctl_proto.h"
#include "admin/audit.h"
#include "admin/endings.h"
#include "admin/expiry.h"
#include "admin/history.h"
#include "admin/verbs.h"

enum {
	ARGS_MAX = 6,
	SESSIONS_MAX = 64,
	CHANGE_MAX = 32,  /* of a text in admin.change */
	SLOTS_MAX = 4096, /* of a role: bounds what a message can name */
};

struct command;
struct request;
struct web;

/* What a verb may do, each more than the one before. */
enum admin_role { ADMIN_READ, ADMIN_OPERATE, ADMIN_SECURE };

/* Who asks: a connection of the control socket, or a request of HTTP. At most
 * one question at a time. */
struct asker {
	struct admin *admin;
	enum admin_role role;
	const char *who;         /* "uid:1000", "admin:alice" */
	struct request *request; /* the one that waits, or NULL */
	int passed; /* a descriptor that came with a request, or -1 */
	/* The reply is taken over; NULL: out of memory. */
	void (*reply)(struct asker *as, json_t *reply);
	/* A line before the reply, taken over; NULL: it wants none. */
	void (*tell)(struct asker *as, json_t *line);
	/* Bytes that were told and are not read yet; NULL: nobody knows. */
	size_t (*unread)(const struct asker *as);
};

/* Another process as we know it. */
struct neighbour {
	struct list node; /* in order of role and slot */
	enum proc_role role;
	uint32_t slot;
	bool connected;
	bool told; /* the supervisor spoke of it: last is valid */
	struct proc_id id;
	struct ipc_process last;
	const struct metrics_page *page;
};

struct admin {
	struct loop *loop;
	struct timers *timers;
	struct admin_ops ops;
	void *arg;
	const struct conf *conf;
	struct access_rulings *rulings; /* of the operator, as pushed */
	struct expiry expiry;
	struct endings endings;
	struct history history;
	struct audit audit;
	struct web *web;
	struct list neighbours;
	struct list requests;
	struct list sessions;
	size_t session_count;
	uint64_t last_ask;
	uint32_t generation;
	int listen_fd;
	struct watch *listen_watch;
	struct timer accept_again;
};

/* How a verb works. run starts it; the others hear of what happens until it is
 * finished. Those marked "opt" may be NULL. */
struct verb_ops {
	void (*run)(struct request *r);
	/* opt: a message whose id is ours; from is NULL: the supervisor */
	void (*answer)(struct request *r, const struct proc_id *from,
		       const struct ipc_msg *m);
	/* opt: a process is gone */
	void (*gone)(struct request *r, const struct proc_id *peer);
	/* opt: its deadline has passed; else it fails with a sentence */
	void (*expired)(struct request *r);
};

/* What else those hear of that go on until somebody ends them. */
struct live_ops {
	/* a process is there, perhaps another one than before */
	void (*up)(struct request *r, const struct proc_id *peer);
	/* the asker is gone, and wants no answer: end soon, not now */
	void (*left)(struct request *r);
};

struct command {
	const char *verb;
	enum admin_role role;
	bool changes;               /* is logged: admin.change */
	bool web;                   /* over HTTP too */
	const char *args[ARGS_MAX]; /* names; all are texts, all are needed */
	const char *syntax;         /* of the operator's command */
	const char *help;
	const struct verb_ops *ops;
	const struct live_ops *live; /* or NULL */
};

struct request {
	struct list node;
	struct admin *admin;
	struct asker *asker; /* NULL: it is gone */
	const struct command *command;
	json_t *id;
	json_t *args;
	json_t *result; /* as far as it is gathered */
	uint64_t ask;   /* id of our messages to others */
	struct timer deadline;
	struct proc_id *waiting; /* status: who has not answered */
	size_t waiting_count;
	void *state; /* of the verb, with its free function */
	void (*state_free)(void *state);
	size_t row_count, row_bytes;
	uint32_t generation;                        /* reload: the one before */
	char before[CHANGE_MAX], after[CHANGE_MAX]; /* for admin.change */
};

/* admin.c */
struct neighbour *neighbour_find(const struct admin *a, enum proc_role role,
				 uint32_t slot);
enum { NEIGHBOUR_NAME_MAX = 32 };
/* "edge.1", "store": as in the log. */
const char *neighbour_name(enum proc_role role, uint32_t slot,
			   char out[static NEIGHBOUR_NAME_MAX]);

/* command.c */
const struct command *command_find(const char *verb);
const struct command *command_at(size_t i); /* NULL: no more */
const char *admin_role_name(enum admin_role role);

/* request.c */
/* message: a whole request as decoded; taken over. */
void ctl_request_start(struct asker *as, json_t *message);
/* A request of that command, with arguments that were checked: args and id are
 * borrowed, id may be NULL. */
void ctl_request_begin(struct asker *as, const struct command *c, json_t *id,
		       json_t *args);
enum { SENTENCE_MAX = 1200 };
/* Exactly the verb's arguments, all texts: true, or text says what is wrong. */
bool ctl_request_check(const struct command *c, json_t *args,
		       char text[static SENTENCE_MAX]);
/* What a change changes, for the log; texts are cut. NULL: nothing to say. */
void ctl_request_change(struct request *r, const char *before,
			const char *after);
/* A text argument; the table's check has made sure that it is there. */
struct slice ctl_request_arg(const struct request *r, const char *name);
/* The descriptor that came with it, still the asker's; -1: none. */
int ctl_request_fd(const struct request *r);
void ctl_request_deadline(struct request *r, uint32_t ms);
/* result is taken over; NULL: out of memory. Frees r. */
void ctl_request_done(struct request *r, json_t *result);
/* Something that is known already, before the answer; step is taken over,
 * NULL: left out. */
void ctl_request_step(struct request *r, json_t *step);
/* One sentence. Frees r. */
void ctl_request_fail(struct request *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The asker goes away: nobody is told any more. */
void ctl_request_forget(struct asker *as);
void ctl_request_free(struct request *r);

/* session.c */
int session_open(struct admin *a, int fd); /* takes fd over, also on failure */
void session_close_at(struct list *node);

/* openmetrics.c */
void openmetrics_text(struct buf *out, const struct admin *a);
/* Sums over all pages for the status page: {name: n}; NULL: out of memory. */
json_t *metrics_summary(const struct admin *a);
/* All metrics of that name, over all pages; of a histogram that one cell. */
uint64_t metrics_family(const struct admin *a, enum metric m);
