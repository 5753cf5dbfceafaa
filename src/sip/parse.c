/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a framed message to its view. The first fault found names the refusal,
 * but reading goes on, so that an answer can be built from what was readable.
 * Order of judgement: start line, size, each header, missing headers, framing,
 * CSeq against the method, branch.
 */
#include "sip/check.h"
#include "sip/line.h"
#include "sip/reject.h"
#include "sip/scan.h"

enum { FEW_HEADERS = 32 };

struct parse {
	const struct sip_limits *limits;
	size_t lines; /* of headers, read so far */
	struct sip_msg *m;
	const struct reject *rej;
	uint64_t seen; /* bits by id: of those that stand once */
	struct slice cseq_method;
	size_t routes, contacts;
	bool by_transport; /* framed by it: Content-Length may be absent */
};

static void refuse(struct parse *p, const struct reject *row)
{
	if (!p->rej)
		p->rej = row;
}

/* "SIP/" 1*DIGIT "." 1*DIGIT; *ours tells whether it is 2.0. */
static bool scan_version(struct cur *c, bool *ours)
{
	bool sip = scan_is_word(cur_bytes(c, 3), SLICE_LIT("sip"));
	scan_expect(c, '/');
	struct slice major = scan_some(c, SCAN_DIGIT);
	scan_expect(c, '.');
	struct slice minor = scan_some(c, SCAN_DIGIT);
	*ours = slice_eq(major, SLICE_LIT("2")) &&
		slice_eq(minor, SLICE_LIT("0"));
	return sip && !scan_failed(c);
}

static void read_uri(struct parse *p, struct slice text)
{
	if (text.len > p->limits->uri) {
		refuse(p, &sip_reject_uri_too_long);
		return;
	}
	/* headers in a Request-URI: RFC 3261 19.1.5, 16.3 */
	if (sip_uri_parse(text, &p->m->uri) < 0 || p->m->uri.headers.len > 0)
		refuse(p, &sip_reject_syntax);
}

/* Method SP Request-URI SP SIP-Version: single spaces only. */
static void read_request_line(struct parse *p, struct slice line)
{
	struct cur c = scan_over(line);
	bool ours = false;

	p->m->request = true;
	p->m->method_text = scan_some(&c, SCAN_TOKEN);
	p->m->method = sip_method_of(p->m->method_text);
	scan_expect(&c, ' ');
	struct slice rest = scan_rest(&c);
	ptrdiff_t space = slice_chr(rest, ' ');
	if (scan_failed(&c) || space < 0) {
		refuse(p, &sip_reject_syntax);
		return;
	}
	c = scan_over(slice_from(rest, (size_t)space + 1));
	if (!scan_version(&c, &ours) || !scan_done(&c))
		refuse(p, &sip_reject_syntax);
	else if (!ours)
		refuse(p, &sip_reject_version);
	read_uri(p, slice_head(rest, (size_t)space));
}

/* SIP-Version SP 3DIGIT SP Reason-Phrase. The phrase is for people: any text
 * is let through, controls and broken UTF-8 are not. */
static void read_status_line(struct parse *p, struct slice line)
{
	struct cur c = scan_over(line);
	uint64_t status = 0;
	bool ours = false;

	if (!scan_version(&c, &ours) || !ours)
		scan_fail(&c);
	scan_expect(&c, ' ');
	struct slice digits = scan_some(&c, SCAN_DIGIT);
	scan_expect(&c, ' ');
	p->m->reason = scan_run(&c, SCAN_TEXT);
	if (!scan_done(&c) || digits.len != 3 ||
	    slice_u64(digits, 699, &status) < 0 || status < 100 ||
	    !sip_line_value_ok(p->m->reason)) {
		refuse(p, &sip_reject_syntax);
		return;
	}
	p->m->status = (uint16_t)status;
}

static void read_start_line(struct parse *p, struct slice line)
{
	if (scan_ieq(slice_head(line, 4), SLICE_LIT("SIP/")))
		read_status_line(p, line);
	else
		read_request_line(p, line);
}

