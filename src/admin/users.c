/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user.add, user.passwd, user.remove, user.list: records of the store. It is
 * told what digest authentication needs (RFC 8760: HA1 with SHA-256 and with
 * MD5; the realm is the user's domain), and what TURN needs (RFC 8489 9.2.2;
 * the realm is the relay's), never the password.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/asked.h"
#include "admin/json.h"
#include "base/crypto.h"
#include "base/text.h"
#include "conf/conf_views.h"

enum { PASSWORD_MAX = 256 };

static struct slice domain_of(const char *aor)
{
	struct slice s = slice_str(aor);
	size_t at = s.len;
	while (at > 0 && s.ptr[at - 1] != '@')
		at--;
	return slice_from(s, at);
}

static bool is_ours(const struct conf *conf, struct slice domain)
{
	for (size_t i = 0; i < conf->edge.domain_count; i++) {
		if (slice_ieq(conf->edge.domains[i], domain))
			return true;
	}
	return false;
}

/* ---- user.add, user.passwd ---- */

static bool good_password(struct request *r, struct slice password)
{
	if (password.len == 0 || password.len > PASSWORD_MAX) {
		ctl_request_fail(r, "a password has 1 to %d bytes",
				 PASSWORD_MAX);
		return false;
	}
	for (size_t i = 0; i < password.len; i++) {
		if (password.ptr[i] >= 0x20 && password.ptr[i] != 0x7f)
			continue;
		ctl_request_fail(r, "a password holds no control characters");
		return false;
	}
	return true;
}

/* What is kept of a password: HA1 for SIP, in the realm of the user's domain,
 * and the keys of TURN, in that of the relay. */
struct keys {
	char ha1_sha256[2 * SHA256_BYTES];
	char ha1_md5[2 * MD5_BYTES];
	uint8_t turn_userhash[SHA256_BYTES];
	uint8_t turn_sha256[SHA256_BYTES];
	uint8_t turn_md5[MD5_BYTES];
};

struct login {
	struct slice user, realm, password;
};

/* H(user:realm:password), by both. */
static int hash(const struct login *l, uint8_t sha256[static SHA256_BYTES],
		uint8_t md5[static MD5_BYTES])
{
	const struct slice colon = SLICE_LIT(":");
	const struct slice parts[] = { l->user, colon, l->realm, colon,
				       l->password };
	const size_t count = sizeof(parts) / sizeof(*parts);
	int err = crypto_sha256(parts, count, sha256);
	return err ? err : crypto_md5(parts, count, md5);
}

static int hash_sip(const struct login *l, struct keys *out)
{
	uint8_t sha256[SHA256_BYTES], md5[MD5_BYTES];
	int err = hash(l, sha256, md5);
	if (!err) {
		text_hex(slice_of(sha256, SHA256_BYTES), out->ha1_sha256);
		text_hex(slice_of(md5, MD5_BYTES), out->ha1_md5);
	}
	crypto_wipe(sha256, sizeof(sha256));
	crypto_wipe(md5, sizeof(md5));
	return err;
}

/* RFC 8489 14.4 for the hash of the name. */
static int hash_turn(const struct login *l, struct keys *out)
{
	const struct slice parts[] = { l->user, SLICE_LIT(":"), l->realm };
	int err = hash(l, out->turn_sha256, out->turn_md5);
	return err ? err : crypto_sha256(parts, 3, out->turn_userhash);
}

/* The user as it is typed at a sign-in, unescaped; at the relay the whole
 * address, which name becomes. */
static int compute(const char *aor, const struct login *turn, struct buf *name,
		   struct keys *out)
{
	struct slice domain = domain_of(aor);
	size_t len = strlen(aor) - domain.len - 1;
	int err = sip_unescape(slice_head(slice_str(aor), len), name);
	const struct login sip = { buf_slice(name), domain, turn->password };
	if (!err && !buf_failed(name))
		err = hash_sip(&sip, out);
	buf_u8(name, '@');
	buf_put(name, domain);
	if (!err && buf_failed(name))
		err = -ENOMEM;
	const struct login whole = { buf_slice(name), turn->realm,
				     turn->password };
	return err ? err : hash_turn(&whole, out);
}

static void put_keys(struct request *r, enum store_user_mode mode,
		     const char *aor, struct buf *name)
{
	struct keys k;
	const struct conf *conf = r->admin->conf;
	const struct login turn = {
		.realm = conf ? conf_relay_realm(conf) : SLICE_NONE,
		.password = ctl_request_arg(r, "password"),
	};
	if (compute(aor, &turn, name, &k)) {
		ctl_request_fail(r, "the password cannot be hashed");
		return;
	}
	const struct ipc_user_put m = {
		.id = r->ask,
		.mode = (uint8_t)mode,
		.aor = slice_str(aor),
		.ha1_sha256 = slice_of(k.ha1_sha256, sizeof(k.ha1_sha256)),
		.ha1_md5 = slice_of(k.ha1_md5, sizeof(k.ha1_md5)),
		.turn_name = buf_slice(name),
		.turn_realm = turn.realm,
		.turn_userhash =
			slice_of(k.turn_userhash, sizeof(k.turn_userhash)),
		.turn_md5 = slice_of(k.turn_md5, sizeof(k.turn_md5)),
		.turn_sha256 = slice_of(k.turn_sha256, sizeof(k.turn_sha256)),
	};
	asked_store(r, IPC_USER_PUT, &m);
	crypto_wipe(&k, sizeof(k));
}

static void put_user(struct request *r, enum store_user_mode mode)
{
	char aor[SIP_AOR_MAX];
	struct buf name;
	const struct conf *conf = r->admin->conf;
	if (!asked_aor(r, "aor", aor) ||
	    !good_password(r, ctl_request_arg(r, "password")))
		return;
	if (mode == USER_CREATE && conf && !is_ours(conf, domain_of(aor))) {
		ctl_request_fail(r,
				 "%.*s is none of our domains (edge.domains)",
				 SLICE_FMT(domain_of(aor)));
		return;
	}
	buf_init(&name, 0);
	put_keys(r, mode, aor, &name);
	buf_free(&name);
}

static void run_add(struct request *r)
{
	put_user(r, USER_CREATE);
}

static void run_passwd(struct request *r)
{
	put_user(r, USER_REPLACE);
}

/* ---- user.remove, user.disable, user.enable, user.list ---- */

static void run_remove(struct request *r)
{
	char aor[SIP_AOR_MAX];
	if (!asked_aor(r, "aor", aor))
		return;
	const struct ipc_user_del m = { .id = r->ask, .aor = slice_str(aor) };
	asked_store(r, IPC_USER_DEL, &m);
}

static void set(struct request *r, bool disabled)
{
	char aor[SIP_AOR_MAX];
	if (!asked_aor(r, "aor", aor))
		return;
	ctl_request_change(r, NULL, disabled ? "disabled" : "enabled");
	const struct ipc_user_set m = { .id = r->ask,
					.aor = slice_str(aor),
					.disabled = disabled };
	asked_store(r, IPC_USER_SET, &m);
}

static void run_disable(struct request *r)
{
	set(r, true);
}

static void run_enable(struct request *r)
{
	set(r, false);
}

static void run_list(struct request *r)
{
	const struct ipc_user_list m = { .id = r->ask };
	json_t *users = json_array();
	r->result = users ? json_pack("{s:o}", "users", users) : NULL;
	if (r->result)
		asked_store(r, IPC_USER_LIST, &m);
	else
		ctl_request_done(r, NULL);
}

/* ---- answers ---- */

/* May the password be used there? NULL: there is no relay. */
static const char *at_relay(const struct conf *conf, struct slice realm)
{
	if (!conf || !conf->relay.listen_count || !conf->relay.sip_passwords)
		return NULL;
	if (slice_empty(realm))
		return "new_password";
	return slice_eq(realm, conf_relay_realm(conf)) ? "yes" : "other_realm";
}

static void on_user(struct request *r, const struct ipc_user *u)
{
	json_t *row = json_pack("{s:o,s:b,s:I,s:s*}", "aor", json_text(u->aor),
				"disabled", u->disabled != 0, "created",
				(json_int_t)u->created_s, "relay",
				at_relay(r->admin->conf, u->turn_realm));
	if (json_array_append_new(json_object_get(r->result, "users"), row))
		ctl_request_done(r, NULL);
}

static void on_answer(struct request *r, const struct proc_id *from,
		      const struct ipc_msg *m)
{
	if (!from || from->role != PROC_STORE)
		return;
	if (m->type == IPC_USER && r->result) {
		on_user(r, &m->u.user);
		return;
	}
	if (m->type == IPC_STORE_RESULT)
		asked_answered(r, &m->u.store_result);
}

const struct verb_ops verb_user_add = { run_add, on_answer, asked_gone, NULL };
const struct verb_ops verb_user_passwd = { run_passwd, on_answer, asked_gone,
					   NULL };
const struct verb_ops verb_user_remove = { run_remove, on_answer, asked_gone,
					   NULL };
const struct verb_ops verb_user_list = { run_list, on_answer, asked_gone,
					 NULL };
const struct verb_ops verb_user_disable = { run_disable, on_answer, asked_gone,
					    NULL };
const struct verb_ops verb_user_enable = { run_enable, on_answer, asked_gone,
					   NULL };
