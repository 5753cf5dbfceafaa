/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `check` has to know of the server: facts says what the configuration in
 * force says, lookup what the server's own resolver finds. Nothing secret: of
 * each certificate its public half, as everybody is shown it.
 */
#include <errno.h>

#include "admin/admin_int.h"
#include "admin/json.h"
#include "ipc/targets.h"

enum { PATIENCE_MS = 7000 };

/* ---- facts ---- */

/* Takes value over. */
static int push(json_t *list, json_t *value)
{
	return json_array_append_new(list, value);
}

static json_t *finish(json_t *list, int err)
{
	if (!err)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *slices(const struct slice *s, size_t count)
{
	json_t *list = json_array();
	int err = list ? 0 : -ENOMEM;
	for (size_t i = 0; i < count && !err; i++)
		if (!slice_empty(s[i]))
			err = push(list, json_text(s[i]));
	return finish(list, err);
}

static json_t *addresses(const struct conf_addr *a, size_t count)
{
	json_t *list = json_array();
	int err = list ? 0 : -ENOMEM;
	for (size_t i = 0; i < count && !err; i++)
		err = push(list, json_text(a[i].text));
	return finish(list, err);
}

static int put_certificate(json_t *list, const struct conf_file *f)
{
	json_t *pem =
		json_stringn((const char *)f->content.ptr, f->content.len);
	if (!pem) /* a remark in it is no UTF-8: its reader has the file */
		pem = json_string("");
	return push(list, json_pack("{s:o,s:o}", "file", json_text(f->path),
				    "pem", pem));
}

static json_t *certificates(const struct conf *c)
{
	json_t *list = json_array();
	int err = list ? put_certificate(list, &c->tls.certificate) : -ENOMEM;
	for (size_t i = 0; i < c->tls.certificate_count && !err; i++)
		err = put_certificate(list,
				      &c->tls.certificates[i].certificate);
	return finish(list, err);
}

static void run_facts(struct request *r)
{
	const struct conf *c = r->admin->conf;
	if (!c) {
		ctl_request_fail(r, "the server is still starting");
		return;
	}
	const struct slice public[] = { c->relay.public4, c->relay.public6 };
	ctl_request_done(
		r,
		json_pack("{s:o,s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "name",
			  json_text(c->edge.name), "domains",
			  slices(c->edge.domains, c->edge.domain_count), "home",
			  c->inside.builtin ? "builtin" : "none", "federation",
			  addresses(c->access.federation.listen,
				    c->access.federation.listen_count),
			  "clients",
			  addresses(c->access.clients.listen,
				    c->access.clients.listen_count),
			  "relay",
			  addresses(c->relay.listen, c->relay.listen_count),
			  "relay_tls",
			  addresses(c->relay.tls_listen,
				    c->relay.tls_listen_count),
			  "public", slices(public, 2), "trust",
			  json_text(c->tls.trust.path), "certificates",
			  certificates(c)));
}

const struct verb_ops verb_facts = { .run = run_facts };

/* ---- lookup ---- */

static bool kind_of(struct slice word, uint8_t *out)
{
	static const struct {
		const char *word;
		uint8_t kind;
	} kinds[] = { { "federation", IPC_TARGETS_FEDERATION },
		      { "clients", IPC_TARGETS_CLIENTS },
		      { "host", IPC_TARGETS_HOST } };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!slice_eq(word, slice_str(kinds[i].word)))
			continue;
		*out = kinds[i].kind;
		return true;
	}
	return false;
}

static void run_lookup(struct request *r)
{
	struct admin *a = r->admin;
	struct ipc_targets_get m = { .id = r->ask,
				     .name = ctl_request_arg(r, "name") };
	if (!kind_of(ctl_request_arg(r, "kind"), &m.kind)) {
		ctl_request_fail(r, "the kind is federation, clients or host");
		return;
	}
	if (a->ops.send(a->arg, PROC_RESOLVER, 0, IPC_TARGETS_GET, &m)) {
		ctl_request_fail(r, "the resolver process cannot be asked "
				    "now; try again");
		return;
	}
	ctl_request_deadline(r, PATIENCE_MS);
}

static json_t *target_of(const struct ipc_target *t)
{
	char host[ADDR_TEXT_MAX];
	json_t *list = json_array();
	int err = list ? 0 : -ENOMEM;
	for (size_t i = 0; i < t->count && !err; i++)
		err = push(list, json_string(addr_host(&t->addr[i], host)));
	return json_pack("{s:o,s:i,s:b,s:o}", "name", json_text(t->name),
			 "port", t->port, "direct", t->direct, "addresses",
			 finish(list, err));
}

static json_t *targets_of(const struct ipc_targets *m)
{
	struct cur c = cur_init(m->targets);
	struct ipc_target t;
	json_t *list = json_array();
	int err = list ? 0 : -ENOMEM;
	while (!err && ipc_target_next(&c, &t) > 0)
		err = push(list, target_of(&t));
	return finish(list, err);
}

static void on_answer(struct request *r, const struct proc_id *from,
		      const struct ipc_msg *m)
{
	const struct ipc_targets *t = &m->u.targets;
	if (!from || from->role != PROC_RESOLVER || m->type != IPC_TARGETS)
		return;
	ctl_request_done(
		r, json_pack("{s:I,s:o,s:b,s:o}", "error", (json_int_t)t->error,
			     "text", json_text(t->text), "secure",
			     t->secure != 0, "targets", targets_of(t)));
}

static void on_gone(struct request *r, const struct proc_id *peer)
{
	if (peer->role == PROC_RESOLVER)
		ctl_request_fail(r, "the resolver process has ended; try "
				    "again");
}

const struct verb_ops verb_lookup = { run_lookup, on_answer, on_gone, NULL };
