/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML text as a tree of values with their lines. Only the plain part of YAML
 * is let through: one document, no anchors and aliases, no tags, a bounded
 * depth and number of values.
 */
#include "conf/loader.h"

#include <errno.h>
#include <yaml.h>

enum { DEPTH_MAX = 8, NODES_MAX = 100000, KEY_MAX = 64 };

/* The parser counts from 0. */
static uint32_t line_of(yaml_mark_t mark)
{
	return (uint32_t)mark.line + 1;
}

/* Where the reader stopped: it knows the offset only. */
static uint32_t line_at(struct slice text, size_t offset)
{
	uint32_t line = 1;
	for (size_t i = 0; i < text.len && i < offset; i++)
		line += text.ptr[i] == '\n';
	return line;
}

static int syntax_error(struct conf_loader *ld, const yaml_parser_t *p)
{
	if (p->error == YAML_MEMORY_ERROR || !p->problem)
		return conf_fail_memory(ld);
	if (p->error == YAML_READER_ERROR)
		return conf_fail(ld, line_at(ld->load->text, p->problem_offset),
				 "is not UTF-8 text (%s); save the file as "
				 "plain UTF-8",
				 p->problem);
	return conf_fail(ld, line_of(p->problem_mark),
			 "is not valid YAML: %s; check indentation, quotes "
			 "and brackets here and above",
			 p->problem);
}

static int next_event(struct conf_loader *ld, yaml_parser_t *p,
		      yaml_event_t *event)
{
	return yaml_parser_parse(p, event) ? 0 : syntax_error(ld, p);
}

/* Anchors and tags of any kind of value. */
static int refuse_extras(struct conf_loader *ld, const yaml_event_t *e)
{
	const yaml_char_t *anchor = NULL;
	const yaml_char_t *tag = NULL;
	if (e->type == YAML_SCALAR_EVENT) {
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
	} else if (e->type == YAML_SEQUENCE_START_EVENT) {
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
	} else if (e->type == YAML_MAPPING_START_EVENT) {
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
	}
	if (anchor || e->type == YAML_ALIAS_EVENT)
		return conf_fail(ld, line_of(e->start_mark),
				 "anchors and aliases (& and *) are not "
				 "accepted; write the value out, or quote it");
	if (tag)
		return conf_fail(
			ld, line_of(e->start_mark),
			"tags (!) are not accepted; leave the tag out, "
			"or quote the value");
	return 0;
}

/* NULL: the error is written. */
static struct conf_node *new_node(struct conf_loader *ld, const yaml_event_t *e)
{
	if (++ld->nodes > NODES_MAX) {
		conf_fail(ld, line_of(e->start_mark),
			  "the file has too many values; at most %d",
			  NODES_MAX);
		return NULL;
	}
	struct conf_node *n = arena_alloc(ld->arena, sizeof(*n));
	if (n)
		n->line = line_of(e->start_mark);
	else
		conf_fail_memory(ld);
	return n;
}

static int scalar(struct conf_loader *ld, const yaml_event_t *e,
		  struct conf_node *n)
{
	n->kind = CONF_NODE_SCALAR;
	size_t len = e->data.scalar.length;
	if (len == 0)
		return 0;
	n->text = arena_copy(ld->arena, slice_of(e->data.scalar.value, len));
	return n->text.ptr ? 0 : conf_fail_memory(ld);
}

static int value(struct conf_loader *ld, yaml_parser_t *p, yaml_event_t *e,
		 unsigned depth, struct conf_node **out);

static int list(struct conf_loader *ld, yaml_parser_t *p, struct conf_node *n,
		unsigned depth)
{
	struct conf_node **tail = &n->first;
	n->kind = CONF_NODE_LIST;
	for (;;) {
		yaml_event_t e;
		int err = next_event(ld, p, &e);
		if (err)
			return err;
		bool end = e.type == YAML_SEQUENCE_END_EVENT;
		if (!end)
			err = value(ld, p, &e, depth, tail);
		yaml_event_delete(&e);
		if (err || end)
			return err;
		tail = &(*tail)->next;
	}
}

/* A key: only plain short text can be one. */
static int key(struct conf_loader *ld, const yaml_event_t *e,
	       struct conf_node *holder)
{
	int err = refuse_extras(ld, e);
	if (err)
		return err;
	if (e->type != YAML_SCALAR_EVENT || e->data.scalar.length == 0 ||
	    e->data.scalar.length > KEY_MAX)
		return conf_fail(ld, line_of(e->start_mark),
				 "this cannot be a key; write a name, a colon "
				 "and a value");
	err = scalar(ld, e, holder);
	holder->key = holder->text;
	holder->key_line = line_of(e->start_mark);
	return err;
}

