/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One value from the file into its field, by the type of its row. Defaults
 * come the same way, as if they had been written.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conf/loader.h"
#include "conf/text.h"

typedef int (*read_fn)(struct conf_loader *ld, const struct conf_key *key,
		       const struct conf_node *node, void *field);

static int bad_text(struct conf_loader *ld, const struct conf_key *key,
		    const struct conf_node *node, const char *why)
{
	struct slice shown = slice_head(node->text, 64);
	return conf_fail_key(ld, key, node->line, "'%.*s'%s %s",
			     SLICE_FMT(shown),
			     shown.len < node->text.len ? "..." : "", why);
}

static int need_scalar(struct conf_loader *ld, const struct conf_key *key,
		       const struct conf_node *node)
{
	if (node->kind != CONF_NODE_SCALAR)
		return conf_fail_key(
			ld, key, node->line, "is a %s; write a single value",
			node->kind == CONF_NODE_LIST ? "list" : "mapping");
	if (slice_empty(node->text))
		return conf_fail_key(ld, key, node->line,
				     "has no value; write one or remove the "
				     "key");
	return 0;
}

static int keep(struct conf_loader *ld, struct slice text, struct slice *field)
{
	struct slice copy = arena_copy(ld->arena, text);
	if (!copy.ptr)
		return conf_fail_memory(ld);
	*field = copy;
	return 0;
}

static int read_domain(struct conf_loader *ld, const struct conf_key *key,
		       const struct conf_node *node, void *field)
{
	char name[CONF_DOMAIN_SIZE];
	const char *why = conf_text_domain(node->text, name);
	if (why)
		return bad_text(ld, key, node, why);
	return keep(ld, slice_str(name), field);
}

static int read_path(struct conf_loader *ld, const struct conf_key *key,
		     const struct conf_node *node, void *field)
{
	const char *why = conf_text_path(node->text, key->max);
	if (why)
		return bad_text(ld, key, node, why);
	return keep(ld, node->text, field);
}

static int read_file(struct conf_loader *ld, const struct conf_key *key,
		     const struct conf_node *node, void *field)
{
	struct conf_file *file = field;
	struct slice path = node->text;
	if (key->fallback && slice_eq(path, SLICE_LIT("system")))
		path = SLICE_LIT("/etc/ssl/certs/ca-certificates.crt");
	const char *why = conf_text_path(path, 4095);
	if (why)
		return bad_text(ld, key, node, why);
	file->line = node->line;
	int err = keep(ld, path, &file->path);
	return err ? err : conf_file_read(ld, key, node->line, file);
}

static int read_addr(struct conf_loader *ld, const struct conf_key *key,
		     const struct conf_node *node, void *field)
{
	struct addr addr;
	const char *why = conf_text_addr(key->type, node->text, &addr);
	if (why)
		return bad_text(ld, key, node, why);
	return keep(ld, node->text, field);
}

static int read_hop_row(struct conf_loader *ld, const struct conf_key *key,
			const struct conf_node *node, void *field)
{
	struct conf_hop *row = field;
	struct conf_text_hop hop;
	const char *why = conf_text_hop(node->text, &hop);
	if (why)
		return bad_text(ld, key, node, why);
	row->line = node->line;
	row->addr = hop.addr;
	row->port = hop.port;
	int err = keep(ld, node->text, &row->text);
	if (!err && hop.host[0])
		err = keep(ld, slice_str(hop.host), &row->host);
	return err;
}

static int read_addr_row(struct conf_loader *ld, const struct conf_key *key,
			 const struct conf_node *node, void *field)
{
	struct conf_addr *row = field;
	const char *why = conf_text_addr(key->type, node->text, &row->addr);
	if (why)
		return bad_text(ld, key, node, why);
	row->line = node->line;
	return keep(ld, node->text, &row->text);
}

static int read_prefix(struct conf_loader *ld, const struct conf_key *key,
		       const struct conf_node *node, void *field)
{
	struct addr_prefix prefix;
	const char *why = conf_text_prefix(node->text, &prefix);
	if (why)
		return bad_text(ld, key, node, why);
	return keep(ld, node->text, field);
}

static int out_of_range(struct conf_loader *ld, const struct conf_key *key,
			const struct conf_node *node)
{
	return conf_fail_key(ld, key, node->line,
			     "'%.*s' is not right; write %sa whole number from "
			     "%u to %u%s%s",
			     SLICE_FMT(slice_head(node->text, 64)),
			     key->type == CONF_WORKERS ? "auto or " : "",
			     (unsigned)key->min, (unsigned)key->max,
			     key->unit ? " " : "", key->unit ? key->unit : "");
}

