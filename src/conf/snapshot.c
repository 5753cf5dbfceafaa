/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration as bytes, by the rows of the schema in their order:
 *
 *   u32 magic | u16 version | u64 schema | u32 generation | u32 length | rows
 *
 * Texts are u32 length and bytes, lists u32 count and entries, addresses their
 * text. `schema` is a digest of the table, so that a process of another
 * version never misreads it. Nothing that is decoded is believed: each value
 * passes the check of its type again.
 */
#include <errno.h>
#include <string.h>

#include "base/cursor.h"
#include "conf/conf.h"
#include "conf/schema.h"
#include "conf/text.h"

enum { MAGIC = 0x53504346, VERSION = 1, PATH_MAX_BYTES = 4095 };

/* One decoding. */
struct reader {
	struct arena *arena;
	struct cur cur;
	int err;
};

static uint64_t mix(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;
	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3; /* FNV-1a */
	return h;
}

static uint64_t schema_digest(void)
{
	uint64_t h = 0xcbf29ce484222325;
	for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
		const struct conf_key *k = &CONF_KEYS[i];
		uint8_t known = k->absent ? 0 : 1;
		h = mix(h, k->path, strlen(k->path) + 1);
		h = mix(h, &k->type, sizeof(k->type));
		h = mix(h, &k->min, sizeof(k->min));
		h = mix(h, &k->max, sizeof(k->max));
		h = mix(h, &known, 1);
	}
	return h;
}

static bool has_field(const struct conf_key *key)
{
	return !key->absent && key->type != CONF_SECTION &&
	       key->offset != CONF_NO_FIELD;
}

static void put_text(struct buf *out, struct slice s)
{
	buf_u32(out, (uint32_t)s.len);
	buf_put(out, s);
}

static void put_file(struct buf *out, const struct conf_file *file,
		     bool content)
{
	put_text(out, file->path);
	put_text(out, content ? file->content : SLICE_NONE);
}

/* A list's entries and their number. */
static const void *list_of(const struct conf_key *key, const char *base,
			   size_t *n)
{
	void *list;
	memcpy(&list, base + key->offset, sizeof(list));
	memcpy(n, base + key->count, sizeof(*n));
	return list;
}

static void put_rows(struct buf *out, int list, const struct conf *c,
		     uint32_t roles);

static void put_addrs(struct buf *out, const struct conf_addr *list, size_t n)
{
	buf_u32(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		put_text(out, list[i].text);
		buf_u32(out, list[i].line);
	}
}

static void put_hops(struct buf *out, const struct conf_hop *list, size_t n)
{
	buf_u32(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		put_text(out, list[i].text);
		buf_u32(out, list[i].line);
	}
}

static void put_texts(struct buf *out, const struct slice *list, size_t n)
{
	buf_u32(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		put_text(out, list[i]);
}

static void put_field(struct buf *out, const struct conf_key *key,
		      const char *base, uint32_t roles)
{
	const void *field = base + key->offset;
	size_t n = 0;
	switch (key->type) {
	case CONF_DOMAIN:
	case CONF_PATH:
	case CONF_USER:
	case CONF_ADDR:
	case CONF_IP:
	case CONF_WORD:
	case CONF_DATE:
		put_text(out, *(const struct slice *)field);
		break;
	case CONF_TEXT:
		put_text(out, !key->readers || roles & key->readers
				      ? *(const struct slice *)field
				      : SLICE_NONE);
		break;
	case CONF_FILE:
		put_file(out, field, (roles & key->readers) != 0);
		break;
	case CONF_U32:
	case CONF_WORKERS:
	case CONF_RANGE:
		buf_u32(out, *(const uint32_t *)field);
		break;
	case CONF_CHOICE:
		buf_u8(out, *(const uint8_t *)field);
		break;
	case CONF_DOMAINS:
	case CONF_PREFIXES:
	case CONF_AORS:
	case CONF_PINS: {
		const struct slice *list = list_of(key, base, &n);
		put_texts(out, list, n);
		break;
	}
	case CONF_ADDRS:
	case CONF_SERVERS: {
		const struct conf_addr *list = list_of(key, base, &n);
		put_addrs(out, list, n);
		break;
	}
	case CONF_HOPS: {
		const struct conf_hop *list = list_of(key, base, &n);
		put_hops(out, list, n);
		break;
	}
	case CONF_SECTION:
	case CONF_ROWS:
	case CONF_TYPE_COUNT:
		break;
	}
}

/* The fields of one struct; list: the list whose entry it is, -1: struct
 * conf. */
static void put_struct(struct buf *out, int list, const void *base,
		       uint32_t roles)
{
	for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
		const struct conf_key *key = &CONF_KEYS[i];
		bool in_row = strstr(key->path, "[]") != NULL;
		if (!has_field(key) || in_row != (list >= 0) ||
		    (in_row && conf_key_parent(i) != list))
			continue;
		if (key->type == CONF_ROWS)
			put_rows(out, (int)i, base, roles);
		else
			put_field(out, key, base, roles);
	}
}

