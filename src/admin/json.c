/* SPDX-License-Identifier: Apache-2.0 */
/* The bounds that jansson does not have, around it. */
#include "admin/json.h"

#include <malloc.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "base/text.h"

static void *plain_malloc(size_t size)
{
	return malloc(size);
}

static void wiping_free(void *p)
{
	if (p)
		crypto_wipe(p, malloc_usable_size(p));
	free(p);
}

void json_wipe_memory(void)
{
	json_set_alloc_funcs(plain_malloc, wiping_free);
}

/* How deep brackets nest, strings left out. Wrong JSON gives any number: the
 * decoder refuses it afterwards. */
static size_t depth(struct slice s)
{
	size_t now = 0, most = 0;
	bool text = false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		if (text && c == '\\')
			i++;
		else if (c == '"')
			text = !text;
		else if (!text && (c == '{' || c == '['))
			most = ++now > most ? now : most;
		else if (!text && (c == '}' || c == ']') && now)
			now--;
	}
	return most;
}

json_t *json_decode(struct slice line)
{
	if (depth(line) > JSON_DEPTH_MAX)
		return NULL;
	json_t *v = json_loadb((const char *)line.ptr, line.len,
			       JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(v))
		return v;
	json_decref(v);
	return NULL;
}

static bool is_clean(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
			return false;
	}
	return text_utf8(s);
}

json_t *json_text(struct slice s)
{
	if (is_clean(s))
		return json_stringn(s.len ? (const char *)s.ptr : "", s.len);
	struct buf b;
	buf_init(&b, 0);
	while (s.len) {
		uint32_t code;
		size_t n = text_utf8_next(s, &code);
		if (n && code >= 0x20 && code != 0x7f)
			buf_put(&b, slice_head(s, n));
		else
			buf_printf(&b, "\\x%02x", (unsigned)s.ptr[0]);
		s = slice_from(s, n ? n : 1);
	}
	json_t *out = NULL;
	if (!buf_failed(&b))
		out = json_stringn((const char *)b.ptr, b.len);
	buf_free(&b);
	return out;
}

static int on_bytes(const char *bytes, size_t len, void *arg)
{
	buf_put(arg, slice_of(bytes, len));
	return buf_failed(arg) ? -1 : 0;
}

void json_encode(struct buf *out, const json_t *value)
{
	if (json_dump_callback(value, on_bytes, out, JSON_COMPACT))
		out->failed = true;
	buf_str(out, "\n");
}
