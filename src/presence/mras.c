/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing the documents of MRAS. Elements of other namespaces and
 * unknown ones are passed over. */
#include "presence/mras.h"

#include "base/text.h"
#include "presence/reject.h"

#define NS_MRAS "http://schemas.microsoft.com/2006/09/sip/mrasp"

enum {
	TEXT_MAX = 1024, /* bytes of a URI or a word */
	DEPTH_ITEM = 2,
	DEPTH_WORD = 3,
	MINUTES_DEFAULT = 480,
	S_PER_MINUTE = 60,
};

enum word { WORD_IDENTITY, WORD_LOCATION, WORD_DURATION, WORD_COUNT };

static const char *const words[WORD_COUNT] = { "identity", "location",
					       "duration" };

struct scan {
	struct arena *arena;
	struct mras_request *out;
	size_t items;
	bool in_item;
	int open; /* enum word, or -1 */
	bool seen[WORD_COUNT];
	size_t len[WORD_COUNT];
	char text[WORD_COUNT][TEXT_MAX];
};

static bool is(const struct xml_element *e, const char *name)
{
	return slice_eq(e->ns, SLICE_LIT(NS_MRAS)) &&
	       slice_eq(e->name, slice_str(name));
}

/* A required attribute, copied; at most max bytes. */
static const struct reject *take(struct scan *s, const struct xml_element *e,
				 const char *name, size_t max,
				 struct slice *out)
{
	struct slice value;
	if (!xml_attribute(e, name, &value) || !value.len || value.len > max)
		return &mras_rej_malformed;
	*out = arena_copy(s->arena, value);
	return out->ptr ? NULL : &mras_rej_busy;
}

static const struct reject *on_root(struct scan *s, const struct xml_element *e)
{
	struct mras_request *q = s->out;
	if (!is(e, "request"))
		return &mras_rej_malformed;
	const struct reject *r = take(s, e, "requestID", MRAS_ID_MAX, &q->id);
	if (!r)
		r = take(s, e, "from", TEXT_MAX, &q->from);
	if (!r)
		r = take(s, e, "to", TEXT_MAX, &q->to);
	if (!r)
		r = take(s, e, "version", MRAS_ID_MAX, &q->version);
	if (r)
		return r;
	return slice_eq(q->version, SLICE_LIT("1.0")) ? NULL
						      : &mras_rej_version;
}

static const struct reject *on_item(struct scan *s, const struct xml_element *e)
{
	s->in_item = is(e, "credentialsRequest");
	if (!s->in_item)
		return NULL;
	if (s->items++)
		return &mras_rej_several;
	return take(s, e, "credentialsRequestID", MRAS_ID_MAX, &s->out->item);
}

static const struct reject *on_word(struct scan *s, const struct xml_element *e)
{
	for (int i = 0; s->in_item && i < WORD_COUNT; i++) {
		if (!is(e, words[i]))
			continue;
		if (s->seen[i])
			return &mras_rej_malformed;
		s->seen[i] = true;
		s->open = i;
	}
	return NULL;
}

static const struct reject *on_start(void *arg, const struct xml_element *e)
{
	struct scan *s = arg;
	if (e->depth == 1)
		return on_root(s, e);
	if (e->depth == DEPTH_ITEM)
		return on_item(s, e);
	return e->depth == DEPTH_WORD ? on_word(s, e) : NULL;
}

static void on_end(void *arg, size_t depth, size_t end)
{
	struct scan *s = arg;
	(void)end;
	if (depth <= DEPTH_WORD)
		s->open = -1;
	if (depth == DEPTH_ITEM)
		s->in_item = false;
}

static const struct reject *on_text(void *arg, struct slice piece)
{
	struct scan *s = arg;
	if (s->open < 0)
		return NULL;
	size_t *len = &s->len[s->open];
	if (piece.len > TEXT_MAX - *len)
		return &mras_rej_malformed;
	memcpy(s->text[s->open] + *len, piece.ptr, piece.len);
	*len += piece.len;
	return NULL;
}

static struct slice word(const struct scan *s, enum word w)
{
	return slice_trim(slice_of(s->text[w], s->len[w]));
}

