/* SPDX-License-Identifier: Apache-2.0 */
/* Values back to texts, by the rows of the schema. */
#include "conf/show.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conf/schema.h"

enum { PATH_MAX_BYTES = 128 };

struct show {
	conf_show_fn fn;
	void *arg;
	struct buf value;
};

static void put_item(struct buf *out, struct slice s)
{
	if (out->len)
		buf_str(out, ", ");
	buf_put(out, s);
}

/* Lists of texts, of addresses and of servers keep their text first. */
static void put_list(struct buf *out, const struct conf_key *key,
		     const char *base)
{
	const char *list;
	size_t n, size = key->type == CONF_ADDRS || key->type == CONF_SERVERS
				 ? sizeof(struct conf_addr)
			 : key->type == CONF_HOPS ? sizeof(struct conf_hop)
						  : sizeof(struct slice);
	size_t text = key->type == CONF_ADDRS || key->type == CONF_SERVERS
			      ? offsetof(struct conf_addr, text)
		      : key->type == CONF_HOPS ? offsetof(struct conf_hop, text)
					       : 0;
	memcpy(&list, base + key->offset, sizeof(list));
	memcpy(&n, base + key->count, sizeof(n));
	for (size_t i = 0; i < n; i++) {
		struct slice s;
		memcpy(&s, list + i * size + text, sizeof(s));
		put_item(out, s);
	}
}

static void put_choice(struct buf *out, const struct conf_key *key,
		       uint8_t value)
{
	for (const struct conf_choice *c = key->choices; c->word; c++) {
		if (c->value != value)
			continue;
		buf_str(out, c->word);
		return;
	}
}

static void put_value(struct buf *out, const struct conf_key *key,
		      const char *base)
{
	const void *field = base + key->offset;
	switch (key->type) {
	case CONF_DOMAIN:
	case CONF_PATH:
	case CONF_USER:
	case CONF_ADDR:
	case CONF_IP:
	case CONF_WORD:
	case CONF_DATE:
		buf_put(out, *(const struct slice *)field);
		break;
	case CONF_TEXT:
		if (key->readers)
			buf_str(out, "(hidden)");
		else
			buf_put(out, *(const struct slice *)field);
		break;
	case CONF_FILE: /* never what is in it (ADM-07) */
		buf_put(out, ((const struct conf_file *)field)->path);
		break;
	case CONF_U32:
	case CONF_WORKERS:
		buf_dec(out, *(const uint32_t *)field);
		break;
	case CONF_RANGE:
		buf_dec(out, *(const uint32_t *)field >> 16);
		buf_str(out, "-");
		buf_dec(out, *(const uint32_t *)field & UINT16_MAX);
		break;
	case CONF_CHOICE:
		put_choice(out, key, *(const uint8_t *)field);
		break;
	case CONF_DOMAINS:
	case CONF_PREFIXES:
	case CONF_AORS:
	case CONF_PINS:
	case CONF_ADDRS:
	case CONF_SERVERS:
	case CONF_HOPS:
		put_list(out, key, base);
		break;
	case CONF_SECTION:
	case CONF_ROWS:
	case CONF_TYPE_COUNT:
		break;
	}
}

static void show_key(struct show *s, const struct conf_key *key,
		     const char *path, const char *base)
{
	buf_reset(&s->value);
	put_value(&s->value, key, base);
	if (s->value.len && !buf_failed(&s->value))
		s->fn(s->arg, path, buf_slice(&s->value));
}

/* Each entry of a list, key by key. */
static void show_rows(struct show *s, size_t list, const struct conf *c)
{
	const struct conf_key *rows = &CONF_KEYS[list];
	const char *base = (const char *)c, *row;
	char path[PATH_MAX_BYTES];
	size_t n;
	memcpy(&row, base + rows->offset, sizeof(row));
	memcpy(&n, base + rows->count, sizeof(n));
	for (size_t i = 0; i < n; i++, row += rows->entry) {
		for (size_t k = 0; k < CONF_KEY_COUNT; k++) {
			const struct conf_key *key = &CONF_KEYS[k];
			if (conf_key_parent(k) != (int)list ||
			    key->offset == CONF_NO_FIELD)
				continue;
			snprintf(path, sizeof(path), "%s[%zu].%s", rows->path,
				 i + 1, conf_key_name(key));
			show_key(s, key, path, row);
		}
	}
}

int conf_show(const struct conf *c, conf_show_fn fn, void *arg)
{
	struct show s = { .fn = fn, .arg = arg };
	buf_init(&s.value, 0);
	for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
		const struct conf_key *key = &CONF_KEYS[i];
		if (key->type == CONF_ROWS)
			show_rows(&s, i, c);
		else if (key->type != CONF_SECTION && !key->absent &&
			 !strstr(key->path, "[]") &&
			 key->offset != CONF_NO_FIELD)
			show_key(&s, key, key->path, (const char *)c);
	}
	int err = buf_failed(&s.value) ? -ENOMEM : 0;
	buf_free(&s.value);
	return err;
}