static void put_rows(struct buf *out, int list, const struct conf *c,
		     uint32_t roles)
{
	const struct conf_key *key = &CONF_KEYS[list];
	size_t n = 0;
	const char *row = list_of(key, (const char *)c, &n);
	buf_u32(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++, row += key->entry) {
		uint32_t line;
		memcpy(&line, row + key->line, sizeof(line));
		put_struct(out, list, row, roles);
		buf_u32(out, line);
	}
}

void conf_encode(struct buf *out, const struct conf *c, uint32_t roles)
{
	struct buf body;
	buf_init(&body, 0);
	put_struct(&body, -1, c, roles);
	out->failed = out->failed || buf_failed(&body);
	buf_u32(out, MAGIC);
	buf_u16(out, VERSION);
	buf_u64(out, schema_digest());
	buf_u32(out, c->generation);
	put_text(out, buf_slice(&body));
	if (body.ptr) /* there may be a key in it */
		explicit_bzero(body.ptr, body.cap);
	buf_free(&body);
}

static void bad(struct reader *r)
{
	if (!r->err)
		r->err = -EBADMSG;
}

static struct slice get_text(struct reader *r)
{
	return cur_bytes(&r->cur, cur_u32(&r->cur));
}

/* A text that may be absent when its key may. */
static bool absent(const struct conf_key *key, struct slice s)
{
	if (key->type == CONF_TEXT && key->readers)
		return slice_empty(s);
	return slice_empty(s) && !key->missing && !key->fallback;
}

static void check_domain(struct reader *r, struct slice s)
{
	char name[CONF_DOMAIN_SIZE];
	if (conf_text_domain(s, name) || !slice_eq(s, slice_str(name)))
		bad(r);
}

static void check_text(struct reader *r, const struct conf_key *key,
		       struct slice s)
{
	struct addr addr;
	uint64_t seconds;
	if (absent(key, s))
		return;
	if (key->type == CONF_DOMAIN)
		check_domain(r, s);
	else if (key->type == CONF_PATH && conf_text_path(s, key->max))
		bad(r);
	else if (key->type == CONF_USER && conf_text_user(s))
		bad(r);
	else if (key->type == CONF_ADDR && conf_text_addr(key->type, s, &addr))
		bad(r);
	else if (key->type == CONF_WORD && conf_text_word(s))
		bad(r);
	else if (key->type == CONF_DATE && conf_text_date(s, &seconds))
		bad(r);
	else if (key->type == CONF_IP && conf_text_ip(s, &addr))
		bad(r);
	else if (key->type == CONF_TEXT && conf_text_plain(s, key->max))
		bad(r);
}

static void get_file(struct reader *r, const struct conf_key *key,
		     struct conf_file *file)
{
	file->path = get_text(r);
	file->content = get_text(r);
	if (absent(key, file->path) && slice_empty(file->content))
		return;
	if (conf_text_path(file->path, PATH_MAX_BYTES) ||
	    file->content.len > CONF_FILE_MAX)
		bad(r);
}

static void get_u32(struct reader *r, const struct conf_key *key,
		    uint32_t *field)
{
	uint32_t v = cur_u32(&r->cur);
	if (v < key->min || v > key->max)
		bad(r);
	*field = v;
}

static void get_range(struct reader *r, uint32_t *field)
{
	uint32_t v = cur_u32(&r->cur);
	if (v >> 16 < 1024 || v >> 16 > (v & UINT16_MAX))
		bad(r);
	*field = v;
}

static void get_choice(struct reader *r, const struct conf_key *key,
		       uint8_t *field)
{
	uint8_t v = cur_u8(&r->cur);
	for (const struct conf_choice *c = key->choices; c->word; c++) {
		if (c->value == v && !c->absent) {
			*field = v;
			return;
		}
	}
	bad(r);
}

/* Room for the entries that the bytes can really hold; each takes at least
 * `least` bytes. NULL: none, or an error. */
static void *get_list(struct reader *r, const struct conf_key *key, char *base,
		      size_t size, size_t least)
{
	size_t n = cur_u32(&r->cur);
	if (n < key->min || n > key->max || n * least > cur_left(&r->cur))
		bad(r);
	if (r->err || cur_failed(&r->cur) || n == 0)
		return NULL;
	void *list = arena_alloc(r->arena, n * size);
	if (!list) {
		r->err = -ENOMEM;
		return NULL;
	}
	memcpy(base + key->offset, &list, sizeof(list));
	memcpy(base + key->count, &n, sizeof(n));
	return list;
}

static void check_prefix(struct reader *r, struct slice s)
{
	struct addr_prefix prefix;
	if (conf_text_prefix(s, &prefix))
		bad(r);
}

static void check_aor(struct reader *r, struct slice s)
{
	char aor[CONF_AOR_SIZE];
	if (conf_text_aor(s, aor) || !slice_eq(s, slice_str(aor)))
		bad(r);
}

static void check_pin(struct reader *r, struct slice s)
{
	char pin[CONF_PIN_SIZE];
	if (conf_text_pin(s, pin) || !slice_eq(s, slice_str(pin)))
		bad(r);
}

