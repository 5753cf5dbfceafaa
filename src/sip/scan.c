/* SPDX-License-Identifier: Apache-2.0 */
/* Character classes of RFC 3261 25.1 as one table, and the token reader. */
#include "sip/scan.h"

/* The classes of one character, worked out by the compiler. */
#define IN(c, lo, hi) ((c) >= (lo) && (c) <= (hi))
#define ALPHA(c) (IN(c, 'a', 'z') || IN(c, 'A', 'Z'))
#define ALNUM(c) (ALPHA(c) || IN(c, '0', '9'))
#define HEXA(c) (IN(c, '0', '9') || IN(c, 'a', 'f') || IN(c, 'A', 'F'))
/* "-_.!~*'()" */
#define MARK(c)                                                                \
	((c) == '-' || (c) == '_' || (c) == '.' || (c) == '!' || (c) == '~' || \
	 (c) == '*' || (c) == '\'' || (c) == '(' || (c) == ')')
#define UNRES(c) (ALNUM(c) || MARK(c))
#define TOKEN(c)                                                             \
	(ALNUM(c) || (c) == '-' || (c) == '.' || (c) == '!' || (c) == '%' || \
	 (c) == '*' || (c) == '_' || (c) == '+' || (c) == '`' ||             \
	 (c) == '\'' || (c) == '~')
#define WORD(c)                                                              \
	(TOKEN(c) || (c) == '(' || (c) == ')' || (c) == '<' || (c) == '>' || \
	 (c) == ':' || (c) == '\\' || (c) == '"' || (c) == '/' ||            \
	 (c) == '[' || (c) == ']' || (c) == '?' || (c) == '{' || (c) == '}')
#define PASSWORD(c)                                                          \
	(UNRES(c) || (c) == '&' || (c) == '=' || (c) == '+' || (c) == '$' || \
	 (c) == ',')
#define USER(c) (PASSWORD(c) || (c) == ';' || (c) == '?' || (c) == '/')
#define PARAM(c)                                                             \
	(UNRES(c) || (c) == '[' || (c) == ']' || (c) == '/' || (c) == ':' || \
	 (c) == '&' || (c) == '+' || (c) == '$')
#define HEADER(c)                                                            \
	(UNRES(c) || (c) == '[' || (c) == ']' || (c) == '/' || (c) == '?' || \
	 (c) == ':' || (c) == '+' || (c) == '$')
#define URIC(c) \
	(USER(c) || (c) == ':' || (c) == '@' || (c) == '[' || (c) == ']')
#define BLANK(c) ((c) == ' ' || (c) == '\t')
#define TEXT(c) (BLANK(c) || IN(c, 0x21, 0x7e) || (c) >= 0x80)
#define QDTEXT(c) \
	((IN(c, 0x21, 0x7e) && (c) != '"' && (c) != '\\') || (c) >= 0x80)
#define PLAIN(c)                                                  \
	((TEXT(c) || (c) == '\r' || (c) == '\n') && (c) != '"' && \
	 (c) != ',' && (c) != '<')
#define PVALUE(c) (!BLANK(c) && (c) != ';' && (c) != '\r')
#define SCHEME(c) (ALNUM(c) || (c) == '+' || (c) == '-' || (c) == '.')

#define C1(c)                                                            \
	((IN(c, '0', '9') ? SCAN_DIGIT : 0) | (HEXA(c) ? SCAN_HEX : 0) | \
	 (ALPHA(c) ? SCAN_ALPHA : 0) | (ALNUM(c) ? SCAN_ALNUM : 0) |     \
	 (TOKEN(c) ? SCAN_TOKEN : 0) | (WORD(c) ? SCAN_WORD : 0) |       \
	 (USER(c) ? SCAN_USER : 0) | (PASSWORD(c) ? SCAN_PASSWORD : 0) | \
	 (PARAM(c) ? SCAN_PARAM : 0) | (HEADER(c) ? SCAN_HEADER : 0) |   \
	 (URIC(c) ? SCAN_URIC : 0) | (QDTEXT(c) ? SCAN_QDTEXT : 0) |     \
	 (TEXT(c) ? SCAN_TEXT : 0) | (BLANK(c) ? SCAN_BLANK : 0) |       \
	 (SCHEME(c) ? SCAN_SCHEME : 0) | (PLAIN(c) ? SCAN_PLAIN : 0) |   \
	 (PVALUE(c) ? SCAN_PVALUE : 0) |                                 \
	 (IN(c, 0x20, 0x7e) ? SCAN_ASCII : 0) |                          \
	 (ALNUM(c) || (c) == '-' ? SCAN_LABEL : 0) |                     \
	 (ALNUM(c) || (c) == '-' || (c) == '.' ? SCAN_HOST : 0) |        \
	 (PVALUE(c) && (c) != '=' ? SCAN_PNAME : 0))
