/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the operator said of domains while the server runs: block, allow,
 * watch. Kept by the store and pushed to who judges. The configuration stays
 * what it is: what is blocked in either place is blocked.
 */
#pragma once

#include "base/slice.h"

enum access_ruling {
	ACCESS_RULED_NOT,
	ACCESS_RULED_BLOCK, /* with those below it, in both directions */
	ACCESS_RULED_ALLOW, /* as if it were listed: no limits */
	ACCESS_RULED_WATCH, /* nothing new, and slowly */
	ACCESS_RULING_COUNT
};
enum { ACCESS_RULINGS_MAX = 10000 };

struct access_rulings;

int access_rulings_create(struct access_rulings **out); /* 0, -E... */
void access_rulings_free(struct access_rulings *r);
/* domain canonical; RULED_NOT forgets it. 0, -EINVAL, -ENOSPC (too many) or
 * -ENOMEM. */
int access_rulings_set(struct access_rulings *r, struct slice domain,
		       enum access_ruling ruling);
void access_rulings_clear(struct access_rulings *r);
/* r may be NULL: nothing is ruled. */
enum access_ruling access_ruling_of(const struct access_rulings *r,
				    struct slice domain);
/* Is it, or one above it, blocked? */
bool access_ruling_blocks(const struct access_rulings *r, struct slice domain);
void access_rulings_each(struct access_rulings *r,
			 void (*fn)(void *arg, struct slice domain,
				    enum access_ruling ruling),
			 void *arg);
const char *access_ruling_name(enum access_ruling ruling); /* "block" */
