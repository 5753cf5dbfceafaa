/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf_load(): text -> tree -> the schema's rows -> defaults -> cross checks.
 * The first thing that is wrong ends it with one line (CFG-01); nothing is
 * changed anywhere else.
 */
#include "conf/conf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf/loader.h"

enum { PATH_SIZE = 160 };

/* One line: what came from the file may hold anything. */
static void one_line(char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
	}
}

__attribute__((format(printf, 4, 0))) static int fail_args(
	struct conf_loader *ld, uint32_t line, const char *key, const char *fmt,
	va_list ap)
{
	int n = snprintf(ld->error, CONF_ERROR_MAX, "%s:%u: %s%s",
			 ld->load->path, (unsigned)(line ? line : 1), key,
			 *key ? ": " : "");
	if (n > 0 && n < CONF_ERROR_MAX)
		vsnprintf(ld->error + n, (size_t)(CONF_ERROR_MAX - n), fmt, ap);
	one_line(ld->error);
	return -EINVAL;
}

int conf_fail(struct conf_loader *ld, uint32_t line, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int err = fail_args(ld, line, "", fmt, ap);
	va_end(ap);
	return err;
}

/* "partners.domain" for "partners[].domain". */
static void shown_path(const char *path, char out[static PATH_SIZE])
{
	size_t n = 0;
	for (; *path && n + 1 < PATH_SIZE; path++) {
		if (*path != '[' && *path != ']')
			out[n++] = *path;
	}
	out[n] = '\0';
}

int conf_fail_key(struct conf_loader *ld, const struct conf_key *key,
		  uint32_t line, const char *fmt, ...)
{
	char path[PATH_SIZE];
	va_list ap;
	shown_path(key->path, path);
	va_start(ap, fmt);
	int err = fail_args(ld, line, path, fmt, ap);
	va_end(ap);
	return err;
}

int conf_fail_memory(struct conf_loader *ld)
{
	return conf_fail(ld, 1,
			 "out of memory while reading the configuration; free "
			 "some or make the file smaller");
}

void conf_warn(struct conf_loader *ld, uint32_t line, const char *fmt, ...)
{
	char text[CONF_ERROR_MAX];
	va_list ap;
	if (!ld->warnings)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	one_line(text);
	buf_printf(ld->warnings, "%s:%u: %s\n", ld->load->path, (unsigned)line,
		   text);
}

static int read_rows(struct conf_loader *ld, const struct conf_node *list,
		     size_t key);

/* The row of a key in the section `parent` (-1: at the top), or -1. */
static int find_child(int parent, struct slice name)
{
	for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
		if (conf_key_parent(i) == parent &&
		    slice_eq(name, slice_str(conf_key_name(&CONF_KEYS[i]))))
			return (int)i;
	}
	return -1;
}

static int need_map(struct conf_loader *ld, const struct conf_node *node,
		    const char *what)
{
	if (node->kind == CONF_NODE_MAP)
		return 0;
	if (node->kind == CONF_NODE_SCALAR && slice_empty(node->text))
		return conf_fail(ld, node->line,
				 "%s: is empty; write its keys under it, "
				 "indented, or remove it",
				 what);
	return conf_fail(ld, node->line,
			 "%s: is not a mapping; write its keys under it as "
			 "key: value",
			 what);
}

/* All keys of one mapping into base; lines: where each key stands. */
static int read_map(struct conf_loader *ld, const struct conf_node *map,
		    int parent, void *base, uint32_t *lines)
{
	for (const struct conf_node *n = map->first; n; n = n->next) {
		int i = find_child(parent, n->key);
		if (i < 0)
			return conf_unknown_key(ld, n, parent);
		const struct conf_key *key = &CONF_KEYS[i];
		if (key->absent)
			return conf_fail_key(ld, key, n->key_line,
					     "%s; remove the key", key->absent);
		if (lines[i])
			return conf_fail_key(ld, key, n->key_line,
					     "stands here and already on line "
					     "%u; keep one of the two",
					     (unsigned)lines[i]);
		lines[i] = n->key_line;
		int err = 0;
		if (key->type == CONF_ROWS)
			err = read_rows(ld, n, (size_t)i);
		else if (key->type != CONF_SECTION)
			err = conf_value(ld, key, n, base);
		else
			err = need_map(ld, n, key->path);
		if (!err && key->type == CONF_SECTION)
			err = read_map(ld, n, i, base, lines);
		if (err)
			return err;
	}
	return 0;
}

