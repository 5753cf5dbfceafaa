/* SPDX-License-Identifier: Apache-2.0 */
/* SDP: the walk ends, its slices lie in the body, and the kinds are its
 * kinds. */
#include <stdint.h>
#include <stdlib.h>

#include "sip/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void inside(struct slice body, struct slice s)
{
	must(s.len == 0 ||
	     (s.ptr >= body.ptr && s.ptr + s.len <= body.ptr + body.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sip_header type = { .id = SIP_H_CONTENT_TYPE,
				   .value = SLICE_LIT("application/sdp") };
	struct sip_msg m = { .headers = &type,
			     .header_count = 1,
			     .present = sip_header_bit(SIP_H_CONTENT_TYPE),
			     .body = slice_of(data, size) };
	unsigned seen = 0, kinds = 0;
	struct sip_sdp_media media;
	struct sip_sdp s;
	int rc = sip_sdp_init(&s, m.body);

	inside(m.body, s.address);
	while (rc >= 0 && (rc = sip_sdp_next(&s, &media)) == 1) {
		inside(m.body, media.name);
		inside(m.body, media.address);
		must(media.name.len > 0 && media.protocol.len > 0);
		must(media.rejected || media.address.len > 0);
		seen |= media.rejected ? 0 : media.kind;
	}
	must((sip_media_kinds(&m, &kinds) == 0) == (rc == 0 || size == 0));
	must(rc < 0 || kinds == seen);
	return 0;
}
