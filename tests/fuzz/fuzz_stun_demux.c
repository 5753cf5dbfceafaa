/* SPDX-License-Identifier: Apache-2.0 */
/* First bytes: every input has an answer for every owner, a stream's answer
 * does not change with more bytes, and what is told apart is readable. */
#include <stdint.h>
#include <stdlib.h>

#include "stun/demux.h"
#include "stun/msturn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	enum demux_stream last = STREAM_MORE;
	for (int owner = DEMUX_NOBODY; owner <= DEMUX_MS_ACTIVE; owner++) {
		enum demux_datagram what =
			demux_datagram(in, (enum demux_owner)owner);
		must(what != DATAGRAM_CHANNEL || owner == DEMUX_RFC);
		must(what != DATAGRAM_RAW || owner == DEMUX_MS_ACTIVE);
		must((what == DATAGRAM_MS) == msturn_is(in));
	}
	for (size_t len = 0; len <= size && len < 64; len++) {
		enum demux_stream now = demux_stream(slice_head(in, len));
		must(last == STREAM_MORE || now == last);
		must(len < MSTURN_HELLO_BYTES || now != STREAM_MORE);
		last = now;
	}
	must(!demux_alpn(in, SLICE_LIT("stun.turn")) || data[0] == 22);
	return 0;
}
