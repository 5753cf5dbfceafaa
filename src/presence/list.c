/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subscriptions to lists (RFC 4662): the contacts of a user, or the addresses
 * that the request itself brings (RFC 5367). One NOTIFY carries what has
 * changed since the last one, as much as fits; the rest follows in the next.
 */
#include <errno.h>

#include "base/crypto.h"
#include "base/text.h"
#include "presence/backend.h"
#include "presence/sub.h"

#define NS_LISTS "urn:ietf:params:xml:ns:resource-lists"

enum { BODY_MAX = 160 * 1024, BOUNDARY_BYTES = 15 };

/* ---- reading ---- */

struct reading {
	const struct reject *(*fn)(void *arg, struct slice aor);
	void *arg;
};

static const struct reject *on_start(void *arg, const struct xml_element *e)
{
	struct reading *r = arg;
	struct slice uri;
	char aor[SIP_AOR_MAX];
	bool ours = slice_eq(e->ns, SLICE_LIT(NS_LISTS));
	if (e->depth == 1)
		return ours && slice_eq(e->name, SLICE_LIT("resource-lists"))
			       ? NULL
			       : &presence_rej_list;
	if (!ours || !slice_eq(e->name, SLICE_LIT("entry")))
		return NULL;
	if (!xml_attribute(e, "uri", &uri) || pidf_aor(uri, aor))
		return &presence_rej_list;
	return r->fn(r->arg, slice_str(aor));
}

static void on_end(void *arg, size_t depth, size_t end)
{
	(void)arg;
	(void)depth;
	(void)end;
}

const struct reject *list_read(struct slice doc,
			       const struct reject *(*fn)(void *arg,
							  struct slice aor),
			       void *arg)
{
	static const struct xml_ops ops = { on_start, on_end, NULL };
	struct reading r = { fn, arg };
	return xml_read(doc, &ops, &r);
}

static const struct reject *add(void *arg, struct slice aor)
{
	struct sub *s = arg;
	struct watch *w = watch_find(s, aor);
	if (w)
		w->stale = false;
	else if (s->watch_count >= s->presence->conf->list_max)
		return &presence_rej_list_size;
	else if (watch_add(s, aor))
		return &presence_rej_overload;
	return NULL;
}

int list_begin(struct sub *s)
{
	struct presence *p = s->presence;
	if (s->facts.list.len)
		return list_read(s->facts.list, add, s) ? -EBADMSG : 0;
	for (size_t i = 0; i < s->watch_count; i++)
		s->watches[i]->stale = true;
	s->list_loading = true;
	int err = p->ops.list(p->arg, s->facts.watcher, s->number.id);
	if (!err)
		return 0;
	presence_contacts_end(p, s->number.id, err);
	return err == -ENOMEM ? err : 0;
}

static struct sub *loading(struct presence *p, uint64_t id)
{
	struct map_node *n = map_find(&p->ids, map_key_u64(&id));
	struct numbered *number =
		n ? container_of(n, struct numbered, node) : NULL;
	if (!number || number->kind != NUMBER_SUB)
		return NULL;
	struct sub *s = container_of(number, struct sub, number);
	return s->list_loading ? s : NULL;
}

void presence_contact(struct presence *p, uint64_t id, struct slice aor)
{
	struct sub *s = loading(p, id);
	if (s)
		(void)add(s, aor); /* what does not fit is not watched */
}

void presence_contacts_end(struct presence *p, uint64_t id, int err)
{
	struct sub *s = loading(p, id);
	if (!s)
		return;
	s->list_loading = false;
	for (size_t i = 0; err && i < s->watch_count; i++)
		s->watches[i]->stale = false;
	watch_sweep(s);
	s->full = true;
	sub_poke(s);
}

/* ---- writing ---- */

struct writing {
	struct sub *sub;
	struct buf *body;
	struct buf parts, doc;
	char boundary[2 * BOUNDARY_BYTES];
	size_t boundary_len;
	bool all;
};

static void put_cid(const struct writing *q, size_t i, struct buf *out)
{
	const struct sub *s = q->sub;
	buf_printf(out, "%zu.%u@%.*s", i, s->facts.local_cseq,
		   SLICE_FMT(s->presence->conf->edge_name));
}

static void put_delimiter(const struct writing *q, struct buf *out)
{
	buf_str(out, "\r\n--");
	buf_put(out, slice_of(q->boundary, q->boundary_len));
}

static void put_part(struct writing *q, size_t i)
{
	put_delimiter(q, &q->parts);
	buf_str(&q->parts, "\r\nContent-Transfer-Encoding: binary\r\n"
			   "Content-ID: <");
	put_cid(q, i, &q->parts);
	buf_str(&q->parts, ">\r\nContent-Type: application/pidf+xml\r\n\r\n");
	buf_put(&q->parts, buf_slice(&q->doc));
}

