/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to conf/: what the steps of one conf_load() share. Each step returns
 * 0 or -EINVAL and has then written the one line of error.
 */
#pragma once

#include "conf/conf.h"
#include "conf/schema.h"

enum conf_node_kind { CONF_NODE_SCALAR, CONF_NODE_MAP, CONF_NODE_LIST };

/* One YAML value. Lives in the arena. */
struct conf_node {
	enum conf_node_kind kind;
	uint32_t line; /* of the value */
	struct slice text;
	struct slice key;  /* in a mapping */
	uint32_t key_line; /* of the key */
	struct conf_node *first;
	struct conf_node *next;
};

struct conf_loader {
	struct arena *arena;
	const struct conf_load *load;
	char *error;          /* CONF_ERROR_MAX */
	struct buf *warnings; /* or NULL */
	struct conf *conf;
	uint32_t line[CONF_KEYS_MAX]; /* of each key at the top, 0: absent */
	size_t nodes;                 /* read so far */
};

/* Writes "file:line: text"; always -EINVAL. */
int conf_fail(struct conf_loader *ld, uint32_t line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for one key: "file:line: edge.name: text". */
int conf_fail_key(struct conf_loader *ld, const struct conf_key *key,
		  uint32_t line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int conf_fail_memory(struct conf_loader *ld);
void conf_warn(struct conf_loader *ld, uint32_t line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* tree.c: the text as nodes. */
int conf_tree(struct conf_loader *ld, struct conf_node **root);
/* suggest.c: refuses an unknown key and names the nearest one. parent: index
 * of the section, -1 at the top. */
int conf_unknown_key(struct conf_loader *ld, const struct conf_node *node,
		     int parent);
/* value.c: one value into its field; base is the struct that holds it. */
int conf_value(struct conf_loader *ld, const struct conf_key *key,
	       const struct conf_node *node, void *base);
/* file.c: the file that a key names. */
int conf_file_read(struct conf_loader *ld, const struct conf_key *key,
		   uint32_t line, struct conf_file *file);
/* check.c: what no single key can tell. */
int conf_check(struct conf_loader *ld);
/* Line of a key at the top, or of the next section above that is written. */
uint32_t conf_line_of(const struct conf_loader *ld, const char *path);
/* check_inside.c: the part of it about servers inside. */
int conf_check_inside(struct conf_loader *ld);
int conf_check_rules(struct conf_loader *ld);
