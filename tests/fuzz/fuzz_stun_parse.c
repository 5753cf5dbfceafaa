/* SPDX-License-Identifier: Apache-2.0 */
/* One message in every dialect: fields lie inside, addresses and walks end,
 * and what a message says can be written and read again. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "stun/stun.h"
#include "stun/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* The same fields once more; a message of ours is always read. */
static void again(const struct stun_msg *m)
{
	static uint8_t out[STUN_MESSAGE_MAX];
	struct stun_writer w;
	struct stun_msg copy;
	stun_writer_init(&w, NULL, out, sizeof(out));
	stun_begin(&w, m->dialect, m->method, m->cls, m->id);
	for (int f = 0; f < STUN_F_FINGERPRINT; f++) {
		if (stun_has(m, (enum stun_field)f))
			stun_put(&w, (enum stun_field)f,
				 stun_value(m, (enum stun_field)f));
	}
	struct slice raw = stun_end(&w);
	if (!raw.len) /* padding, or the field is left out when written */
		return;
	must(stun_parse(&copy, m->dialect, raw) == 0);
	must((copy.has & m->has) == copy.has);
}

static void look(const struct stun_dialect *d, struct slice in)
{
	struct stun_msg m;
	struct addr a;
	size_t seen = 0;
	if (stun_parse(&m, d, in))
		return;
	for (int f = 0; f < STUN_F_COUNT; f++) {
		struct slice v = stun_value(&m, (enum stun_field)f);
		must(!v.len || (v.ptr >= in.ptr + STUN_HEADER_BYTES &&
				v.ptr + v.len <= in.ptr + in.len));
		(void)stun_u32(&m, (enum stun_field)f);
		(void)stun_addr(&m, (enum stun_field)f, &a);
	}
	for (uint32_t at = 0;
	     stun_addr_next(&m, STUN_F_PEER, &at, &a) != -ENOENT;)
		must(++seen <= in.len / 4);
	(void)stun_error_code(&m);
	again(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	look(&stun_rfc, in);
	look(&stun_classic, in);
	look(&stun_ms, in);
	look(&stun_messenger, in);
	return 0;
}
