/* SPDX-License-Identifier: Apache-2.0 */
/* Responses to requests (RFC 3261 8.2.6). */
#include <errno.h>

#include "sip/encode.h"
#include "sip/fold.h"
#include "sip/line.h"
#include "sip/scan.h"

enum { TRYING = 100 };

static void write_all(struct buf *out, const struct sip_msg *m,
		      enum sip_header_id id)
{
	const struct sip_header *h;
	size_t index = 0;

	while ((h = sip_header_next(m, id, &index)))
		sip_write_header(out, sip_header_name(id), h->value);
}

/* What may stand once is repeated once, even when the request had two. */
static void write_first(struct buf *out, const struct sip_msg *m,
			enum sip_header_id id)
{
	const struct sip_header *h = sip_header(m, id);

	if (h)
		sip_write_header(out, sip_header_name(id), h->value);
}

/* A To that could not be read is repeated as it is: a tag could land inside
 * an open quote. */
static void write_to(struct buf *out, const struct sip_msg *m,
		     const struct sip_reply *reply)
{
	const struct sip_header *to = sip_header(m, SIP_H_TO);

	if (!to)
		return;
	buf_str(out, "To: ");
	sip_fold_write(out, to->value);
	if (reply->status != TRYING && reply->to_tag.len > 0 &&
	    m->to_tag.len == 0 && m->to.uri.text.len > 0) {
		buf_str(out, ";tag=");
		buf_put(out, reply->to_tag);
	}
	buf_str(out, "\r\n");
}

static int reply_check(const struct sip_reply *reply)
{
	if (reply->status < 100 || reply->status > 699)
		return -EINVAL;
	if (reply->to_tag.len > 0 && !scan_all(reply->to_tag, SCAN_TOKEN))
		return -EINVAL;
	if (reply->reason && !sip_line_value_ok(slice_str(reply->reason)))
		return -EINVAL;
	return sip_edits_check(reply->extra);
}

int sip_encode_reply(struct buf *out, const struct sip_msg *request,
		     const struct sip_reply *reply)
{
	int rc = reply_check(reply);

	if (rc < 0)
		return rc;
	buf_str(out, "SIP/2.0 ");
	buf_dec(out, reply->status);
	buf_u8(out, ' ');
	buf_str(out, reply->reason ? reply->reason
				   : sip_status_reason(reply->status));
	buf_str(out, "\r\n");
	write_all(out, request, SIP_H_VIA);
	write_first(out, request, SIP_H_FROM);
	write_to(out, request, reply);
	write_first(out, request, SIP_H_CALL_ID);
	write_first(out, request, SIP_H_CSEQ);
	sip_write_top(out, reply->extra);
	sip_write_bottom(out, reply->extra);
	sip_write_end(out, reply->body);
	return buf_failed(out) ? -ENOMEM : 0;
}
