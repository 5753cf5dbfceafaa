/* SPDX-License-Identifier: Apache-2.0 */
/* Records from JSON that is not believed, and what they are called. */
#include "cli/trace_record.h"

#include <errno.h>

#include "base/text.h"

enum { MESSAGE_MAX = 1 << 20 };

static int text_in(const json_t *o, const char *key, struct slice *out)
{
	const json_t *v = json_object_get(o, key);
	*out = slice_of(json_string_value(v), json_string_length(v));
	return json_is_string(v) ? 0 : -EINVAL;
}

static int number_in(const json_t *o, const char *key, uint64_t max,
		     uint64_t *out)
{
	const json_t *v = json_object_get(o, key);
	json_int_t n = json_integer_value(v);
	if (!json_is_integer(v) || n < 0 || (uint64_t)n > max)
		return -EINVAL;
	*out = (uint64_t)n;
	return 0;
}

/* Which of the words it is. */
static int word_in(const json_t *o, const char *key, const char *const *words,
		   size_t count, unsigned *out)
{
	struct slice word;
	if (text_in(o, key, &word))
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		if (!slice_eq(word, slice_str(words[i])))
			continue;
		*out = (unsigned)i;
		return 0;
	}
	return -EINVAL;
}

static int read_texts(struct trace_record *r, const json_t *o)
{
	const struct {
		const char *key;
		struct slice *out;
	} texts[] = {
		{ "transport", &r->transport }, { "local", &r->local },
		{ "remote", &r->remote },       { "peer", &r->peer },
		{ "user", &r->user },           { "why", &r->why },
		{ "text", &r->text },           { "call_id", &r->call_id },
		{ "cseq", &r->cseq },
	};
	int err = 0;
	for (size_t i = 0; !err && i < sizeof(texts) / sizeof(*texts); i++)
		err = text_in(o, texts[i].key, texts[i].out);
	return err;
}

static int read_numbers(struct trace_record *r, const json_t *o)
{
	uint64_t worker, size, status, diagnostics;
	if (number_in(o, "time_ms", INT64_MAX / 1000, &r->time_ms) ||
	    number_in(o, "lost", INT64_MAX, &r->lost) ||
	    number_in(o, "worker", UINT32_MAX, &worker) ||
	    number_in(o, "size", MESSAGE_MAX, &size) ||
	    number_in(o, "status", UINT16_MAX, &status) ||
	    number_in(o, "diagnostics", UINT16_MAX, &diagnostics))
		return -EINVAL;
	r->worker = (uint32_t)worker;
	r->size = (uint32_t)size;
	r->status = (unsigned)status;
	r->diagnostics = (unsigned)diagnostics;
	return 0;
}

static int read_words(struct trace_record *r, const json_t *o)
{
	static const char *const ways[] = { "in", "out", "none" };
	static const char *const said[] = { "none", "refused", "inside",
					    "partner", "client" };
	unsigned way, verdict;
	if (word_in(o, "direction", ways, 3, &way) ||
	    word_in(o, "verdict", said, 5, &verdict))
		return -EINVAL;
	r->way = (enum trace_way)way;
	r->said = (enum trace_said)verdict;
	return 0;
}

static int read_bytes(struct trace_record *r, const json_t *o)
{
	struct slice text;
	int err = text_in(o, "bytes", &text);
	if (err || text.len > 2 * MESSAGE_MAX)
		return -EINVAL;
	if (!text.len)
		return 0;
	uint8_t *room = buf_reserve(&r->bytes, text.len);
	if (!room)
		return -ENOMEM;
	int len = text_unbase64(text, room, text.len);
	if (len < 0 || (uint32_t)len > r->size)
		return -EINVAL;
	buf_commit(&r->bytes, (size_t)len);
	return 0;
}

/* A body that is hidden makes it malformed; its head is read before that. */
static int parse(struct trace_record *r)
{
	static const struct sip_limits limits = {
		.header_line = MESSAGE_MAX,
		.header_block = MESSAGE_MAX,
		.header_count = 1024,
		.via = 1024,
		.route = 1024,
		.contact = 1024,
		.uri = MESSAGE_MAX,
		.body = MESSAGE_MAX,
	};
	r->arena = arena_create(SIP_VIEW_BYTES, 4 * MESSAGE_MAX);
	if (!r->arena)
		return -ENOMEM;
	if (r->bytes.len)
		(void)sip_parse(r->arena, buf_slice(&r->bytes), &limits, &r->m);
	return 0;
}

int trace_record_read(struct trace_record *r, const json_t *step)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->bytes, 2 * MESSAGE_MAX);
	int err = read_numbers(r, step);
	if (!err)
		err = read_words(r, step);
	if (!err)
		err = read_texts(r, step);
	if (!err)
		err = read_bytes(r, step);
	return err ? err : parse(r);
}

void trace_record_free(struct trace_record *r)
{
	if (!r)
		return;
	buf_free(&r->bytes);
	arena_free(r->arena);
	r->arena = NULL;
}

struct slice trace_record_name(const struct trace_record *r)
{
	const struct slice srv = SLICE_LIT("srv:");
	struct slice name = r->peer;
	ptrdiff_t colon = slice_chr(name, ':');
	if (colon >= 0)
		name = slice_from(name, (size_t)colon + 1);
	if (slice_starts(name, srv))
		name = slice_from(name, srv.len);
	if (!name.len)
		name = r->user;
	return name.len ? name : r->remote;
}

bool trace_record_inside(const struct trace_record *r)
{
	return !slice_starts(r->peer, SLICE_LIT("peer:")) &&
	       !slice_starts(r->peer, SLICE_LIT("stranger:"));
}

void trace_record_label(struct buf *out, const struct trace_record *r)
{
	if (r->m.status)
		buf_printf(out, "%u %.*s", (unsigned)r->m.status,
			   SLICE_FMT(r->m.reason));
	else if (r->m.method_text.len)
		buf_put(out, r->m.method_text);
	else
		buf_str(out, "?");
}

static void put_refusal(struct buf *out, const struct trace_record *r)
{
	buf_str(out, "refused");
	if (r->status)
		buf_printf(out, " with %u", r->status);
	buf_printf(out, " (%.*s", SLICE_FMT(r->why));
	if (r->diagnostics)
		buf_printf(out, ", ms-diagnostics %u", r->diagnostics);
	buf_printf(out, "): %.*s", SLICE_FMT(r->text));
}

void trace_record_verdict(struct buf *out, const struct trace_record *r)
{
	switch (r->said) {
	case TRACE_SAID_NOTHING:
		break;
	case TRACE_SAID_REFUSED:
		put_refusal(out, r);
		break;
	case TRACE_SAID_INSIDE:
		buf_printf(out, "allowed, to %.*s", SLICE_FMT(r->text));
		break;
	case TRACE_SAID_PARTNER:
		buf_printf(out, "allowed, to the partner %.*s",
			   SLICE_FMT(r->text));
		break;
	case TRACE_SAID_CLIENT:
		buf_str(out, "allowed, to a user's device");
		break;
	}
}
