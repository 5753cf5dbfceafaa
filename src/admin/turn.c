/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turn.credential, turn.rotate: credentials of the relay, minted by the store,
 * in the form that WebRTC clients are configured with
 * (draft-uberti-behave-turn-rest-00).
 */
#include "admin/asked.h"
#include "admin/json.h"
#include "base/text.h"
#include "conf/conf_views.h"
#include "stun/credential.h"

static bool has_relay(struct request *r)
{
	const struct conf *c = r->admin->conf;
	if (c && c->relay.listen_count)
		return true;
	ctl_request_fail(r, c ? "this server has no relay; the section "
				"`relay` of its configuration makes one"
			      : "the server is still starting");
	return false;
}

static bool ttl_of(struct request *r, uint32_t *out)
{
	struct slice text = ctl_request_arg(r, "ttl");
	uint64_t ttl_s = CREDENTIAL_TTL_DEFAULT_S;
	if (text.len && (slice_u64(text, CREDENTIAL_TTL_MAX_S, &ttl_s) ||
			 ttl_s < CREDENTIAL_TTL_MIN_S)) {
		ctl_request_fail(r, "a credential lives %d to %d seconds",
				 CREDENTIAL_TTL_MIN_S, CREDENTIAL_TTL_MAX_S);
		return false;
	}
	*out = (uint32_t)ttl_s;
	return true;
}

static bool form_of(struct request *r, uint8_t *out)
{
	struct slice form = ctl_request_arg(r, "form");
	bool text = !form.len || slice_eq(form, SLICE_LIT("text"));
	*out = text ? CREDENTIAL_TEXT : CREDENTIAL_BINARY;
	if (text || slice_eq(form, SLICE_LIT("ms")))
		return true;
	ctl_request_fail(r, "the form of a credential is text or ms");
	return false;
}

static void run_credential(struct request *r)
{
	char aor[SIP_AOR_MAX];
	struct ipc_credential_get get = { .id = r->ask };
	if (!has_relay(r) || !asked_aor(r, "user", aor) ||
	    !ttl_of(r, &get.ttl_s) || !form_of(r, &get.form))
		return;
	get.user = slice_str(aor);
	asked_store(r, IPC_CREDENTIAL_GET, &get);
}

static void run_rotate(struct request *r)
{
	const struct ipc_secret_rotate m = { .id = r->ask };
	asked_store(r, IPC_SECRET_ROTATE, &m);
}

/* Where the relay is reached: by name, over UDP and TCP. */
static json_t *uris(const struct conf *c)
{
	static const char *const transports[] = { "udp", "tcp" };
	json_t *list = json_array();
	for (size_t i = 0; i < 2 * c->relay.listen_count; i++) {
		const struct conf_addr *at = &c->relay.listen[i / 2];
		struct buf b;
		buf_init(&b, 0);
		buf_printf(&b, "turn:%.*s:%u?transport=%s",
			   SLICE_FMT(c->edge.name), addr_port(&at->addr),
			   transports[i % 2]);
		json_t *text = json_text(buf_slice(&b));
		bool bad = buf_failed(&b);
		buf_free(&b);
		if (bad || json_array_append_new(list, text)) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* The binary form is told in base64, as MRAS does. */
static json_t *word(const struct request *r, struct slice value)
{
	struct buf b;
	if (!slice_eq(ctl_request_arg(r, "form"), SLICE_LIT("ms")))
		return json_text(value);
	buf_init(&b, 0);
	text_base64(&b, value);
	json_t *text = buf_failed(&b) ? NULL : json_text(buf_slice(&b));
	if (b.ptr)
		crypto_wipe(b.ptr, b.cap);
	buf_free(&b);
	return text;
}

/* What lacks memory is told when the store has ended its answer. */
static void on_credential(struct request *r, const struct ipc_credential *m)
{
	const struct conf *c = r->admin->conf;
	json_t *list = uris(c);
	uint64_t ttl_s = CREDENTIAL_TTL_DEFAULT_S;
	(void)slice_u64(ctl_request_arg(r, "ttl"), CREDENTIAL_TTL_MAX_S,
			&ttl_s); /* was checked */
	json_decref(r->result);
	r->result = json_pack("{s:o,s:o,s:I,s:I,s:o,s:o}", "username",
			      word(r, m->username), "password",
			      word(r, m->password), "ttl", (json_int_t)ttl_s,
			      "expires", (json_int_t)m->expires_s, "realm",
			      json_text(conf_relay_realm(c)), "uris", list);
}

static void on_minted(struct request *r, const struct proc_id *from,
		      const struct ipc_msg *m)
{
	if (!from || from->role != PROC_STORE)
		return;
	if (m->type == IPC_CREDENTIAL)
		on_credential(r, &m->u.credential);
	else if (m->type != IPC_STORE_RESULT)
		return;
	else if (r->result || m->u.store_result.error)
		asked_answered(r, &m->u.store_result);
	else
		ctl_request_done(r, NULL);
}

static void on_rotated(struct request *r, const struct proc_id *from,
		       const struct ipc_msg *m)
{
	if (from && from->role == PROC_STORE && m->type == IPC_STORE_RESULT)
		asked_answered(r, &m->u.store_result);
}

const struct verb_ops verb_turn_credential = { run_credential, on_minted,
					       asked_gone, NULL };
const struct verb_ops verb_turn_rotate = { run_rotate, on_rotated, asked_gone,
					   NULL };