/* What the words mean, when all of them were read. */
static const struct reject *conclude(struct scan *s)
{
	struct mras_request *q = s->out;
	struct slice identity = word(s, WORD_IDENTITY);
	struct slice location = word(s, WORD_LOCATION);
	uint64_t minutes = MINUTES_DEFAULT;
	bool known = slice_eq(location, SLICE_LIT("internet")) ||
		     slice_eq(location, SLICE_LIT("intranet"));
	if (!s->items || !identity.len || (location.len && !known))
		return &mras_rej_malformed;
	if (s->seen[WORD_DURATION] &&
	    (slice_u64(word(s, WORD_DURATION), UINT32_MAX, &minutes) ||
	     !minutes))
		return &mras_rej_malformed;
	q->minutes = minutes < MRAS_MINUTES_MAX ? (uint32_t)minutes
						: MRAS_MINUTES_MAX;
	q->identity = arena_copy(s->arena, identity);
	q->location =
		known ? arena_copy(s->arena, location) : SLICE_LIT("internet");
	return q->identity.ptr && q->location.ptr ? NULL : &mras_rej_busy;
}

/* The reader's own refusals, in the words of MRAS. */
static const struct reject *translate(const struct reject *r)
{
	static const struct {
		const struct reject *from, *to;
	} rows[] = {
		{ &presence_rej_xml, &mras_rej_malformed },
		{ &presence_rej_xml_dtd, &mras_rej_malformed },
		{ &presence_rej_xml_limit, &mras_rej_malformed },
		{ &presence_rej_xml_encoding, &mras_rej_malformed },
		{ &presence_rej_size, &mras_rej_large },
		{ &presence_rej_overload, &mras_rej_busy },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (r == rows[i].from)
			return rows[i].to;
	return r;
}

const struct reject *mras_read(struct arena *a, struct slice doc,
			       struct mras_request *out)
{
	static const struct xml_ops ops = { on_start, on_end, on_text };
	struct scan *s = arena_alloc(a, sizeof(*s));
	memset(out, 0, sizeof(*out));
	if (!s)
		return &mras_rej_busy;
	s->arena = a;
	s->out = out;
	s->open = -1;
	const struct reject *r = xml_read(doc, &ops, s);
	return r ? translate(r) : conclude(s);
}

/* ---- writing ---- */

static void put_attribute(struct buf *b, const char *name, struct slice value)
{
	buf_printf(b, " %s=\"", name);
	xml_escape(b, value);
	buf_u8(b, '"');
}

static void put_element(struct buf *b, const char *name, struct slice value)
{
	buf_printf(b, "<%s>", name);
	xml_escape(b, value);
	buf_printf(b, "</%s>", name);
}

static void put_base64(struct buf *b, const char *name, struct slice bytes)
{
	buf_printf(b, "<%s>", name);
	text_base64(b, bytes);
	buf_printf(b, "</%s>", name);
}

static void put_relay(struct buf *b, const struct mras_relay *r,
		      struct slice location)
{
	buf_str(b, "<mediaRelay>");
	put_element(b, "location", location);
	put_element(b, "hostName", r->host);
	if (r->udp_port)
		buf_printf(b, "<udpPort>%u</udpPort>", r->udp_port);
	if (r->tcp_port)
		buf_printf(b, "<tcpPort>%u</tcpPort>", r->tcp_port);
	buf_str(b, "</mediaRelay>");
}

static void put_credential(struct buf *b, const struct mras_request *q,
			   const struct mras_credential *c)
{
	buf_str(b, "<credentialsResponse");
	put_attribute(b, "credentialsRequestID", q->item);
	buf_str(b, "><credentials>");
	put_base64(b, "username", c->username);
	put_base64(b, "password", c->password);
	buf_printf(b, "<duration>%u</duration>", c->ttl_s / S_PER_MINUTE);
	put_element(b, "realm", c->realm);
	buf_str(b, "</credentials><mediaRelayList>");
	put_relay(b, &c->relay, q->location);
	buf_str(b, "</mediaRelayList></credentialsResponse>");
}

void mras_write(struct buf *out, const struct mras_request *q,
		const char *reason, const struct mras_credential *c)
{
	buf_str(out, "<?xml version=\"1.0\"?>\r\n<response");
	put_attribute(out, "requestID", q->id);
	buf_str(out, " version=\"1.0\" serverVersion=\"2.0\"");
	/* the other way round than they came */
	put_attribute(out, "from", q->to);
	put_attribute(out, "to", q->from);
	put_attribute(out, "reasonPhrase", slice_str(reason));
	buf_str(out, " xmlns=\"" NS_MRAS "\">");
	if (c)
		put_credential(out, q, c);
	buf_str(out, "</response>\r\n");
}
