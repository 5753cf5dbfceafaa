/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a view with its edits. What goes out is only what the parser
 * understood (SIP-04): the start line, every name and every value is written
 * anew; lines of the head are copied together only where those would be the
 * same bytes (sip_header.plain).
 */
#include "sip/encode.h"

#include <errno.h>

#include "sip/fold.h"
#include "sip/line.h"
#include "sip/scan.h"

enum { EDITS_ROOM = 256 }; /* bytes */

static const struct slice crlf = { (const uint8_t *)"\r\n", 2 };
static const struct slice colon = { (const uint8_t *)": ", 2 };

void sip_write_header(struct buf *out, struct slice name, struct slice value)
{
	buf_put(out, name);
	buf_put(out, colon);
	sip_fold_write(out, value);
	buf_put(out, crlf);
}

/* Content-Length is written at the end, whatever was asked for. */
static void write_edit(struct buf *out, const struct sip_edit *edit)
{
	if (edit->id != SIP_H_CONTENT_LENGTH)
		sip_write_header(out, edit->name, edit->value);
}

void sip_write_top(struct buf *out, const struct sip_edits *e)
{
	for (size_t i = e ? e->count : 0; i > 0; i--)
		if (e->edit[i - 1].kind == SIP_EDIT_TOP)
			write_edit(out, &e->edit[i - 1]);
}

void sip_write_bottom(struct buf *out, const struct sip_edits *e)
{
	for (size_t i = 0; e && i < e->count; i++)
		if (e->edit[i].kind == SIP_EDIT_BOTTOM)
			write_edit(out, &e->edit[i]);
}

void sip_write_end(struct buf *out, struct slice body)
{
	buf_str(out, "Content-Length: ");
	buf_dec(out, body.len);
	buf_put(out, crlf);
	buf_put(out, crlf);
	buf_put(out, body);
}

int sip_edits_check(const struct sip_edits *e)
{
	struct sip_uri uri;

	if (!e)
		return 0;
	if (e->failed)
		return -E2BIG;
	if (e->uri.len > 0 && sip_uri_parse(e->uri, &uri) < 0)
		return -EINVAL;
	for (size_t i = 0; i < e->count; i++) {
		const struct sip_edit *edit = &e->edit[i];
		if (edit->kind != SIP_EDIT_TOP && edit->kind != SIP_EDIT_BOTTOM)
			continue;
		/* names of ids are ours */
		if ((edit->id == SIP_H_UNKNOWN &&
		     !scan_all(edit->name, SCAN_TOKEN)) ||
		    !sip_line_value_ok(edit->value))
			return -EINVAL;
	}
	return 0;
}

/* What the edits say of each header, looked up once a message. */
struct plan {
	const struct sip_edits *e;
	bool drop[SIP_H_UNKNOWN + 1];
	bool values[SIP_H_UNKNOWN + 1]; /* some of its values are dropped */
	bool named;                     /* rows go by name */
	/* of the next value of an id that has such rows; else never read */
	size_t index[SIP_H_UNKNOWN + 1];
};

static void plan_make(struct plan *p, const struct sip_edits *e)
{
	p->e = e;
	memset(p->drop, 0, sizeof(p->drop));
	memset(p->values, 0, sizeof(p->values));
	p->named = false;
	p->drop[SIP_H_CONTENT_LENGTH] = true;
	for (size_t i = 0; p->e && i < p->e->count; i++) {
		const struct sip_edit *edit = &p->e->edit[i];
		bool known = edit->id != SIP_H_UNKNOWN;
		if (edit->kind == SIP_EDIT_DROP_VALUE) {
			p->values[edit->id] = true;
			p->index[edit->id] = 0;
		} else if (edit->kind == SIP_EDIT_DROP ||
			   edit->kind == SIP_EDIT_DROP_NAMED) {
			p->drop[edit->id] |= known;
			p->named |= !known;
		}
	}
}