static bool over_counts(const struct parse *p)
{
	return p->m->via_count > p->limits->via ||
	       p->routes > p->limits->route || p->contacts > p->limits->contact;
}

static size_t *counter_of(struct parse *p, enum sip_header_id id, size_t *other)
{
	switch (id) {
	case SIP_H_ROUTE:
	case SIP_H_RECORD_ROUTE:
		return &p->routes;
	case SIP_H_CONTACT:
		return &p->contacts;
	default:
		return other;
	}
}

/* RFC 3261 20: these stand once (SIP-03); the first one is kept as read. */
static bool repeated(struct parse *p, enum sip_header_id id)
{
	if (id == SIP_H_UNKNOWN || !(sip_header_flags(id) & SIP_HF_ONCE))
		return false;
	bool again = p->seen & sip_header_bit(id);
	p->seen |= sip_header_bit(id);
	return again;
}

static void read_header(struct parse *p, const struct sip_header *h)
{
	size_t other = 0;

	if (repeated(p, h->id)) {
		refuse(p, h->id == SIP_H_CONTENT_LENGTH
				  ? &sip_reject_content_length
				  : &sip_reject_syntax);
		return;
	}
	if (sip_check_header(p->m, h, &p->cseq_method,
			     counter_of(p, h->id, &other)) < 0)
		refuse(p, &sip_reject_syntax);
	if (over_counts(p))
		refuse(p, &sip_reject_too_large);
}

/* Nothing but ": " between name and value, nothing behind it. */
static bool is_as_written(const struct sip_header *h, struct slice line)
{
	const uint8_t *behind = h->name.ptr + h->name.len;

	return h->value.len > 0 && h->value.ptr == behind + 2 &&
	       behind[0] == ':' && behind[1] == ' ' &&
	       h->value.ptr + h->value.len == line.ptr + line.len;
}

/* A line that is no header, or holds bytes that may not stand there, is not
 * kept: nothing built from the view can repeat it. */
static void read_line(struct parse *p, const struct sip_line *line)
{
	struct sip_header *h = &p->m->headers[p->m->header_count];

	if (line->text.len > p->limits->header_line) {
		refuse(p, &sip_reject_too_large);
		return;
	}
	if (!sip_line_split(line->text, h) ||
	    (!line->plain && !sip_line_value_ok(h->value))) {
		refuse(p, &sip_reject_syntax);
		return;
	}
	h->plain = line->plain && is_as_written(h, line->text);
	p->m->header_count++;
	p->m->present |= sip_header_bit(h->id);
	read_header(p, h);
}

static size_t count_lines(struct cur c)
{
	struct sip_line line;
	size_t n = 0;

	while (sip_line_next(&c, &line))
		n++;
	return n;
}

/* Moves the headers to the arena, with room for more. */
static bool keep_headers(struct parse *p, struct arena *a, size_t more)
{
	struct slice few = slice_of(
		p->m->headers, p->m->header_count * sizeof(*p->m->headers));
	size_t room = few.len + more * sizeof(*p->m->headers);

	p->m->headers = NULL;
	if (room == 0)
		return true;
	p->m->headers = arena_take(a, room);
	if (!p->m->headers) {
		p->m->header_count = 0;
		p->rej = &sip_reject_memory;
		return false;
	}
	memcpy(p->m->headers, few.ptr, few.len);
	return true;
}

/* Lines up to `end` of them; false: the head ended before. Those behind the
 * limit are walked over, to find the body. */
static bool read_lines(struct parse *p, struct cur *c, size_t end)
{
	struct sip_line line;

	for (; p->lines < end; p->lines++) {
		if (!sip_line_next(c, &line))
			return false;
		if (p->lines < p->limits->header_count)
			read_line(p, &line);
	}
	return true;
}

/* Most messages have few headers: these are read before their number is
 * known, which is judged first all the same. */
