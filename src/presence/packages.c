/* SPDX-License-Identifier: Apache-2.0 */
/* The event packages that are served here, a row each, and their documents. */
#include "presence/sub.h"

enum { WINFO_S = 3600, REG_S = 3600, PRESENCE_S = 3600 };

static void write_presence(struct sub *s, struct buf *type, struct buf *out);
static void write_winfo(struct sub *s, struct buf *type, struct buf *out);
static void write_reg(struct sub *s, struct buf *type, struct buf *out);

static const struct package packages[] = {
	{ /* RFC 3856 */
	  .event = "presence",
	  .type = "application/pidf+xml",
	  .expires_s = PRESENCE_S,
	  .changes = CHANGE_STATE,
	  .write = write_presence },
	{ /* RFC 3857, RFC 3858 */
	  .event = "presence.winfo",
	  .type = "application/watcherinfo+xml",
	  .expires_s = WINFO_S,
	  .changes = CHANGE_WATCHERS,
	  .own_only = true,
	  .write = write_winfo },
	{ /* RFC 3680 */
	  .event = "reg",
	  .type = "application/reginfo+xml",
	  .expires_s = REG_S,
	  .changes = CHANGE_DEVICES,
	  .own_only = true,
	  .write = write_reg },
};

enum { PACKAGES = sizeof(packages) / sizeof(*packages) };

const struct package package_list = {
	/* RFC 4662 */
	.event = "presence",
	.type = "multipart/related",
	.expires_s = PRESENCE_S,
	.changes = CHANGE_STATE,
	.list = true,
	.write = list_write,
};

struct slice event_token(struct slice value, struct slice *params)
{
	ptrdiff_t at = slice_chr(value, ';');
	*params = at < 0 ? SLICE_NONE : slice_from(value, (size_t)at);
	return slice_trim(at < 0 ? value : slice_head(value, (size_t)at));
}

const struct package *package_of(struct slice event)
{
	for (size_t i = 0; i < PACKAGES; i++)
		if (slice_eq(event, slice_str(packages[i].event)))
			return &packages[i];
	return NULL;
}

void allow_events(struct buf *out)
{
	for (size_t i = 0; i < PACKAGES; i++) {
		if (i)
			buf_str(out, ", ");
		buf_str(out, packages[i].event);
	}
}

bool presence_serves(const struct sip_msg *m)
{
	const struct sip_header *h = sip_header(m, SIP_H_EVENT);
	struct slice params;
	return h && package_of(event_token(h->value, &params));
}

/* ---- presence ---- */

void package_presence(const struct watch *w, struct buf *out)
{
	struct pidf_state closed = { .aor = slice_str(w->aor) };
	struct slice doc = SLICE_NONE;
	if (w->view == VIEW_OPEN && w->presentity)
		doc = presentity_doc(w->presentity);
	if (doc.len)
		buf_put(out, doc);
	else
		pidf_compose(out, &closed);
}

static void write_presence(struct sub *s, struct buf *type, struct buf *out)
{
	buf_str(type, s->package->type);
	package_presence(s->watches[0], out);
}

/* ---- watcher information ---- */

static void head(struct sub *s, const char *root, struct buf *out)
{
	buf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n");
	buf_printf(out,
		   "<%s xmlns=\"urn:ietf:params:xml:ns:%s\" version=\"%u\" "
		   "state=\"full\">",
		   root, root, sub_version(s));
}

static void write_watcher(const struct watch *w, struct buf *out)
{
	const struct sub *s = w->sub;
	bool pending = w->view == VIEW_PENDING || w->view == VIEW_UNKNOWN;
	uint64_t now_s = s->presence->ops.wall_s(s->presence->arg);
	uint64_t left =
		s->facts.expires_s > now_s ? s->facts.expires_s - now_s : 0;
	buf_printf(out,
		   "<watcher id=\"w%llu\" status=\"%s\" event=\"%s\" "
		   "expiration=\"%llu\">sip:",
		   (unsigned long long)w->number.id,
		   pending ? "pending" : "active",
		   pending ? "subscribe" : "approved",
		   (unsigned long long)left);
	xml_escape(out, s->facts.watcher);
	buf_str(out, "</watcher>");
}

static void write_winfo(struct sub *s, struct buf *type, struct buf *out)
{
	const struct presentity *e = s->watches[0]->presentity;
	buf_str(type, s->package->type);
	head(s, "watcherinfo", out);
	buf_str(out, "<watcher-list resource=\"sip:");
	xml_escape(out, slice_of(e->aor, e->aor_len));
	buf_str(out, "\" package=\"presence\">");
	LIST_EACH (it, tmp, &e->watches) {
		const struct watch *w =
			container_of(it, struct watch, of_presentity);
		/* a user needs not be told of itself */
		if (!w->sub->package->own_only && !w->sub->end &&
		    !slice_eq(w->sub->facts.watcher, slice_str(e->aor)))
			write_watcher(w, out);
	}
	buf_str(out, "</watcher-list></watcherinfo>");
}

/* ---- registration information ---- */

struct registration {
	struct buf *out;
	uint64_t now_s;
	unsigned count;
};

static void write_contact(void *arg, const struct presence_device *d)
{
	struct registration *r = arg;
	uint64_t left = d->expires_s > r->now_s ? d->expires_s - r->now_s : 0;
	buf_printf(r->out,
		   "<contact id=\"c%u\" state=\"active\" event=\"registered\" "
		   "expires=\"%llu\" cseq=\"%u\" callid=\"",
		   ++r->count, (unsigned long long)left, (unsigned)d->cseq);
	xml_escape(r->out, d->call_id);
	buf_str(r->out, "\"><uri>");
	xml_escape(r->out, d->contact);
	buf_str(r->out, "</uri></contact>");
}

static void write_reg(struct sub *s, struct buf *type, struct buf *out)
{
	struct presence *p = s->presence;
	struct buf contacts;
	struct registration r = { .out = &contacts,
				  .now_s = p->ops.wall_s(p->arg) };
	buf_init(&contacts, 0);
	p->ops.devices(p->arg, s->facts.to, write_contact, &r);
	buf_str(type, s->package->type);
	head(s, "reginfo", out);
	buf_str(out, "<registration aor=\"sip:");
	xml_escape(out, s->facts.to);
	buf_printf(out, "\" id=\"a\" state=\"%s\">",
		   r.count ? "active" : "terminated");
	buf_put(out, buf_slice(&contacts));
	out->failed |= buf_failed(&contacts);
	buf_str(out, "</registration></reginfo>");
	buf_free(&contacts);
}
