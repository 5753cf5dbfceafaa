/* SPDX-License-Identifier: Apache-2.0 */
/* libre: the decoder reads the mandatory headers; addresses in Contact and
 * Route, tags and credentials are read when asked. */
/* its header needs these first */
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <re.h>

#include "bench/peers/peer.h"

static bool on_address(const struct sip_hdr *hdr, const struct sip_msg *msg,
		       void *arg)
{
	struct sip_addr addr;

	(void)msg;
	if (sip_addr_decode(&addr, &hdr->val) != 0)
		*(bool *)arg = false;
	return false;
}

static bool on_credentials(const struct sip_hdr *hdr, const struct sip_msg *msg,
			   void *arg)
{
	struct httpauth_digest_resp resp;

	(void)msg;
	if (httpauth_digest_response_decode(&resp, &hdr->val) != 0)
		*(bool *)arg = false;
	return false;
}

static bool values(const struct sip_msg *m)
{
	bool ok = pl_isset(&m->via.branch) && pl_isset(&m->from.tag) &&
		  pl_isset(&m->callid) && pl_u32(&m->maxfwd) > 0;

	(void)pl_u32(&m->clen);
	sip_msg_hdr_apply(m, true, SIP_HDR_CONTACT, on_address, &ok);
	sip_msg_hdr_apply(m, true, SIP_HDR_ROUTE, on_address, &ok);
	sip_msg_hdr_apply(m, true, SIP_HDR_RECORD_ROUTE, on_address, &ok);
	sip_msg_hdr_apply(m, true, SIP_HDR_AUTHORIZATION, on_credentials, &ok);
	return ok;
}

bool bench_re_parse(struct slice whole)
{
	struct sip_msg *m = NULL;
	struct mbuf *mb = mbuf_alloc(0);

	if (!mb)
		return false;
	mb->buf = (uint8_t *)(uintptr_t)whole.ptr; /* read only, not copied */
	mb->size = whole.len;
	mb->end = whole.len;
	bool ok = sip_msg_decode(&m, mb) == 0 && values(m);
	mb->buf = NULL; /* not its own to free */
	mem_deref(m);
	mem_deref(mb);
	return ok;
}
