/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all questions are made of: a job, which is one open question, and its
 * look-ups, each one record set asked of libunbound. Private to the directory.
 *
 * libunbound answers from its cache before it returns. So nothing goes on from
 * within its calls: they only wake the job, which runs at the end of the turn.
 */
#pragma once

#include <stdio.h>

#include "dns/dns.h"
#include "dns/dns_event.h"
#include "dns/dns_message.h"

enum {
	DNS_TTL_MIN_S = 30,
	DNS_TTL_MAX_S = 86400,
	DNS_TTL_NEGATIVE_S = 60,
	/* as text, with the last dot and a NUL */
	DNS_NAME_SIZE = DNS_NAME_MAX + 2,
};

struct dns {
	struct loop *loop;
	struct dns_events events;
	struct ub_ctx *ctx;
	FILE *library_log;
	uint32_t timeout_ms;
	dns_random_fn random;
	void *random_arg;
	struct list waiting; /* jobs */
	struct list woken;   /* to be run at the end of the turn */
	size_t load;         /* weights of both */
	struct turn_hook wake;
	bool closing;
	struct turn_hook release;
};

struct dns_job;

struct dns_job_ops {
	/* A look-up is done, or time is up: closes the job if it is over.
	 * The user is called last, and may free the engine. */
	void (*run)(struct dns_job *job);
	/* The engine goes: free it, unanswered. */
	void (*drop)(struct dns_job *job);
	unsigned weight; /* how much it may hold */
};

/* The first member of a question. */
struct dns_job {
	const struct dns_job_ops *ops;
	struct dns *dns;
	struct list node;
	struct timer timer; /* for all of it */
	bool expired;
};

/* Is there room for one more of that weight? */
bool dns_job_allowed(const struct dns *d, unsigned weight);
void dns_job_open(struct dns_job *job, struct dns *d,
		  const struct dns_job_ops *ops);
void dns_job_wake(struct dns_job *job);
void dns_job_close(struct dns_job *job); /* then the owner frees it */

struct dns_lookup {
	struct dns_job *job;
	uint16_t type;
	int id; /* libunbound's; -1: nobody's */
	bool done;
	int error; /* 0, -ENOENT (no such name, no address), -ETIMEDOUT,
		      -EBADMSG, -EIO */
	bool secure;
	const char *text;
	/* When no error, for A and AAAA: the addresses, at least one. */
	struct addr *addr;
	size_t count;
	uint32_t ttl_s;
	/* When no error, for other types: the message. */
	uint8_t *message;
	size_t message_len;
};

/* Zeroed before; the name is copied. */
void dns_lookup_ask(struct dns_lookup *l, struct dns_job *job, const char *name,
		    uint16_t type);
void dns_lookup_expire(struct dns_lookup *l); /* if it is not done */
void dns_lookup_fail(struct dns_lookup *l, int error, const char *text);
/* What was asked is forgotten; it may be asked again. One that was never asked
 * is fine. */
void dns_lookup_close(struct dns_lookup *l);
static inline struct slice dns_lookup_message(const struct dns_lookup *l)
{
	return slice_of(l->message, l->message_len);
}

uint32_t dns_clamp_ttl(uint32_t ttl_s);
/* How much a kind of failure matters when there are several. */
int dns_error_weight(int error);