/* A listener kind that is not written is closed if another kind is. */
static bool closed(size_t key, const uint32_t *lines)
{
	int section = conf_key_parent(key);
	if (!CONF_KEYS[key].by_section || lines[section])
		return false;
	int around = conf_key_parent((size_t)section);
	for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
		if (conf_key_parent(i) == around && lines[i])
			return true;
	}
	return false;
}

static int use_default(struct conf_loader *ld, const struct conf_key *key,
		       uint32_t line, void *base)
{
	struct conf_node entry = { .line = line };
	struct conf_node list = { .line = line, .first = &entry };
	entry.text = slice_str(key->fallback);
	list.kind = CONF_NODE_LIST;
	bool is_list = key->type == CONF_ADDRS;
	return conf_value(ld, key, is_list ? &list : &entry, base);
}

/* Line of the section that a missing key belongs into. */
static uint32_t home_of(size_t key, const uint32_t *lines, uint32_t line)
{
	for (int i = conf_key_parent(key); i >= 0;
	     i = conf_key_parent((size_t)i))
		if (lines[i])
			return lines[i];
	return line;
}

/* What was not written: refused or its default. rows: of the entries of that
 * list (-1: all others). */
static int complete(struct conf_loader *ld, int rows, void *base,
		    const uint32_t *lines, uint32_t line)
{
	for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
		const struct conf_key *key = &CONF_KEYS[i];
		bool in_row = strstr(key->path, "[]") != NULL;
		if (lines[i] || in_row != (rows >= 0) ||
		    (in_row && conf_key_parent(i) != rows))
			continue;
		uint32_t at = home_of(i, lines, line);
		int err = 0;
		if (key->missing)
			err = conf_fail_key(ld, key, at, "is missing; %s",
					    key->missing);
		else if (key->fallback && !closed(i, lines))
			err = use_default(ld, key, at, base);
		if (err)
			return err;
	}
	return 0;
}

static int read_row(struct conf_loader *ld, const struct conf_node *node,
		    size_t key, char *row)
{
	uint32_t lines[CONF_KEYS_MAX] = { 0 };
	int err = need_map(ld, node, CONF_KEYS[key].path);
	if (!err)
		err = read_map(ld, node, (int)key, row, lines);
	memcpy(row + CONF_KEYS[key].line, &node->line, sizeof(node->line));
	return err ? err : complete(ld, (int)key, row, lines, node->line);
}

static int read_rows(struct conf_loader *ld, const struct conf_node *list,
		     size_t key)
{
	char *base = (char *)ld->conf; /* lists stand at the top only */
	size_t size = CONF_KEYS[key].entry;
	size_t n = 0;
	for (const struct conf_node *it = list->first; it; it = it->next)
		n++;
	if (list->kind != CONF_NODE_LIST)
		return conf_fail_key(ld, &CONF_KEYS[key], list->line,
				     "is not a list; write each entry as %s",
				     CONF_KEYS[key].example);
	if (n > CONF_KEYS[key].max)
		return conf_fail_key(ld, &CONF_KEYS[key], list->line,
				     "has %zu entries; at most %u", n,
				     (unsigned)CONF_KEYS[key].max);
	char *rows = arena_alloc(ld->arena, (n + 1) * size);
	if (!rows)
		return conf_fail_memory(ld);
	char *row = rows;
	for (const struct conf_node *it = list->first; it; it = it->next) {
		int err = read_row(ld, it, key, row);
		if (err)
			return err;
		row += size;
	}
	memcpy(base + CONF_KEYS[key].offset, &rows, sizeof(rows));
	memcpy(base + CONF_KEYS[key].count, &n, sizeof(n));
	return 0;
}

static int load_all(struct conf_loader *ld)
{
	struct conf_node *root = NULL;
	int err = conf_tree(ld, &root);
	if (!err)
		err = need_map(ld, root, "the file");
	if (!err)
		err = read_map(ld, root, -1, ld->conf, ld->line);
	if (!err)
		err = complete(ld, -1, ld->conf, ld->line, 1);
	return err ? err : conf_check(ld);
}

int conf_load(struct arena *a, const struct conf_load *load,
	      const struct conf **out, char error[static CONF_ERROR_MAX],
	      struct buf *warnings)
{
	struct conf_loader ld = {
		.arena = a, .load = load, .error = error, .warnings = warnings
	};
	ld.conf = arena_alloc(a, sizeof(*ld.conf));
	if (!ld.conf)
		return conf_fail_memory(&ld);
	int err = load_all(&ld);
	if (!err)
		*out = ld.conf;
	return err;
}