static int map_entry(struct conf_loader *ld, yaml_parser_t *p,
		     const yaml_event_t *name, unsigned depth,
		     struct conf_node **out)
{
	struct conf_node holder = { 0 };
	int err = key(ld, name, &holder);
	if (err)
		return err;
	yaml_event_t e;
	err = next_event(ld, p, &e);
	if (err)
		return err;
	err = value(ld, p, &e, depth, out);
	yaml_event_delete(&e);
	if (err)
		return err;
	(*out)->key = holder.key;
	(*out)->key_line = holder.key_line;
	return 0;
}

static int map(struct conf_loader *ld, yaml_parser_t *p, struct conf_node *n,
	       unsigned depth)
{
	struct conf_node **tail = &n->first;
	n->kind = CONF_NODE_MAP;
	for (;;) {
		yaml_event_t e;
		int err = next_event(ld, p, &e);
		if (err)
			return err;
		bool end = e.type == YAML_MAPPING_END_EVENT;
		if (!end)
			err = map_entry(ld, p, &e, depth, tail);
		yaml_event_delete(&e);
		if (err || end)
			return err;
		tail = &(*tail)->next;
	}
}

/* e begins the value; *out is written on success only. */
static int value(struct conf_loader *ld, yaml_parser_t *p, yaml_event_t *e,
		 unsigned depth, struct conf_node **out)
{
	int err = refuse_extras(ld, e);
	if (!err && e->type != YAML_SCALAR_EVENT && depth >= DEPTH_MAX)
		err = conf_fail(ld, line_of(e->start_mark),
				"is nested too deeply; no key is more than %d "
				"levels deep",
				DEPTH_MAX);
	if (err)
		return err;
	struct conf_node *n = new_node(ld, e);
	if (!n)
		return -EINVAL;
	if (e->type == YAML_SCALAR_EVENT)
		err = scalar(ld, e, n);
	else if (e->type == YAML_SEQUENCE_START_EVENT)
		err = list(ld, p, n, depth + 1);
	else
		err = map(ld, p, n, depth + 1);
	if (!err)
		*out = n;
	return err;
}

/* Up to the first value of the document. */
static int begin(struct conf_loader *ld, yaml_parser_t *p)
{
	for (;;) {
		yaml_event_t e;
		int err = next_event(ld, p, &e);
		if (err)
			return err;
		yaml_event_type_t type = e.type;
		yaml_event_delete(&e);
		if (type == YAML_DOCUMENT_START_EVENT)
			return 0;
		if (type == YAML_STREAM_END_EVENT)
			return conf_fail(ld, 1,
					 "the file is empty; see "
					 "sallyport.yaml(5) for the keys that "
					 "it needs");
	}
}

/* Nothing may follow the document. */
static int end(struct conf_loader *ld, yaml_parser_t *p)
{
	for (;;) {
		yaml_event_t e;
		int err = next_event(ld, p, &e);
		if (err)
			return err;
		yaml_event_type_t type = e.type;
		uint32_t line = line_of(e.start_mark);
		yaml_event_delete(&e);
		if (type == YAML_STREAM_END_EVENT)
			return 0;
		if (type == YAML_DOCUMENT_START_EVENT)
			return conf_fail(ld, line,
					 "a second document begins; keep one "
					 "document and remove the line ---");
	}
}

static int whole(struct conf_loader *ld, yaml_parser_t *p,
		 struct conf_node **root)
{
	yaml_event_t e;
	int err = begin(ld, p);
	if (!err)
		err = next_event(ld, p, &e);
	if (err)
		return err;
	err = value(ld, p, &e, 0, root);
	yaml_event_delete(&e);
	return err ? err : end(ld, p);
}

int conf_tree(struct conf_loader *ld, struct conf_node **root)
{
	yaml_parser_t p;
	if (ld->load->text.len > CONF_FILE_MAX)
		return conf_fail(ld, 1, "the file is larger than 1 MiB");
	if (!yaml_parser_initialize(&p))
		return conf_fail_memory(ld);
	yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&p, ld->load->text.ptr,
				     ld->load->text.len);
	int err = whole(ld, &p, root);
	yaml_parser_delete(&p);
	return err;
}