static bool drops_named(const struct sip_edits *e, struct slice name)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->edit[i].kind == SIP_EDIT_DROP_NAMED &&
		    slice_ieq(e->edit[i].name, name))
			return true;
	return false;
}

static bool is_dropped(const struct plan *p, const struct sip_header *h)
{
	return p->drop[h->id] || (p->named && h->id == SIP_H_UNKNOWN &&
				  drops_named(p->e, h->name));
}

static bool drops_value(const struct sip_edits *e, enum sip_header_id id,
			size_t index)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->edit[i].kind == SIP_EDIT_DROP_VALUE &&
		    e->edit[i].id == id && e->edit[i].index == index)
			return true;
	return false;
}

/* The values of one header that stay. A header that keeps none is not
 * written. */
static void write_values(struct buf *out, const struct sip_edits *e,
			 const struct sip_header *h, size_t *index)
{
	struct slice list = h->value;
	struct slice value;
	bool first = true;

	while (sip_list_next(&list, &value) == 1) {
		if (drops_value(e, h->id, (*index)++))
			continue;
		if (first)
			buf_put(out, h->name);
		buf_str(out, first ? ": " : ", ");
		sip_fold_write(out, value);
		first = false;
	}
	if (!first)
		buf_put(out, crlf);
}

static bool is_copied(const struct plan *p, const struct sip_header *h)
{
	return h->plain && !p->values[h->id] && !is_dropped(p, h);
}

/* The lines from the i-th header on that are copied, as one piece: the index
 * of the header behind them. */
static size_t write_run(struct buf *out, const struct plan *p,
			const struct sip_msg *m, size_t i)
{
	const uint8_t *from = m->headers[i].name.ptr;
	const uint8_t *end = from;

	for (; i < m->header_count; i++) {
		const struct sip_header *h = &m->headers[i];
		if (h->name.ptr != end || !is_copied(p, h))
			break;
		end = h->value.ptr + h->value.len + crlf.len;
	}
	buf_put(out, slice_of(from, (size_t)(end - from)));
	return i;
}

static void write_received(struct buf *out, struct plan *p,
			   const struct sip_header *h)
{
	if (is_dropped(p, h))
		return;
	if (!p->values[h->id])
		sip_write_header(out, h->name, h->value);
	else if (sip_header_flags(h->id) & SIP_HF_LIST)
		write_values(out, p->e, h, &p->index[h->id]);
	else if (!drops_value(p->e, h->id, p->index[h->id]++))
		sip_write_header(out, h->name, h->value);
}

static void write_start(struct buf *out, const struct sip_msg *m,
			const struct sip_edits *e)
{
	if (m->request) {
		buf_put(out, m->method_text);
		buf_u8(out, ' ');
		buf_put(out, e && e->uri.len > 0 ? e->uri : m->uri.text);
		buf_str(out, " SIP/2.0\r\n");
	} else {
		buf_str(out, "SIP/2.0 ");
		buf_dec(out, m->status);
		buf_u8(out, ' ');
		buf_put(out, m->reason);
		buf_put(out, crlf);
	}
}

/* At once what is needed most times, instead of growing bit by bit. */
static void make_room(struct buf *out, size_t len)
{
	if (!out->max || len <= out->max - out->len)
		buf_reserve(out, len);
}

int sip_encode(struct buf *out, const struct sip_msg *m,
	       const struct sip_edits *e)
{
	struct plan p;
	int rc = sip_edits_check(e);

	if (rc < 0)
		return rc;
	plan_make(&p, e);
	make_room(out, m->whole.len + EDITS_ROOM + (e ? e->lines.len : 0));
	write_start(out, m, e);
	if (e)
		buf_put(out, e->lines);
	sip_write_top(out, e);
	for (size_t i = 0; i < m->header_count;) {
		if (is_copied(&p, &m->headers[i]))
			i = write_run(out, &p, m, i);
		else
			write_received(out, &p, &m->headers[i++]);
	}
	sip_write_bottom(out, e);
	sip_write_end(out, m->body);
	return buf_failed(out) ? -ENOMEM : 0;
}
