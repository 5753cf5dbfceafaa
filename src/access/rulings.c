/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's rulings, by domain. */
#include "access/rulings.h"

#include <errno.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/map.h"

enum { DOMAIN_MAX = 253 };

struct ruled {
	struct map_node node;
	enum access_ruling ruling;
	size_t len;
	char domain[];
};

/* Owned by whoever created it. */
struct access_rulings {
	struct map map;
	size_t blocked;
};

int access_rulings_create(struct access_rulings **out)
{
	struct access_rulings *r = calloc(1, sizeof(*r));
	int err = r ? map_init(&r->map) : -ENOMEM;
	if (err)
		free(r);
	else
		*out = r;
	return err;
}

static struct ruled *find(const struct access_rulings *r, struct slice domain)
{
	struct map_node *n = map_find(&r->map, domain);
	return n ? container_of(n, struct ruled, node) : NULL;
}

static void drop(struct access_rulings *r, struct ruled *one)
{
	r->blocked -= one->ruling == ACCESS_RULED_BLOCK;
	map_remove(&r->map, &one->node);
	free(one);
}

static void drop_each(struct map_node *n, void *arg)
{
	drop(arg, container_of(n, struct ruled, node));
}

void access_rulings_clear(struct access_rulings *r)
{
	map_each(&r->map, drop_each, r);
}

void access_rulings_free(struct access_rulings *r)
{
	if (!r)
		return;
	access_rulings_clear(r);
	map_free(&r->map);
	free(r);
}

static int add(struct access_rulings *r, struct slice domain,
	       enum access_ruling ruling)
{
	if (r->map.count >= ACCESS_RULINGS_MAX)
		return -ENOSPC;
	struct ruled *one = calloc(1, sizeof(*one) + domain.len);
	if (!one)
		return -ENOMEM;
	one->ruling = ruling;
	one->len = domain.len;
	memcpy(one->domain, domain.ptr, domain.len);
	int err = map_insert(&r->map, &one->node,
			     slice_of(one->domain, one->len));
	if (err) {
		free(one);
		return err;
	}
	r->blocked += ruling == ACCESS_RULED_BLOCK;
	return 0;
}

int access_rulings_set(struct access_rulings *r, struct slice domain,
		       enum access_ruling ruling)
{
	if (!domain.len || domain.len > DOMAIN_MAX ||
	    (unsigned)ruling >= ACCESS_RULING_COUNT)
		return -EINVAL;
	struct ruled *there = find(r, domain);
	if (there && ruling != ACCESS_RULED_NOT) {
		r->blocked -= there->ruling == ACCESS_RULED_BLOCK;
		r->blocked += ruling == ACCESS_RULED_BLOCK;
		there->ruling = ruling;
		return 0;
	}
	if (there)
		drop(r, there);
	return ruling == ACCESS_RULED_NOT ? 0 : add(r, domain, ruling);
}

enum access_ruling access_ruling_of(const struct access_rulings *r,
				    struct slice domain)
{
	const struct ruled *one = r && r->map.count ? find(r, domain) : NULL;
	return one ? one->ruling : ACCESS_RULED_NOT;
}

bool access_ruling_blocks(const struct access_rulings *r, struct slice domain)
{
	while (r && r->blocked && domain.len) {
		if (access_ruling_of(r, domain) == ACCESS_RULED_BLOCK)
			return true;
		ptrdiff_t dot = slice_chr(domain, '.');
		domain = dot < 0 ? SLICE_NONE
				 : slice_from(domain, (size_t)dot + 1);
	}
	return false;
}

struct each {
	void (*fn)(void *arg, struct slice domain, enum access_ruling ruling);
	void *arg;
};

static void tell(struct map_node *n, void *arg)
{
	const struct each *e = arg;
	const struct ruled *one = container_of(n, struct ruled, node);
	e->fn(e->arg, slice_of(one->domain, one->len), one->ruling);
}

void access_rulings_each(struct access_rulings *r,
			 void (*fn)(void *arg, struct slice domain,
				    enum access_ruling ruling),
			 void *arg)
{
	struct each e = { fn, arg };
	map_each(&r->map, tell, &e);
}

const char *access_ruling_name(enum access_ruling ruling)
{
	static const char *const names[] = {
		[ACCESS_RULED_NOT] = "none",
		[ACCESS_RULED_BLOCK] = "block",
		[ACCESS_RULED_ALLOW] = "allow",
		[ACCESS_RULED_WATCH] = "watch",
	};
	return (unsigned)ruling < ACCESS_RULING_COUNT ? names[ruling] : "none";
}