static int read_u32(struct conf_loader *ld, const struct conf_key *key,
		    const struct conf_node *node, void *field)
{
	uint64_t v = 0;
	struct slice t = node->text;
	/* YAML 1.1 would take 010 for eight */
	if ((t.len > 1 && t.ptr[0] == '0') || slice_u64(t, key->max, &v) ||
	    v < key->min)
		return out_of_range(ld, key, node);
	*(uint32_t *)field = (uint32_t)v;
	return 0;
}

static int read_workers(struct conf_loader *ld, const struct conf_key *key,
			const struct conf_node *node, void *field)
{
	uint32_t n = ld->load->cpus;
	if (!slice_eq(node->text, SLICE_LIT("auto")))
		return read_u32(ld, key, node, field);
	n = n < key->min ? key->min : n;
	*(uint32_t *)field = n > key->max ? key->max : n;
	return 0;
}

static int bad_choice(struct conf_loader *ld, const struct conf_key *key,
		      const struct conf_node *node)
{
	char words[128];
	size_t used = 0;
	words[0] = '\0';
	for (const struct conf_choice *c = key->choices; c->word; c++) {
		if (c->absent || used >= sizeof(words))
			continue;
		int n = snprintf(words + used, sizeof(words) - used, "%s%s",
				 used ? ", " : "", c->word);
		used += n > 0 ? (size_t)n : 0;
	}
	return conf_fail_key(ld, key, node->line,
			     "'%.*s' is not known here; write %s%s",
			     SLICE_FMT(slice_head(node->text, 64)),
			     strchr(words, ',') ? "one of " : "", words);
}

static int read_choice(struct conf_loader *ld, const struct conf_key *key,
		       const struct conf_node *node, void *field)
{
	for (const struct conf_choice *c = key->choices; c->word; c++) {
		if (!slice_eq(node->text, slice_str(c->word)))
			continue;
		if (c->absent)
			return conf_fail_key(ld, key, node->line,
					     "%s; write %s or remove the key",
					     c->absent, key->fallback);
		if (key->offset != CONF_NO_FIELD)
			*(uint8_t *)field = c->value;
		return 0;
	}
	return bad_choice(ld, key, node);
}

static int read_user(struct conf_loader *ld, const struct conf_key *key,
		     const struct conf_node *node, void *field)
{
	const char *why = conf_text_user(node->text);
	if (why)
		return bad_text(ld, key, node, why);
	return keep(ld, node->text, field);
}

static int read_text(struct conf_loader *ld, const struct conf_key *key,
		     const struct conf_node *node, void *field)
{
	const char *why = conf_text_plain(node->text, key->max);
	if (why && key->readers) /* not shown: it is a secret */
		return conf_fail_key(ld, key, node->line, "%s", why);
	if (why)
		return bad_text(ld, key, node, why);
	return keep(ld, node->text, field);
}

static int read_range(struct conf_loader *ld, const struct conf_key *key,
		      const struct conf_node *node, void *field)
{
	const char *why = conf_text_range(node->text, field);
	return why ? bad_text(ld, key, node, why) : 0;
}

static int read_ip(struct conf_loader *ld, const struct conf_key *key,
		   const struct conf_node *node, void *field)
{
	struct addr a;
	const char *why = conf_text_ip(node->text, &a);
	if (why)
		return bad_text(ld, key, node, why);
	return keep(ld, node->text, field);
}

static int read_word(struct conf_loader *ld, const struct conf_key *key,
		     const struct conf_node *node, void *field)
{
	const char *why = conf_text_word(node->text);
	if (why)
		return bad_text(ld, key, node, why);
	return keep(ld, node->text, field);
}

static int read_date(struct conf_loader *ld, const struct conf_key *key,
		     const struct conf_node *node, void *field)
{
	uint64_t seconds;
	const char *why = conf_text_date(node->text, &seconds);
	if (why)
		return bad_text(ld, key, node, why);
	return keep(ld, node->text, field);
}

static int read_aor(struct conf_loader *ld, const struct conf_key *key,
		    const struct conf_node *node, void *field)
{
	char aor[CONF_AOR_SIZE];
	const char *why = conf_text_aor(node->text, aor);
	if (why)
		return bad_text(ld, key, node, why);
	return keep(ld, slice_str(aor), field);
}

