/* SPDX-License-Identifier: Apache-2.0 */
/* Media types and the boundary parameter. */
#include <errno.h>

#include "sip/body.h"
#include "sip/scan.h"

enum { BOUNDARY_MAX = 70 }; /* RFC 2046 5.1.1 */

int sip_media_type_parse(struct slice value, struct sip_media_type *out)
{
	struct cur c = cur_init(slice_trim(value));
	struct sip_media_type t;

	t.type = scan_some(&c, SCAN_TOKEN);
	if (!scan_sep(&c, '/'))
		scan_fail(&c);
	t.subtype = scan_some(&c, SCAN_TOKEN);
	struct cur params = c;
	if (cur_left(&c) > 0 && !scan_sep(&c, ';'))
		scan_fail(&c);
	if (cur_failed(&c))
		return -EBADMSG;
	t.params = slice_of(params.pos, cur_left(&params));
	*out = t;
	return 0;
}

bool sip_media_type_is(const struct sip_media_type *t, const char *type,
		       const char *subtype)
{
	return slice_ieq(t->type, slice_str(type)) &&
	       (!subtype || slice_ieq(t->subtype, slice_str(subtype)));
}

/* bchars of RFC 2046 5.1.1; a space may not be the last. */
static bool is_boundary(struct slice s)
{
	const struct slice others = SLICE_LIT("'()+_,-./:=? ");

	if (s.len == 0 || s.len > BOUNDARY_MAX || s.ptr[s.len - 1] == ' ')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!scan_is(s.ptr[i], SCAN_ALNUM) &&
		    slice_chr(others, s.ptr[i]) < 0)
			return false;
	return true;
}

static struct slice unquoted(struct slice s)
{
	if (s.len < 2 || s.ptr[0] != '"')
		return s;
	return slice_of(s.ptr + 1, s.len - 2);
}

int sip_media_type_boundary(const struct sip_media_type *t,
			    struct slice *boundary)
{
	struct cur c = cur_init(t->params);
	struct slice name, value;
	struct slice found = SLICE_NONE;
	size_t count = 0;

	scan_params(&c); /* strict here: a second reading must not differ */
	if (!cur_done(&c))
		return -EBADMSG;
	for (struct slice rest = t->params;
	     sip_param_next(&rest, &name, &value);) {
		if (!slice_ieq(name, SLICE_LIT("boundary")))
			continue;
		count++;
		found = unquoted(value);
	}
	if (count != 1 || !is_boundary(found))
		return -EBADMSG;
	*boundary = found;
	return 0;
}
