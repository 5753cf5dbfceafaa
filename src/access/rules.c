/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocked domains and what users may do, as an index. Blocked always wins: a
 * domain that is allowed and blocked at once is refused here. Of policies the
 * most specific wins, bit by bit: the user's own, his group's, everybody's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "access/access_int.h"
#include "base/list.h"

enum { ERROR_MAX = 256, SHOWN_MAX = 64 };

static int no_memory(char error[static ERROR_MAX])
{
	snprintf(error, ERROR_MAX, "out of memory for the access rules");
	return -EINVAL;
}

static int add_block(struct access *a, size_t i, char error[static ERROR_MAX])
{
	const struct access_block *b = &a->conf->blocks[i];
	int err = map_insert(&a->blocks, &a->block[i], b->domain);
	if (err != -EEXIST)
		return err ? no_memory(error) : 0;
	snprintf(error, ERROR_MAX, "'%.*s' is blocked twice (line %u)",
		 SLICE_FMT(slice_head(b->domain, SHOWN_MAX)),
		 (unsigned)b->line);
	return -EINVAL;
}

static int add_user(struct access *a, struct access_user *u, struct slice aor,
		    const struct access_policy *p, char error[static ERROR_MAX])
{
	struct map_node *n = map_find(&a->users, aor);
	struct access_user *there =
		n ? container_of(n, struct access_user, by_aor) : u;
	const struct access_policy **of =
		p->group ? &there->group : &there->own;
	if (*of) {
		snprintf(error, ERROR_MAX,
			 "'%.*s' stands in two policies of a kind (lines %u "
			 "and %u)",
			 SLICE_FMT(slice_head(aor, SHOWN_MAX)),
			 (unsigned)(*of)->line, (unsigned)p->line);
		return -EINVAL;
	}
	*of = p;
	if (n)
		return 0;
	return map_insert(&a->users, &u->by_aor, aor) ? no_memory(error) : 0;
}

static size_t count_users(const struct access_conf *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->policy_count; i++)
		n += c->policies[i].user_count;
	return n;
}

static int add_policies(struct access *a, char error[static ERROR_MAX])
{
	const struct access_conf *c = a->conf;
	struct access_user *next = a->user;
	for (size_t i = 0; i < c->policy_count; i++) {
		const struct access_policy *p = &c->policies[i];
		for (size_t k = 0; k < p->user_count; k++) {
			int err = add_user(a, next++, p->users[k], p, error);
			if (err)
				return err;
		}
	}
	return 0;
}

/* No domain is allowed and blocked, not even through the one above it. */
static int check_blocks(const struct access *a, char error[static ERROR_MAX])
{
	const struct access_conf *c = a->conf;
	for (size_t i = 0; i < c->partner_count; i++) {
		const struct access_partner *p = &c->partners[i];
		const struct access_block *b = rules_block(a, p->domain);
		if (!b)
			continue;
		snprintf(error, ERROR_MAX,
			 "'%.*s' is allowed (line %u) and blocked (line %u)",
			 SLICE_FMT(slice_head(p->domain, SHOWN_MAX)),
			 (unsigned)p->line, (unsigned)b->line);
		return -EINVAL;
	}
	return 0;
}

int rules_build(struct access *a, char error[static ERROR_MAX])
{
	const struct access_conf *c = a->conf;
	a->block = calloc(c->block_count + 1, sizeof(*a->block));
	a->user = calloc(count_users(c) + 1, sizeof(*a->user));
	if (!a->block || !a->user || map_init(&a->blocks) ||
	    map_init(&a->users))
		return no_memory(error);
	for (size_t i = 0; i < c->block_count; i++) {
		int err = add_block(a, i, error);
		if (err)
			return err;
	}
	int err = add_policies(a, error);
	return err ? err : check_blocks(a, error);
}

void rules_free(struct access *a)
{
	map_free(&a->users);
	map_free(&a->blocks);
	free(a->user);
	free(a->block);
}

const struct access_block *rules_block(const struct access *a,
				       struct slice domain)
{
	bool below = false;
	while (a->conf->block_count && domain.len) {
		struct map_node *n = map_find(&a->blocks, domain);
		const struct access_block *b =
			n ? &a->conf->blocks[n - a->block] : NULL;
		if (b && (!below || b->subdomains))
			return b;
		ptrdiff_t dot = slice_chr(domain, '.');
		domain = dot < 0 ? SLICE_NONE
				 : slice_from(domain, (size_t)dot + 1);
		below = true;
	}
	return NULL;
}

bool access_blocks(const struct access *a, struct slice domain)
{
	return rules_block(a, domain) != NULL;
}

const struct access_user *rules_user(const struct access *a, struct slice aor)
{
	struct map_node *n = map_find(&a->users, aor);
	return n ? container_of(n, struct access_user, by_aor) : NULL;
}

const struct access_policy *rules_policy(const struct access_user *u,
					 unsigned bit)
{
	if (u && u->own && (u->own->set & bit))
		return u->own;
	if (u && u->group && (u->group->set & bit))
		return u->group;
	return NULL;
}

unsigned access_policy_of(const struct access *a, struct slice aor)
{
	const struct access_user *u = rules_user(a, aor);
	unsigned may = ~a->conf->denied;
	if (!u)
		return may;
	if (u->group)
		may = (may & ~u->group->set) | (u->group->may & u->group->set);
	if (u->own)
		may = (may & ~u->own->set) | (u->own->may & u->own->set);
	return may;
}

bool rules_ended(const struct access_provider *p, struct slice domain,
		 uint64_t now_s)
{
	if (!p || !p->ends_s || now_s < p->ends_s)
		return false;
	for (size_t i = 0; i < p->kept_count; i++)
		if (slice_eq(p->kept[i], domain))
			return false;
	return true;
}

struct slice access_successor(const struct access *a, struct slice domain)
{
	const struct access_partner *p = access_partner_of(a, domain);
	return p && p->provider ? p->provider->successor : SLICE_NONE;
}