static void read_headers(struct parse *p, struct cur *c, struct arena *a)
{
	const struct reject *before = p->rej;
	struct sip_header few[FEW_HEADERS];
	size_t limit = p->limits->header_count;

	p->m->headers = few;
	bool more = read_lines(p, c, FEW_HEADERS);
	size_t rest = more ? count_lines(*c) : 0;
	if (p->lines + rest > limit) {
		p->rej = before ? before : &sip_reject_too_large;
		rest = limit > p->lines ? limit - p->lines : 0;
	}
	if (!keep_headers(p, a, rest)) {
		scan_fail(c);
		return;
	}
	if (more)
		read_lines(p, c, SIZE_MAX);
	if (scan_failed(c))
		refuse(p, &sip_reject_framing);
}

static void check_mandatory(struct parse *p)
{
	const uint64_t wanted =
		sip_header_bit(SIP_H_FROM) | sip_header_bit(SIP_H_TO) |
		sip_header_bit(SIP_H_CALL_ID) | sip_header_bit(SIP_H_CSEQ);

	if (p->m->via_count == 0 || (p->seen & wanted) != wanted)
		refuse(p, &sip_reject_syntax);
}

static void read_body(struct parse *p, struct cur *c)
{
	const struct sip_header *h = sip_header(p->m, SIP_H_CONTENT_LENGTH);
	size_t bytes = 0;

	p->m->body = scan_rest(c);
	if (h ? !sip_line_length_value(h->value, &bytes) ||
			    bytes != p->m->body.len
	      : !p->by_transport)
		refuse(p, &sip_reject_content_length);
	if (p->m->body.len > p->limits->body)
		refuse(p, &sip_reject_body_too_large);
}

/* RFC 4475 3.1.2.17 and 18: a method that we do not know is the nearer
 * fault. */
static void check_method(struct parse *p)
{
	if (!p->m->request) {
		p->m->method_text = p->cseq_method;
		p->m->method = sip_method_of(p->cseq_method);
	} else if (!slice_eq(p->cseq_method, p->m->method_text)) {
		refuse(p, p->m->method == SIP_METHOD_UNKNOWN
				  ? &sip_reject_method
				  : &sip_reject_syntax);
	}
}

/* The magic cookie alone identifies nothing (RFC 4475 3.2.1). */
static void check_branch(struct parse *p)
{
	if (p->m->request && scan_ieq(p->m->via.branch, SLICE_LIT("z9hG4bK")))
		refuse(p, &sip_reject_syntax);
}

static bool is_drop(const struct sip_msg *m)
{
	return !m->request || m->method == SIP_ACK;
}

static const struct reject *parse(struct parse *p, struct arena *a,
				  struct slice whole)
{
	struct sip_msg *out = p->m;
	struct cur c = scan_over(whole);
	struct slice line;

	memset(out, 0, sizeof(*out));
	out->whole = whole;
	out->method = SIP_METHOD_UNKNOWN;
	out->max_forwards = -1;
	if (!sip_line_start(&c, &line))
		return &sip_reject_framing;
	read_start_line(p, line);
	read_headers(p, &c, a);
	if (!scan_failed(&c)) {
		check_mandatory(p);
		read_body(p, &c);
		check_method(p);
		check_branch(p);
	}
	if (p->rej && !out->request)
		return &sip_reject_response;
	return p->rej;
}

const struct reject *sip_parse(struct arena *a, struct slice whole,
			       const struct sip_limits *limits,
			       struct sip_msg *out)
{
	struct parse p = { .limits = limits, .m = out };

	return parse(&p, a, whole);
}

const struct reject *sip_parse_whole(struct arena *a, struct slice whole,
				     const struct sip_limits *limits,
				     struct sip_msg *out)
{
	struct parse p = { .limits = limits, .m = out, .by_transport = true };

	return parse(&p, a, whole);
}

bool sip_answerable(const struct sip_msg *m)
{
	return !is_drop(m) && m->method_text.len > 0 &&
	       sip_header(m, SIP_H_VIA) && sip_header(m, SIP_H_CSEQ);
}
