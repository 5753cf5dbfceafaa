/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up request before the judge, and what he says check by check. */
#include "admin/explain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "access/access.h"
#include "conf/conf_views.h"
#include "sip/uri.h"

enum { ARENA_FIRST = 16 << 10, ARENA_MAX = 64 << 20 };

struct question {
	struct access_facts facts;
	char from[SIP_AOR_MAX], to[SIP_AOR_MAX];
	char peer[1][256];
	struct access_target target; /* DNS is not asked: as if it named it */
};

static int __attribute__((format(printf, 2, 3)))
refuse(char *error, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(error, TABLES_ERROR_MAX, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static struct slice ask_for(const struct tables_ask *ask, const char *name)
{
	return ask->arg(ask->arg_of, name);
}

static int take_address(const struct tables_ask *ask, const char *name,
			char aor[static SIP_AOR_MAX], char *error)
{
	struct slice text = ask_for(ask, name);
	if (!sip_aor_text(text, aor))
		return 0;
	return refuse(error,
		      "%s is an address such as alice@contoso.test, not "
		      "%.*s",
		      name, SLICE_FMT(slice_head(text, 64)));
}

static struct slice domain_of(const char *aor)
{
	struct slice s = slice_str(aor);
	return slice_from(s, (size_t)slice_chr(s, '@') + 1);
}

static void choose_source(struct question *q, const struct access *a)
{
	struct access_facts *f = &q->facts;
	if (q->peer[0][0]) {
		f->source = ACCESS_FROM_FEDERATION;
		f->peer_name = (const char(*)[256])q->peer;
		f->peer_name_count = 1;
	} else if (access_is_ours(a, f->to_domain)) {
		f->source = ACCESS_FROM_CLIENT;
		f->flow_aor = f->from_aor;
	} else {
		f->source = ACCESS_FROM_INSIDE;
	}
}

static int take(struct question *q, const struct tables_ask *ask, char *error)
{
	struct access_facts *f = &q->facts;
	struct slice method = ask_for(ask, "method");
	char peer[SIP_DOMAIN_MAX];
	struct slice name = ask_for(ask, "arriving_as");
	if (take_address(ask, "from", q->from, error) ||
	    take_address(ask, "to", q->to, error))
		return -EINVAL;
	if (name.len && (sip_domain(name, peer) ||
			 slice_cstr(slice_str(peer), q->peer[0], 256)))
		return refuse(error,
			      "arriving-as is the name that a peer's "
			      "certificate proves, not %.*s",
			      SLICE_FMT(slice_head(name, 64)));
	f->method = method.len ? method : SLICE_LIT("MESSAGE");
	f->registers = slice_eq(f->method, SLICE_LIT("REGISTER"));
	f->crosses = access_crosses(f->method);
	f->audio_video =
		slice_eq(ask_for(ask, "audio_video"), SLICE_LIT("yes"));
	f->from_aor = slice_str(q->from);
	f->to_aor = slice_str(q->to);
	f->from_domain = domain_of(q->from);
	f->to_domain = domain_of(q->to);
	f->now_s = (uint64_t)time(NULL);
	return 0;
}

static void on_step(void *arg, const struct access_step *s)
{
	struct buf *out = arg;
	const char *word = s->unknown ? "ask " : s->reject ? "no  " : "yes ";
	buf_printf(out, "%s  %s", word, s->check);
	if (s->line)
		buf_printf(out, "  (line %u)", (unsigned)s->line);
	buf_str(out, "\n");
}

static void verdict(struct buf *out, const struct access_verdict *v)
{
	static const char *const words[] = {
		[ACCESS_TO_INSIDE] = "goes inside",
		[ACCESS_TO_PARTNER] = "goes to the partner",
		[ACCESS_TO_FLOW] = "goes to the client",
		[ACCESS_NEED_SRV] = "depends on SRV records",
		[ACCESS_NEED_LIMIT] = "depends on a limit",
	};
	if (v->reject)
		buf_printf(out,
			   "\nrefused: %u %s, ms-diagnostics %u, why=%s\n%s\n",
			   v->reject->status, v->reject->reason,
			   v->reject->diagnostics, v->reject->why,
			   v->reject->text);
	else
		buf_printf(out, "\nallowed: it %s\n", words[v->kind]);
	if (v->mark.type != ACCESS_SOURCE_NONE)
		buf_printf(out, "the sender counts as %s\n",
			   v->mark.verified ? "verified"
					    : "unverified: contacts only");
}

/* A peer that SRV records would have to name: said, and assumed. */
static void judge(struct question *q, const struct access *a, struct buf *out)
{
	struct access_facts *f = &q->facts;
	struct buf steps;
	buf_init(&steps, 0);
	struct access_verdict v = access_explain(a, f, on_step, &steps);
	if (v.kind == ACCESS_NEED_SRV) {
		buf_reset(&steps);
		buf_str(&steps, "(if the SRV records of the sender's domain "
				"name this peer)\n");
		q->target = (struct access_target){
			f->peer_name_count ? slice_str(q->peer[0]) : SLICE_NONE,
			true
		};
		f->from_srv =
			(struct access_srv){ ACCESS_SRV_KNOWN, &q->target, 1 };
		v = access_explain(a, f, on_step, &steps);
	}
	buf_put(out, buf_slice(&steps));
	if (buf_failed(&steps))
		out->failed = true;
	buf_free(&steps);
	verdict(out, &v);
}

int explain_text(const struct conf *c, const struct tables_ask *ask,
		 struct buf *out, struct buf *warnings,
		 char error[static TABLES_ERROR_MAX])
{
	struct question q = { .from = "" };
	struct access_conf view;
	struct access *a = NULL;
	(void)warnings;
	int err = take(&q, ask, error);
	if (err)
		return err;
	snprintf(error, TABLES_ERROR_MAX, "out of memory");
	struct arena *arena = arena_create(ARENA_FIRST, ARENA_MAX);
	err = arena ? conf_view_access(arena, c, &view) : -ENOMEM;
	if (!err)
		err = access_create(&a, &view, error);
	if (!err) {
		choose_source(&q, a);
		judge(&q, a, out);
		err = buf_failed(out) ? -ENOMEM : 0;
	}
	access_free(a);
	arena_free(arena);
	return err;
}
