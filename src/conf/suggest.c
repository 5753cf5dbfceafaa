/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unknown keys: a misspelt key must never be ignored, and whoever wrote it
 * should see at once which one was meant.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conf/loader.h"

enum { NAME_MAX_LEN = 64 };

static size_t least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;
	return m < c ? m : c;
}

/* How many letters to add, drop or change (Levenshtein), one row at a time. */
static size_t distance(struct slice a, struct slice b)
{
	size_t row[NAME_MAX_LEN + 1];
	if (a.len > NAME_MAX_LEN || b.len > NAME_MAX_LEN)
		return NAME_MAX_LEN;
	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t above = row[j];
			size_t same = a.ptr[i - 1] == b.ptr[j - 1] ? 0 : 1;
			row[j] = least(above + 1, row[j - 1] + 1,
				       diagonal + same);
			diagonal = above;
		}
	}
	return row[b.len];
}

/* The nearest key of the same section, if it is near. */
static const struct conf_key *nearest(struct slice name, int parent)
{
	const struct conf_key *best = NULL;
	size_t best_distance = name.len / 3 + 2;
	for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
		const struct conf_key *k = &CONF_KEYS[i];
		if (k->absent || conf_key_parent(i) != parent)
			continue;
		size_t d = distance(name, slice_str(conf_key_name(k)));
		if (d < best_distance) {
			best = k;
			best_distance = d;
		}
	}
	return best;
}

/* A key of that name in another section. */
static const struct conf_key *elsewhere(struct slice name)
{
	for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
		const struct conf_key *k = &CONF_KEYS[i];
		if (!k->absent && slice_ieq(name, slice_str(conf_key_name(k))))
			return k;
	}
	return NULL;
}

static void known_here(char *out, size_t size, int parent)
{
	size_t used = 0;
	out[0] = '\0';
	for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
		const struct conf_key *k = &CONF_KEYS[i];
		if (k->absent || conf_key_parent(i) != parent || used >= size)
			continue;
		int n = snprintf(out + used, size - used, "%s%s",
				 used ? ", " : "", conf_key_name(k));
		used += n > 0 ? (size_t)n : 0;
	}
}

int conf_unknown_key(struct conf_loader *ld, const struct conf_node *node,
		     int parent)
{
	const char *where = parent < 0 ? "" : CONF_KEYS[parent].path;
	const char *dot = parent < 0 ? "" : ".";
	const struct conf_key *k = nearest(node->key, parent);
	char list[256];
	if (k)
		return conf_fail(ld, node->key_line,
				 "%s%s%.*s: unknown key; did you mean '%s'?",
				 where, dot, SLICE_FMT(node->key),
				 conf_key_name(k));
	k = elsewhere(node->key);
	if (k)
		return conf_fail(ld, node->key_line,
				 "%s%s%.*s: unknown key here; did you mean "
				 "'%s'?",
				 where, dot, SLICE_FMT(node->key), k->path);
	known_here(list, sizeof(list), parent);
	return conf_fail(ld, node->key_line,
			 "%s%s%.*s: unknown key; known here: %s", where, dot,
			 SLICE_FMT(node->key), list);
}
