/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking over the lines of a session description (RFC 8866 5). Of all lines
 * only v=, c=, m= and a=bundle-only mean something here; the others must be
 * lines. Lines end in CR LF, LF (RFC 8866 5), or the end of the body.
 */
#include <errno.h>

#include "sip/body.h"
#include "sip/scan.h"

static const struct {
	struct slice name;
	enum sip_media_kind kind;
} kinds_of[] = {
	{ { (const uint8_t *)"audio", 5 }, SIP_MEDIA_AUDIO },
	{ { (const uint8_t *)"video", 5 }, SIP_MEDIA_VIDEO },
	{ { (const uint8_t *)"message", 7 }, SIP_MEDIA_MESSAGE },
	{ { (const uint8_t *)"application", 11 }, SIP_MEDIA_APPLICATION },
};

static enum sip_media_kind kind_of(struct slice name)
{
	for (size_t i = 0; i < sizeof(kinds_of) / sizeof(*kinds_of); i++)
		if (slice_ieq(name, kinds_of[i].name))
			return kinds_of[i].kind;
	return SIP_MEDIA_OTHER;
}

/* Only empty lines: some senders end with them. */
static bool only_line_ends(struct slice s)
{
	return slice_trim(s).len == 0 && slice_chr(s, ' ') < 0 &&
	       slice_chr(s, '\t') < 0;
}

/*
 * Takes a line; *value is what follows its letter and '='. 1, 0 at the end,
 * -EBADMSG: no such line, or a NUL or CR in it.
 */
static int take_line(struct slice *rest, char *letter, struct slice *value)
{
	if (only_line_ends(slice_head(*rest, 2)) && only_line_ends(*rest))
		return 0;
	ptrdiff_t lf = slice_chr(*rest, '\n');
	struct slice line = lf < 0 ? *rest : slice_head(*rest, (size_t)lf);
	*rest = lf < 0 ? SLICE_NONE : slice_from(*rest, (size_t)lf + 1);
	if (lf >= 0 && slice_ends(line, SLICE_LIT("\r")))
		line.len--;
	if (line.len < 2 || line.ptr[0] < 'a' || line.ptr[0] > 'z' ||
	    line.ptr[1] != '=' || slice_chr(line, 0) >= 0 ||
	    slice_chr(line, '\r') >= 0)
		return -EBADMSG;
	*letter = (char)line.ptr[0];
	*value = slice_from(line, 2);
	return 1;
}

/* Up to the next space, which is taken; never empty. */
static struct slice take_field(struct cur *c)
{
	struct slice rest = slice_of(c->pos, cur_left(c));
	ptrdiff_t space = slice_chr(rest, ' ');
	struct slice field = cur_bytes(c, space < 0 ? rest.len : (size_t)space);

	if (field.len == 0)
		scan_fail(c);
	scan_byte(c, ' ');
	return field;
}

/* IN IP4 address[/ttl[/count]] (RFC 8866 5.7). */
static int read_address(struct slice value, struct slice *address)
{
	struct cur c = cur_init(value);

	struct slice net = take_field(&c);
	struct slice kind = take_field(&c);
	struct slice text = take_field(&c);
	ptrdiff_t slash = slice_chr(text, '/');
	if (slash >= 0)
		text = slice_head(text, (size_t)slash);
	if (!cur_done(&c) || text.len == 0 || !slice_ieq(net, SLICE_LIT("IN")))
		return -EBADMSG;
	if (!slice_ieq(kind, SLICE_LIT("IP4")) &&
	    !slice_ieq(kind, SLICE_LIT("IP6")))
		return -EBADMSG;
	*address = text;
	return 0;
}

/* port or port/count */
static int read_port(struct slice text, uint16_t *port)
{
	struct cur c = cur_init(text);
	uint64_t n = 0;

	struct slice digits = scan_some(&c, SCAN_DIGIT);
	if (scan_byte(&c, '/'))
		scan_some(&c, SCAN_DIGIT);
	if (!cur_done(&c) || slice_u64(digits, UINT16_MAX, &n) < 0)
		return -EBADMSG;
	*port = (uint16_t)n;
	return 0;
}

/* media SP port SP protocol 1*(SP format) (RFC 8866 5.14) */
static int read_media(struct slice value, struct sip_sdp_media *media)
{
	struct cur c = cur_init(value);

	media->name = take_field(&c);
	struct slice port = take_field(&c);
	media->protocol = take_field(&c);
	take_field(&c); /* formats are not looked at: one must be there */
	if (cur_failed(&c) || !scan_all(media->name, SCAN_TOKEN))
		return -EBADMSG;
	media->kind = kind_of(media->name);
	return read_port(port, &media->port);
}

int sip_sdp_init(struct sip_sdp *s, struct slice body)
{
	struct slice rest = body;
	struct slice value;
	char letter = 0;

	*s = (struct sip_sdp){ .rest = SLICE_NONE };
	if (take_line(&rest, &letter, &value) != 1 || letter != 'v' ||
	    !slice_eq(value, SLICE_LIT("0")))
		return -EBADMSG;
	for (;;) {
		s->rest = rest;
		int rc = take_line(&rest, &letter, &value);
		if (rc <= 0)
			return rc;
		if (letter == 'm')
			return 0;
		if (letter == 'v')
			return -EBADMSG;
		if (letter == 'c' && read_address(value, &s->address) < 0)
			return -EBADMSG;
	}
}

/* The lines of one media description, up to the next m=. */
static int read_section(struct sip_sdp *s, struct sip_sdp_media *media)
{
	struct slice rest = s->rest;
	struct slice value;
	char letter = 0;
	int rc;

	while ((rc = take_line(&rest, &letter, &value)) == 1 && letter != 'm') {
		s->rest = rest;
		if (letter == 'v')
			return -EBADMSG;
		if (letter == 'c' && read_address(value, &media->address) < 0)
			return -EBADMSG;
		if (letter == 'a' && slice_eq(value, SLICE_LIT("bundle-only")))
			media->rejected = false;
	}
	return rc < 0 ? rc : 0;
}

int sip_sdp_next(struct sip_sdp *s, struct sip_sdp_media *media)
{
	struct slice value;
	char letter = 0;
	int rc = take_line(&s->rest, &letter, &value);

	if (rc <= 0)
		return rc;
	*media = (struct sip_sdp_media){ .address = s->address };
	if (read_media(value, media) < 0)
		return -EBADMSG;
	media->rejected = media->port == 0;
	if (read_section(s, media) < 0)
		return -EBADMSG;
	if (!media->rejected && media->address.len == 0)
		return -EBADMSG; /* RFC 8866 5.7: c= here or in the session */
	return 1;
}