/* The state of one address and its document; NULL: nothing is known. */
static const char *instance_state(struct writing *q, const struct watch *w,
				  const char **reason)
{
	buf_reset(&q->doc);
	*reason = "";
	if (!w->presentity)
		return backend_tell(w->backend, &q->doc, reason);
	if (w->view == VIEW_UNKNOWN)
		return NULL;
	if (w->view == VIEW_PENDING)
		return "pending";
	package_presence(w, &q->doc);
	return "active";
}

/* What is said of one address; true: it is said. */
static bool put_instance(struct writing *q, size_t i, struct buf *rlmi)
{
	const char *reason;
	const char *state = instance_state(q, q->sub->watches[i], &reason);
	if (!state)
		return true; /* no instance */
	if (q->parts.len + q->doc.len > BODY_MAX)
		return false;
	buf_printf(rlmi, "<instance id=\"1\" state=\"%s\"", state);
	if (*reason)
		buf_printf(rlmi, " reason=\"%s\"", reason);
	if (q->doc.len) {
		buf_str(rlmi, " cid=\"");
		put_cid(q, i, rlmi);
		buf_str(rlmi, "\"");
		put_part(q, i);
	}
	buf_str(rlmi, "/>");
	return true;
}

static void put_resource(struct writing *q, size_t i, struct buf *rlmi)
{
	struct watch *w = q->sub->watches[i];
	if (!q->all && !w->dirty)
		return;
	buf_str(rlmi, "<resource uri=\"sip:");
	xml_escape(rlmi, slice_str(w->aor));
	buf_str(rlmi, "\">");
	w->dirty = !put_instance(q, i, rlmi);
	buf_str(rlmi, "</resource>");
}

static void put_rlmi(struct writing *q, struct buf *rlmi)
{
	const struct sub *s = q->sub;
	buf_str(rlmi, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
		      "<list xmlns=\"urn:ietf:params:xml:ns:rlmi\" "
		      "uri=\"sip:contacts@");
	xml_escape(rlmi, s->presence->conf->edge_name);
	buf_printf(rlmi, "\" version=\"%u\" fullState=\"%s\">", sub_version(s),
		   q->all ? "true" : "false");
	for (size_t i = 0; i < s->watch_count; i++)
		put_resource(q, i, rlmi);
	buf_str(rlmi, "</list>");
}

/* Nobody can foresee it, so no document holds it. */
static bool make_boundary(struct writing *q)
{
	uint8_t bytes[BOUNDARY_BYTES];
	struct buf b;
	buf_init(&b, sizeof(q->boundary));
	if (!crypto_random(bytes, sizeof(bytes)))
		text_base32(&b, slice_of(bytes, sizeof(bytes)));
	if (!buf_failed(&b) && b.len) {
		memcpy(q->boundary, b.ptr, b.len);
		q->boundary_len = b.len;
	}
	buf_free(&b);
	return q->boundary_len > 0;
}

static void put_all(struct writing *q, struct buf *type, struct buf *rlmi)
{
	struct slice host = q->sub->presence->conf->edge_name;
	buf_printf(type,
		   "multipart/related;type=\"application/rlmi+xml\";"
		   "start=\"<rlmi@%.*s>\";boundary=\"%.*s\"",
		   SLICE_FMT(host), (int)q->boundary_len, q->boundary);
	put_rlmi(q, rlmi);
	put_delimiter(q, q->body);
	buf_printf(q->body,
		   "\r\nContent-Transfer-Encoding: binary\r\n"
		   "Content-ID: <rlmi@%.*s>\r\n"
		   "Content-Type: application/rlmi+xml;charset=\"UTF-8\""
		   "\r\n\r\n",
		   SLICE_FMT(host));
	buf_put(q->body, buf_slice(rlmi));
	buf_put(q->body, buf_slice(&q->parts));
	put_delimiter(q, q->body);
	buf_str(q->body, "--\r\n");
	q->body->failed |= buf_failed(rlmi) || buf_failed(&q->parts) ||
			   buf_failed(&q->doc);
}

void list_write(struct sub *s, struct buf *type, struct buf *body)
{
	struct writing q = { .sub = s, .body = body, .all = s->full };
	struct buf rlmi;
	if (!make_boundary(&q)) {
		body->failed = true;
		return;
	}
	buf_init(&rlmi, 0);
	buf_init(&q.parts, 0);
	buf_init(&q.doc, 0);
	put_all(&q, type, &rlmi);
	buf_free(&rlmi);
	buf_free(&q.parts);
	buf_free(&q.doc);
}