#define C4(c) C1(c), C1((c) + 1), C1((c) + 2), C1((c) + 3)
#define C16(c) C4(c), C4((c) + 4), C4((c) + 8), C4((c) + 12)
#define C64(c) C16(c), C16((c) + 16), C16((c) + 32), C16((c) + 48)

const uint32_t scan_table[256] = { C64(0), C64(64), C64(128), C64(192) };

struct slice scan_escaped(struct cur *c, unsigned classes)
{
	const uint8_t *from = c->pos;

	for (;;) {
		scan_run(c, classes);
		if (!scan_byte(c, '%'))
			break;
		if (!scan_is(cur_u8(c), SCAN_HEX) ||
		    !scan_is(cur_u8(c), SCAN_HEX))
			scan_fail(c);
	}
	return scan_since(from, c);
}

/* CR LF and a blank behind it. */
static bool at_fold(const struct cur *c)
{
	return c->end - c->pos > 2 && c->pos[0] == '\r' && c->pos[1] == '\n' &&
	       scan_is(c->pos[2], SCAN_BLANK);
}

bool scan_blanks(struct cur *c)
{
	const uint8_t *from = c->pos;

	for (;;) {
		c->pos = scan_past(c->pos, c->end, SCAN_BLANK);
		if (!at_fold(c))
			break;
		c->pos += 3;
	}
	return c->pos != from;
}

bool scan_sep_blanks(struct cur *c, uint8_t byte)
{
	struct cur at = *c;

	scan_blank(&at);
	if (!scan_byte(&at, byte))
		return false;
	scan_blank(&at);
	*c = at;
	return true;
}

/* The byte behind a backslash: quoted-pair holds anything but CR, LF and
 * bytes over 7F. */
static void quoted_pair(struct cur *c)
{
	uint8_t b = cur_u8(c);

	if (b == '\r' || b == '\n' || b > 0x7f)
		scan_fail(c);
}

/* Text and blanks up to a quote, a backslash or a fold. */
static bool quoted_text(struct cur *c)
{
	const uint8_t *from = c->pos;

	for (; c->end - c->pos >= BLOCK; c->pos += BLOCK) {
		unsigned stop = block_eq(c->pos, '"') | block_eq(c->pos, '\\') |
				block_odd(c->pos);
		if (!stop)
			continue;
		c->pos += block_first(stop);
		break;
	}
	scan_run(c, SCAN_QDTEXT | SCAN_BLANK);
	return c->pos != from;
}

struct slice scan_quoted(struct cur *c)
{
	const uint8_t *from = c->pos;

	scan_expect(c, '"');
	while (!scan_failed(c) && !scan_byte(c, '"')) {
		bool any = quoted_text(c);
		if (scan_blank(c)) /* a fold */
			any = true;
		if (scan_byte(c, '\\')) {
			quoted_pair(c);
			any = true;
		}
		if (!any && scan_peek(c) != '"')
			scan_fail(c);
	}
	return scan_since(from, c);
}

/* "[2001:db8::1]" as a gen-value: what stands in the brackets is judged by
 * who uses it. */
static void reference(struct cur *c)
{
	scan_expect(c, '[');
	while (scan_is(scan_peek(c), SCAN_HEX) || scan_peek(c) == ':' ||
	       scan_peek(c) == '.')
		cur_u8(c);
	scan_expect(c, ']');
}

/* gen-value: token / host / quoted-string; received=2001:db8::1 stands
 * without brackets (RFC 3261 25.1 via-received). */
static struct slice gen_value(struct cur *c, struct slice name)
{
	const uint8_t *from = c->pos;
	int next = scan_peek(c);

	if (next == '"') {
		scan_quoted(c);
	} else if (next == '[') {
		reference(c);
	} else if (scan_is_word(name, SLICE_LIT("received"))) {
		do {
			scan_run(c, SCAN_TOKEN);
		} while (scan_byte(c, ':'));
	} else {
		scan_some(c, SCAN_TOKEN);
	}
	return scan_since(from, c);
}

bool scan_param(struct cur *c, struct slice *name, struct slice *value)
{
	if (!scan_sep(c, ';'))
		return false;
	*name = scan_some(c, SCAN_TOKEN);
	*value = scan_sep(c, '=') ? gen_value(c, *name) : SLICE_NONE;
	return true;
}

struct slice scan_params(struct cur *c)
{
	const uint8_t *from = c->pos;
	struct slice name, value;

	while (scan_param(c, &name, &value))
		;
	return scan_since(from, c);
}

static int hex_digit(uint8_t b)
{
	if (b >= '0' && b <= '9')
		return b - '0';
	if ((b | 0x20) >= 'a' && (b | 0x20) <= 'f')
		return (b | 0x20) - 'a' + 10;
	return -1;
}

int scan_hex2(struct slice s, size_t at)
{
	struct slice two = slice_head(slice_from(s, at), 2);

	if (two.len < 2)
		return -1;
	int high = hex_digit(two.ptr[0]);
	int low = hex_digit(two.ptr[1]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}
