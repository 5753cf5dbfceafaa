/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices of a store-and-forward server to the sender of a message (RFC 5438
 * 7.1, 8): it is stored, or it could not be delivered. Only the sender who
 * asked gets one, in the name of the receiver, and never about a notice. It
 * goes its way like any message: to a partner, to devices, or into a queue.
 */
#include <time.h>

#include "base/text.h"
#include "home/cpim.h"
#include "home/home_int.h"
#include "home/mailbox.h"

enum { RANDOM_BYTES = 16, RANDOM_TEXT = 2 * RANDOM_BYTES, TIME_MAX = 32 };

static const struct {
	const char *wish;    /* imdn.Disposition-Notification */
	const char *element; /* RFC 5438 11.1.2 */
	const char *status;
} kinds[] = {
	[NOTICE_STORED] = { "processing", "processing-notification", "stored" },
	[NOTICE_FAILED] = { "negative-delivery", "delivery-notification",
			    "failed" },
};

/* What the notice is about. */
struct notice {
	struct home *home;
	enum notice_kind kind;
	struct cpim about;
	char to[SIP_AOR_MAX]; /* the sender of the message */
	char from[SIP_AOR_MAX];
	char time[TIME_MAX];
	char id[RANDOM_TEXT];
};

static bool is_notice(struct slice content_type)
{
	struct sip_media_type t;
	return !sip_media_type_parse(content_type, &t) &&
	       sip_media_type_is(&t, "message", "imdn+xml");
}

static bool read_wish(const struct sip_msg *m, enum notice_kind kind,
		      struct cpim *out)
{
	return !cpim_of(m, out) && !is_notice(out->content_type) &&
	       out->message_id.len && out->from.len &&
	       cpim_asks(out, kinds[kind].wish);
}

bool notice_wanted(const struct sip_msg *m, enum notice_kind kind)
{
	struct cpim c;
	return read_wish(m, kind, &c);
}

static void put_xml(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];
		if (c == '<')
			buf_str(out, "&lt;");
		else if (c == '&')
			buf_str(out, "&amp;");
		else if (c == '>')
			buf_str(out, "&gt;");
		else if (c >= 0x20)
			buf_u8(out, c);
	}
}

static void put_report(struct buf *out, const struct notice *n)
{
	buf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
		     "<imdn xmlns=\"urn:ietf:params:xml:ns:imdn\">\r\n"
		     "<message-id>");
	put_xml(out, n->about.message_id);
	buf_printf(out,
		   "</message-id>\r\n<datetime>%s</datetime>\r\n"
		   "<recipient-uri>sip:",
		   n->time);
	put_xml(out, slice_str(n->from));
	buf_printf(out,
		   "</recipient-uri>\r\n<%s><status><%s/></status></%s>\r\n"
		   "</imdn>\r\n",
		   kinds[n->kind].element, kinds[n->kind].status,
		   kinds[n->kind].element);
}

/* The CPIM wrapper and the report in it. */
static void put_body(struct buf *out, const struct notice *n)
{
	struct buf report;
	buf_init(&report, 0);
	put_report(&report, n);
	buf_printf(out, "From: <sip:%s>\r\nTo: ", n->from);
	buf_put(out, n->about.from);
	buf_printf(out,
		   "\r\nDateTime: %s\r\nNS: imdn <urn:ietf:params:imdn>\r\n"
		   "imdn.Message-ID: %.*s\r\n\r\n"
		   "Content-Type: message/imdn+xml\r\n"
		   "Content-Disposition: notification\r\n"
		   "Content-Length: %zu\r\n\r\n",
		   n->time, RANDOM_TEXT, n->id, report.len);
	buf_put(out, buf_slice(&report));
	out->failed |= buf_failed(&report);
	buf_free(&report);
}

static void put_message(struct buf *out, const struct notice *n)
{
	struct buf body;
	buf_init(&body, 0);
	put_body(&body, n);
	buf_printf(out,
		   "MESSAGE sip:%s SIP/2.0\r\n"
		   "Via: SIP/2.0/TLS notice.invalid;branch=z9hG4bK%.*s\r\n"
		   "Max-Forwards: 70\r\nFrom: <sip:%s>;tag=%.8s\r\n"
		   "To: <sip:%s>\r\nCall-ID: %.*s@%.*s\r\nCSeq: 1 MESSAGE\r\n"
		   "Content-Type: message/cpim\r\nContent-Length: %zu\r\n\r\n",
		   n->to, RANDOM_TEXT, n->id, n->from, n->id, n->to,
		   RANDOM_TEXT, n->id, SLICE_FMT(n->home->conf->edge_name),
		   body.len);
	buf_put(out, buf_slice(&body));
	out->failed |= buf_failed(&body);
	buf_free(&body);
}

static int prepare(struct notice *n, const struct sip_msg *m)
{
	uint8_t bytes[RANDOM_BYTES];
	time_t now = (time_t)n->home->ops.wall_s(n->home->arg);
	struct tm tm;
	int err = crypto_random(bytes, sizeof(bytes));
	if (!err)
		err = sip_aor(&m->from.uri, n->to);
	if (!err)
		err = sip_aor(&m->uri, n->from);
	if (err || !gmtime_r(&now, &tm))
		return -1;
	text_hex(slice_of(bytes, sizeof(bytes)), n->id);
	strftime(n->time, sizeof(n->time), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return 0;
}

void notice_send(struct home *h, const struct sip_msg *m, enum notice_kind kind)
{
	struct notice n = { .home = h, .kind = kind };
	struct proxy_hop hop = { .kind = HOP_SELF, .peer = SLICE_LIT("home") };
	const struct reject *reject = NULL;
	struct buf out;
	if (!read_wish(m, kind, &n.about) || prepare(&n, m))
		return;
	buf_init(&out, 0);
	put_message(&out, &n);
	if (!buf_failed(&out)) {
		proxy_receive(h->proxy, &hop, buf_slice(&out), &reject);
		metric_add(M_HOME_NOTICES, 1);
	}
	buf_free(&out);
}

void notice_on_lost(struct home *h, const struct ipc_message_lost *m)
{
	enum { FIRST = 8192, MOST = 1 << 20 };
	struct ipc_message_del del = { .key = m->key };
	struct arena *a = arena_create(FIRST, MOST);
	struct sip_msg msg;
	/* one that cannot be read has nobody to tell */
	if (a && !sip_parse(a, m->bytes, home_limits(), &msg))
		notice_send(h, &msg, NOTICE_FAILED);
	if (a)
		(void)h->ops.to_store(h->arg, IPC_MESSAGE_DEL, &del);
	arena_free(a);
}
