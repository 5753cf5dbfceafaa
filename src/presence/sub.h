/* SPDX-License-Identifier: Apache-2.0 */
/* One subscription: what it is made of, and what each file does with it.
 * Private to presence/. */
#pragma once

#include "presence/presence_int.h"

enum sub_end { SUB_LIVES, SUB_TIMEOUT, SUB_NORESOURCE };

struct package;

/* What makes a subscription, and what is kept of it in the store. */
struct sub_facts {
	const struct package *package;
	struct slice watcher; /* address-of-record */
	struct slice to;      /* of the watched user; a list: of the watcher */
	struct slice call_id;
	struct slice local;  /* URI of To */
	struct slice remote; /* URI of From */
	struct slice local_tag, remote_tag;
	struct slice target;   /* URI of Contact */
	struct slice route;    /* values of Record-Route, comma separated */
	struct slice event_id; /* id= of Event, or empty */
	struct slice list;     /* resource list of the request, or empty */
	uint32_t local_cseq, remote_cseq;
	uint64_t expires_s;
	bool ours, verified;
	struct presence_flow flow;
};

struct sub {
	struct map_node node; /* by call-id and our tag */
	struct numbered number;
	struct list of_flow;
	struct flow_users *flow;
	struct presence *presence;
	const struct package *package;
	struct watcher_count *counted;
	struct watch **watches;
	size_t watch_count;
	struct arena *arena; /* owns the texts of facts; the sub is in it */
	struct sub_facts facts;
	char *target; /* when a refresh has named another */
	struct slice key;
	bool list_loading;
	bool saved, numbered, linked;
	/* NOTIFY */
	struct timer timer;
	enum sub_end end;
	bool in_flight;
	bool full;         /* the next one goes out whatever is in it */
	bool told_end;     /* the last one ended it */
	bool notified;     /* there was one */
	uint64_t sent_ms;  /* when the last one began */
	uint64_t retry_ms; /* not before */
	unsigned tries;
};

/* A row of the table of event packages. */
struct package {
	const char *event;
	const char *type; /* of its documents */
	uint32_t expires_s;
	unsigned changes;
	bool own_only; /* the user itself alone may watch */
	bool list;     /* looks at many */
	/* Appends the document; the type of a list's body to *type. */
	void (*write)(struct sub *s, struct buf *type, struct buf *out);
};

/* sub.c: the life of a subscription */
int sub_create(struct sub **out, struct presence *p, const struct sub_facts *f);
void sub_free(struct sub *s); /* forgets it in the store too */
struct sub *sub_find(const struct presence *p, struct slice call_id,
		     struct slice local_tag);
/* What a refresh may change. 0 or -ENOMEM, then nothing has. */
int sub_refresh(struct sub *s, const struct sub_facts *f);
struct slice sub_target(const struct sub *s);
/* Of the document that its next NOTIFY brings: counted from 0. */
unsigned sub_version(const struct sub *s);
void sub_save(struct sub *s);
int sub_restore(struct presence *p, const struct presence_row *row);
/* Frees it, but leaves it in the store. */
void sub_abandon(struct sub *s);
size_t watcher_subs(const struct presence *p, struct slice watcher);

/* record.c: rows of the store */
void sub_encode(struct buf *out, const struct sub_facts *f);
int sub_decode(struct slice in, struct sub_facts *out);

/* watch.c */
int watch_add(struct sub *s, struct slice aor);
void watch_free(struct watch *w);
void watch_ask(struct watch *w); /* its view becomes known later */
void watch_sweep(struct sub *s); /* frees those that are stale */
struct watch *watch_find(const struct sub *s, struct slice aor);

/* notify.c */
/* Something of it may have to be told: begins its timer. */
void sub_poke(struct sub *s);
void sub_end(struct sub *s, enum sub_end why);
/* Its timer has run. */
void sub_due(struct sub *s);

/* subscribe.c: our Contact */
void contact_value(const struct sub *s, struct buf *out);

/* packages.c */
const struct package *package_of(struct slice event);
extern const struct package package_list;
/* The document of one watch, as its watcher may see it. */
void package_presence(const struct watch *w, struct buf *out);
/* The token of Event; *params is what follows. */
struct slice event_token(struct slice value, struct slice *params);
void allow_events(struct buf *out);

/* list.c: RFC 4662, RFC 5367 */
void list_write(struct sub *s, struct buf *type, struct buf *body);
/* Calls fn for each address of a resource list (RFC 4826). NULL, or why it is
 * none. */
const struct reject *list_read(struct slice doc,
			       const struct reject *(*fn)(void *arg,
							  struct slice aor),
			       void *arg);
/* Watches what the list says: the request's own, or the contacts. */
int list_begin(struct sub *s);