static int read_pin(struct conf_loader *ld, const struct conf_key *key,
		    const struct conf_node *node, void *field)
{
	char pin[CONF_PIN_SIZE];
	const char *why = conf_text_pin(node->text, pin);
	if (why)
		return bad_text(ld, key, node, why);
	return keep(ld, slice_str(pin), field);
}

/* Entry i is not one of those before it. */
static int not_twice(struct conf_loader *ld, const struct conf_key *key,
		     const struct conf_node *node, const struct slice *list,
		     size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (slice_eq(list[j], list[i]))
			return conf_fail_key(
				ld, key, node->line,
				"'%.*s' is listed twice; remove "
				"one of them",
				SLICE_FMT(slice_head(list[i], 64)));
	}
	return 0;
}

static int list_size(struct conf_loader *ld, const struct conf_key *key,
		     const struct conf_node *node, size_t *out)
{
	size_t n = 0;
	if (node->kind != CONF_NODE_LIST)
		return conf_fail_key(ld, key, node->line,
				     "is not a list; write %s", key->example);
	for (const struct conf_node *it = node->first; it; it = it->next)
		n++;
	if (n < key->min || n > key->max)
		return conf_fail_key(ld, key, node->line,
				     "has %zu entries; write %u to %u", n,
				     (unsigned)key->min, (unsigned)key->max);
	*out = n;
	return 0;
}

static const struct {
	read_fn read;    /* one value, or one entry of a list */
	size_t entry;    /* lists: bytes of an entry, else 0 */
	bool no_repeats; /* lists: entries are slices and differ */
} TYPES[CONF_TYPE_COUNT] = {
	[CONF_DOMAIN] = { read_domain, 0, false },
	[CONF_DOMAINS] = { read_domain, sizeof(struct slice), true },
	[CONF_PATH] = { read_path, 0, false },
	[CONF_FILE] = { read_file, 0, false },
	[CONF_ADDR] = { read_addr, 0, false },
	[CONF_ADDRS] = { read_addr_row, sizeof(struct conf_addr), false },
	[CONF_SERVERS] = { read_addr_row, sizeof(struct conf_addr), false },
	[CONF_HOPS] = { read_hop_row, sizeof(struct conf_hop), false },
	[CONF_PREFIXES] = { read_prefix, sizeof(struct slice), true },
	[CONF_U32] = { read_u32, 0, false },
	[CONF_WORKERS] = { read_workers, 0, false },
	[CONF_CHOICE] = { read_choice, 0, false },
	[CONF_USER] = { read_user, 0, false },
	[CONF_WORD] = { read_word, 0, false },
	[CONF_DATE] = { read_date, 0, false },
	[CONF_AORS] = { read_aor, sizeof(struct slice), false },
	[CONF_PINS] = { read_pin, sizeof(struct slice), true },
	[CONF_TEXT] = { read_text, 0, false },
	[CONF_RANGE] = { read_range, 0, false },
	[CONF_IP] = { read_ip, 0, false },
};

static int read_list(struct conf_loader *ld, const struct conf_key *key,
		     const struct conf_node *node, char *base)
{
	size_t n = 0;
	size_t size = TYPES[key->type].entry;
	int err = list_size(ld, key, node, &n);
	if (err)
		return err;
	char *list = arena_alloc(ld->arena, (n + 1) * size);
	if (!list)
		return conf_fail_memory(ld);
	size_t i = 0;
	for (const struct conf_node *it = node->first; it; it = it->next, i++) {
		err = need_scalar(ld, key, it);
		if (!err)
			err = TYPES[key->type].read(ld, key, it,
						    list + i * size);
		if (!err && TYPES[key->type].no_repeats)
			err = not_twice(ld, key, it, (void *)list, i);
		if (err)
			return err;
	}
	memcpy(base + key->offset, &list, sizeof(list));
	memcpy(base + key->count, &n, sizeof(n));
	return 0;
}

int conf_value(struct conf_loader *ld, const struct conf_key *key,
	       const struct conf_node *node, void *base)
{
	char *field = base;
	if (TYPES[key->type].entry)
		return read_list(ld, key, node, base);
	int err = need_scalar(ld, key, node);
	if (err)
		return err;
	if (key->offset != CONF_NO_FIELD)
		field += key->offset;
	return TYPES[key->type].read(ld, key, node, field);
}
