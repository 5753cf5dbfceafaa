/* SPDX-License-Identifier: Apache-2.0 */
/* A Content-Type, an empty line, a body: parts lie in order in the body and
 * hold no delimiter line; all nesting is walked. */
#include <stdint.h>
#include <stdlib.h>

#include "sip/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void walk(struct slice body, struct slice boundary)
{
	const uint8_t *end = body.ptr;
	struct sip_multipart w;
	struct sip_part part;
	size_t parts = 0;
	int rc;

	sip_multipart_init(&w, body, boundary);
	while ((rc = sip_multipart_next(&w, &part)) == 1) {
		parts++;
		must(!slice_starts(part.body, SLICE_LIT("--")) ||
		     !slice_starts(slice_from(part.body, 2), boundary));
		if (part.body.len == 0)
			continue;
		must(part.body.ptr >= end);
		end = part.body.ptr + part.body.len;
		must(end <= body.ptr + body.len);
	}
	must(rc < 0 || parts > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = slice_of(data, size);
	ptrdiff_t lf = slice_chr(all, '\n');
	struct slice value = slice_head(all, lf < 0 ? size : (size_t)lf);
	struct slice body = slice_from(all, value.len + 1);
	struct sip_header type = { .id = SIP_H_CONTENT_TYPE, .value = value };
	struct sip_msg m = { .headers = &type,
			     .header_count = 1,
			     .body = body };
	struct sip_media_type t;
	struct slice boundary;
	unsigned kinds = 0;

	sip_media_kinds(&m, &kinds);
	must(kinds < SIP_MEDIA_OTHER << 1);
	if (sip_media_type_parse(value, &t) == 0 &&
	    sip_media_type_boundary(&t, &boundary) == 0)
		walk(body, boundary);
	return 0;
}