static void get_texts(struct reader *r, const struct conf_key *key, char *base)
{
	size_t n = 0;
	struct slice *list = get_list(r, key, base, sizeof(*list), 4);
	if (list)
		memcpy(&n, base + key->count, sizeof(n));
	for (size_t i = 0; i < n && !r->err && !cur_failed(&r->cur); i++) {
		list[i] = get_text(r);
		if (key->type == CONF_PREFIXES)
			check_prefix(r, list[i]);
		else if (key->type == CONF_AORS)
			check_aor(r, list[i]);
		else if (key->type == CONF_PINS)
			check_pin(r, list[i]);
		else
			check_domain(r, list[i]);
	}
}

static void get_addrs(struct reader *r, const struct conf_key *key, char *base)
{
	size_t n = 0;
	struct conf_addr *list = get_list(r, key, base, sizeof(*list), 8);
	if (list)
		memcpy(&n, base + key->count, sizeof(n));
	for (size_t i = 0; i < n && !r->err && !cur_failed(&r->cur); i++) {
		list[i].text = get_text(r);
		list[i].line = cur_u32(&r->cur);
		if (conf_text_addr(key->type, list[i].text, &list[i].addr))
			bad(r);
	}
}

static void get_hop(struct reader *r, struct conf_hop *out)
{
	struct conf_text_hop hop;
	out->text = get_text(r);
	out->line = cur_u32(&r->cur);
	if (conf_text_hop(out->text, &hop)) {
		bad(r);
		return;
	}
	out->addr = hop.addr;
	out->port = hop.port;
	if (!hop.host[0])
		return;
	out->host = arena_copy(r->arena, slice_str(hop.host));
	if (!out->host.ptr)
		r->err = -ENOMEM;
}

static void get_hops(struct reader *r, const struct conf_key *key, char *base)
{
	size_t n = 0;
	struct conf_hop *list = get_list(r, key, base, sizeof(*list), 8);
	if (list)
		memcpy(&n, base + key->count, sizeof(n));
	for (size_t i = 0; i < n && !r->err && !cur_failed(&r->cur); i++)
		get_hop(r, &list[i]);
}

static void get_field(struct reader *r, const struct conf_key *key, char *base)
{
	void *field = base + key->offset;
	switch (key->type) {
	case CONF_DOMAIN:
	case CONF_PATH:
	case CONF_USER:
	case CONF_ADDR:
	case CONF_IP:
	case CONF_TEXT:
	case CONF_WORD:
	case CONF_DATE:
		*(struct slice *)field = get_text(r);
		check_text(r, key, *(struct slice *)field);
		break;
	case CONF_FILE:
		get_file(r, key, field);
		break;
	case CONF_U32:
	case CONF_WORKERS:
		get_u32(r, key, field);
		break;
	case CONF_RANGE:
		get_range(r, field);
		break;
	case CONF_CHOICE:
		get_choice(r, key, field);
		break;
	case CONF_DOMAINS:
	case CONF_PREFIXES:
	case CONF_AORS:
	case CONF_PINS:
		get_texts(r, key, base);
		break;
	case CONF_ADDRS:
	case CONF_SERVERS:
		get_addrs(r, key, base);
		break;
	case CONF_HOPS:
		get_hops(r, key, base);
		break;
	case CONF_SECTION:
	case CONF_ROWS:
	case CONF_TYPE_COUNT:
		break;
	}
}

static void get_rows(struct reader *r, int list, void *base);

static void get_struct(struct reader *r, int list, void *base)
{
	for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
		const struct conf_key *key = &CONF_KEYS[i];
		bool in_row = strstr(key->path, "[]") != NULL;
		if (!has_field(key) || in_row != (list >= 0) ||
		    (in_row && conf_key_parent(i) != list))
			continue;
		if (key->type == CONF_ROWS)
			get_rows(r, (int)i, base);
		else
			get_field(r, key, base);
		if (r->err || cur_failed(&r->cur))
			return;
	}
}

static void get_rows(struct reader *r, int list, void *base)
{
	const struct conf_key *key = &CONF_KEYS[list];
	size_t n = 0;
	char *row = get_list(r, key, base, key->entry, 16);
	if (row)
		list_of(key, base, &n);
	for (size_t i = 0; i < n && !r->err && !cur_failed(&r->cur); i++) {
		get_struct(r, list, row);
		uint32_t line = cur_u32(&r->cur);
		memcpy(row + key->line, &line, sizeof(line));
		row += key->entry;
	}
}

int conf_decode(struct arena *a, struct slice bytes, const struct conf **out)
{
	struct reader r = { a, cur_init(bytes), 0 };
	bool ours = cur_u32(&r.cur) == MAGIC && cur_u16(&r.cur) == VERSION &&
		    cur_u64(&r.cur) == schema_digest();
	if (!ours)
		return -EBADMSG;
	struct conf *c = arena_alloc(a, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->generation = cur_u32(&r.cur);
	if (cur_u32(&r.cur) != cur_left(&r.cur))
		return -EBADMSG;
	get_struct(&r, -1, c);
	if (r.err)
		return r.err;
	if (!cur_done(&r.cur))
		return -EBADMSG;
	*out = c;
	return 0;
}
