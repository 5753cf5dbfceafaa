/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks, options, and the tags of exported PDUs. */
#include "cli/pcapng.h"

#include <stdio.h>

#include "base/addr.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	MAGIC = 0x1a2b3c4d,
	LINK_UPPER_PDU = 252,
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_FLAGS = 2, /* of a packet */
	OPTION_NAME = 2,  /* of an interface */
	OPTION_PROGRAM = 4,
	FLAG_INBOUND = 1,
	FLAG_OUTBOUND = 2,
	TAG_END = 0,
	TAG_DISSECTOR = 12,
	TAG_IP4_FROM = 20,
	TAG_IP4_TO = 21,
	TAG_IP6_FROM = 22,
	TAG_IP6_TO = 23,
	TAG_PORT_TYPE = 24,
	TAG_PORT_FROM = 25,
	TAG_PORT_TO = 26,
	PORT_TCP = 2,
	US_PER_MS = 1000
};

static void pad(struct buf *out, size_t len)
{
	while (len++ % 4)
		buf_u8(out, 0);
}

/* An option and a tag have the same form. */
static void put_option(struct buf *out, unsigned code, struct slice value)
{
	buf_u16(out, (uint16_t)code);
	buf_u16(out, (uint16_t)value.len);
	buf_put(out, value);
	pad(out, value.len);
}

static void put_number(struct buf *out, unsigned code, uint32_t value)
{
	buf_u16(out, (uint16_t)code);
	buf_u16(out, 4);
	buf_u32(out, value);
}

/* Its length stands on both ends. */
static void put_block(struct buf *out, uint32_t type, const struct buf *body)
{
	uint32_t len = (uint32_t)body->len + 12;
	buf_u32(out, type);
	buf_u32(out, len);
	buf_put(out, buf_slice(body));
	buf_u32(out, len);
	if (buf_failed(body))
		out->failed = true;
}

void pcapng_begin(struct pcapng *p, struct buf *out)
{
	struct buf b;
	memset(p, 0, sizeof(*p));
	buf_init(&b, 0);
	buf_u32(&b, MAGIC);
	buf_u16(&b, 1); /* version 1.0 */
	buf_u16(&b, 0);
	buf_u64(&b, UINT64_MAX); /* the length is not known */
	put_option(&b, OPTION_PROGRAM, SLICE_LIT("sallyport trace"));
	put_option(&b, OPTION_END, SLICE_NONE);
	put_block(out, BLOCK_SECTION, &b);
	buf_reset(&b);
	buf_u16(&b, LINK_UPPER_PDU);
	buf_u16(&b, 0);
	buf_u32(&b, 0); /* no limit of length */
	put_option(&b, OPTION_NAME, SLICE_LIT("sallyport"));
	put_option(&b, OPTION_END, SLICE_NONE);
	put_block(out, BLOCK_INTERFACE, &b);
	buf_free(&b);
}

static void put_address(struct buf *out, struct slice text, bool from)
{
	struct addr a;
	if (addr_parse(text, true, &a))
		return;
	if (a.u.sa.sa_family == AF_INET)
		put_option(out, from ? TAG_IP4_FROM : TAG_IP4_TO,
			   slice_of(&a.u.in.sin_addr, 4));
	else
		put_option(out, from ? TAG_IP6_FROM : TAG_IP6_TO,
			   slice_of(&a.u.in6.sin6_addr, 16));
	put_number(out, from ? TAG_PORT_FROM : TAG_PORT_TO, addr_port(&a));
}

static void put_tags(struct buf *out, const struct trace_record *r)
{
	bool in = r->way == TRACE_WAY_IN;
	/* the length of a tag, not of an option, counts what fills it up */
	put_option(out, TAG_DISSECTOR, slice_of("sip", 4));
	put_address(out, in ? r->remote : r->local, true);
	put_address(out, in ? r->local : r->remote, false);
	put_number(out, TAG_PORT_TYPE, PORT_TCP);
	put_option(out, TAG_END, SLICE_NONE);
}

static void key_of(const struct trace_record *r, char out[PCAPNG_KEY_MAX])
{
	snprintf(out, PCAPNG_KEY_MAX, "%.*s %.*s", SLICE_FMT(r->cseq),
		 SLICE_FMT(r->call_id));
}

static void remember(struct pcapng *p, const struct trace_record *r)
{
	struct pcapng_comment *c = &p->comment[p->next];
	struct buf b;
	buf_init(&b, PCAPNG_TEXT_MAX - 1);
	trace_record_verdict(&b, r);
	p->next = (p->next + 1) % PCAPNG_COMMENTS;
	key_of(r, c->key);
	if (slice_cstr(buf_slice(&b), c->text, sizeof(c->text)))
		c->key[0] = '\0';
	buf_free(&b);
}

/* What was remembered for it, and is no more. */
static void put_remembered(struct pcapng *p, struct buf *text,
			   const struct trace_record *r)
{
	char key[PCAPNG_KEY_MAX];
	key_of(r, key);
	for (size_t i = 0; i < PCAPNG_COMMENTS; i++) {
		struct pcapng_comment *c = &p->comment[i];
		if (!*c->key || strcmp(c->key, key) != 0)
			continue;
		if (text->len)
			buf_str(text, "; ");
		buf_str(text, c->text);
		c->key[0] = '\0';
	}
}

static void put_comment(struct pcapng *p, struct buf *out,
			const struct trace_record *r)
{
	struct buf text;
	buf_init(&text, UINT16_MAX);
	buf_printf(&text, "%.*s, %.*s, worker %u", SLICE_FMT(r->transport),
		   SLICE_FMT(trace_record_name(r)), (unsigned)r->worker);
	if (r->said) {
		buf_str(&text, "; ");
		trace_record_verdict(&text, r);
	}
	if (r->way == TRACE_WAY_OUT)
		put_remembered(p, &text, r);
	if (r->bytes.len < r->size)
		buf_printf(&text, "; %zu bytes of its body are hidden",
			   r->size - r->bytes.len);
	if (r->lost)
		buf_printf(&text, "; missing before it: %llu",
			   (unsigned long long)r->lost);
	put_option(out, OPTION_COMMENT, buf_slice(&text));
	buf_free(&text);
}

void pcapng_record(struct pcapng *p, struct buf *out,
		   const struct trace_record *r)
{
	uint64_t us = r->time_ms * US_PER_MS;
	struct buf tags, b;
	if (r->way == TRACE_WAY_NONE || !r->bytes.len) {
		if (r->said)
			remember(p, r);
		return;
	}
	buf_init(&tags, 0);
	buf_init(&b, 0);
	put_tags(&tags, r);
	buf_u32(&b, 0); /* the interface */
	buf_u32(&b, (uint32_t)(us >> 32));
	buf_u32(&b, (uint32_t)us);
	buf_u32(&b, (uint32_t)(tags.len + r->bytes.len));
	buf_u32(&b, (uint32_t)(tags.len + r->bytes.len));
	buf_put(&b, buf_slice(&tags));
	buf_put(&b, buf_slice(&r->bytes));
	pad(&b, tags.len + r->bytes.len);
	put_number(&b, OPTION_FLAGS,
		   r->way == TRACE_WAY_IN ? FLAG_INBOUND : FLAG_OUTBOUND);
	put_comment(p, &b, r);
	put_option(&b, OPTION_END, SLICE_NONE);
	if (buf_failed(&tags))
		b.failed = true;
	put_block(out, BLOCK_PACKET, &b);
	buf_free(&tags);
	buf_free(&b);
}
