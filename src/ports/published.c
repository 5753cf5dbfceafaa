/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table for public instant messaging connectivity as the original product
 * published it (Lync Server 2013, port summary): its six rows, order, labels
 * and endpoints. The numbers are those of this configuration; the notes are
 * ours.
 */
#include "ports/ports_int.h"

static const struct ports_words TITLES[] = {
	{ "Role/Protocol/TCP or UDP/Port", "角色/协议/TCP 或 UDP/端口" },
	{ "Source IP address", "源 IP 地址" },
	{ "Destination IP address", "目标 IP 地址" },
	{ "Notes", "注释" },
};
static const char *const KEYS[] = { "role_protocol_transport_port", "source",
				    "destination", "notes" };

static const struct ports_words PARTNERS = { "Public IM connectivity partners",
					     "公共 IM 连接合作伙伴" };
static const struct ports_words ACCESS = { "Edge Server Access interface",
					   "边缘服务器访问接口" };
static const struct ports_words CLIENTS = { "Clients", "客户端" };
static const struct ports_words MESSENGER = { "Live Messenger clients",
					      "Live Messenger 客户端" };

struct published {
	const char *id;    /* the row of ours that carries the number */
	const char *label; /* in front of the port */
	const struct ports_words *source, *destination;
	struct ports_words note;
};

static const struct published ROWS[] = {
	{ "fed-in",
	  "Access/SIP(MTLS)/TCP/",
	  &PARTNERS,
	  &ACCESS,
	  { "Partners and providers reach us by SIP.",
	    "合作伙伴和提供商通过 SIP 连接我们。" } },
	{ "fed-out",
	  "Access/SIP(MTLS)/TCP/",
	  &ACCESS,
	  &PARTNERS,
	  { "We reach partners and providers by SIP.",
	    "我们通过 SIP 连接合作伙伴和提供商。" } },
	{ "client",
	  "Access/SIP(TLS)/TCP/",
	  &CLIENTS,
	  &ACCESS,
	  { "Our own users outside sign in.", "我们的外部用户登录。" } },
	{ "rtp-tcp-out",
	  "A/V/RTP/TCP/",
	  &ACCESS,
	  &MESSENGER,
	  { "Media of audio and video sessions with the provider's clients, "
	    "when public IM is configured.",
	    "与提供商客户端的音频和视频会话的媒体，仅在配置公共 IM "
	    "时需要。" } },
	{ "turn-udp-out",
	  "A/V/STUN,MSTURN/UDP/",
	  &ACCESS,
	  &MESSENGER,
	  { "Relay traffic towards them; required.",
	    "发往它们的中继流量；必需。" } },
	{ "turn-udp-in",
	  "A/V/STUN,MSTURN/UDP/",
	  &MESSENGER,
	  &ACCESS,
	  { "Relay traffic from them; required.",
	    "来自它们的中继流量；必需。" } },
};

enum { ROW_COUNT = sizeof(ROWS) / sizeof(ROWS[0]) };

struct view {
	const struct published *row[ROW_COUNT];
	const struct ports_row *ours[ROW_COUNT];
	enum ports_lang lang;
	size_t count;
};

static const struct ports_row *find(const struct ports_table *t, const char *id)
{
	for (size_t i = 0; i < t->count; i++)
		if (slice_eq(slice_str(t->row[i].id), slice_str(id)))
			return &t->row[i];
	return NULL;
}

/* 59999 is 59,999 there, and 5061 is 5061. */
static void number(struct buf *out, uint16_t n)
{
	if (n >= 10000)
		buf_printf(out, "%u,%03u", n / 1000u, n % 1000u);
	else
		buf_dec(out, n);
}

static void cell(void *arg, size_t row, size_t column, struct buf *out)
{
	const struct view *v = arg;
	const struct published *p = v->row[row];
	const struct ports_range *port = &v->ours[row]->port;
	if (column == 0) {
		buf_str(out, p->label);
		number(out, port->first);
		if (port->last != port->first) {
			buf_str(out, "-");
			number(out, port->last);
		}
	} else if (column == 1) {
		buf_str(out, words_in(p->source, v->lang));
	} else if (column == 2) {
		buf_str(out, words_in(p->destination, v->lang));
	} else {
		buf_str(out, words_in(&p->note, v->lang));
	}
}

void ports_print_published(struct buf *out, const struct ports_table *t,
			   enum ports_form form, enum ports_lang lang)
{
	struct view v = { .lang = lang };
	for (size_t i = 0; i < ROW_COUNT; i++) {
		v.row[v.count] = &ROWS[i];
		v.ours[v.count] = find(t, ROWS[i].id);
		if (v.ours[v.count])
			v.count++;
	}
	const struct cells c = { .columns = sizeof(TITLES) / sizeof(TITLES[0]),
				 .title = TITLES,
				 .key = KEYS,
				 .rows = v.count,
				 .cell = cell,
				 .arg = &v,
				 .lang = lang };
	cells_print(out, &c, form);
}
