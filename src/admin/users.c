/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user.add, user.passwd, user.remove, user.list: records of the store. It is
 * told what digest authentication needs (RFC 8760: HA1 with SHA-256 and with
 * MD5), never the password. The realm is the user's domain.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/asked.h"
#include "admin/json.h"
#include "base/crypto.h"
#include "base/text.h"

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

struct ha1 {
	char sha256[2 * SHA256_BYTES];
	char md5[2 * MD5_BYTES];
};

/* H(user:realm:password); the user as it is typed at a sign-in, unescaped. */
static int compute(const char *aor, struct slice password, struct ha1 *out)
{
	struct slice domain = domain_of(aor);
	struct slice escaped =
		slice_head(slice_str(aor), strlen(aor) - domain.len - 1);
	uint8_t digest[SHA256_BYTES];
	struct buf user;
	buf_init(&user, 0);
	int err = sip_unescape(escaped, &user);
	if (!err && buf_failed(&user))
		err = -ENOMEM;
	const struct slice parts[] = { buf_slice(&user), SLICE_LIT(":"), domain,
				       SLICE_LIT(":"), password };
	const size_t count = sizeof(parts) / sizeof(*parts);
	if (!err)
		err = crypto_sha256(parts, count, digest);
	if (!err) {
		text_hex(slice_of(digest, SHA256_BYTES), out->sha256);
		err = crypto_md5(parts, count, digest);
	}
	if (!err)
		text_hex(slice_of(digest, MD5_BYTES), out->md5);
	crypto_wipe(digest, sizeof(digest));
	buf_free(&user);
	return err;
}

static void put_user(struct request *r, enum store_user_mode mode)
{
	char aor[SIP_AOR_MAX];
	struct ha1 ha1;
	const struct conf *conf = r->admin->conf;
	struct slice password = ctl_request_arg(r, "password");
	if (!asked_aor(r, "aor", aor) || !good_password(r, password))
		return;
	if (mode == USER_CREATE && conf && !is_ours(conf, domain_of(aor))) {
		ctl_request_fail(r,
				 "%.*s is none of our domains (edge.domains)",
				 SLICE_FMT(domain_of(aor)));
		return;
	}
	if (compute(aor, password, &ha1)) {
		ctl_request_fail(r, "the password cannot be hashed");
		return;
	}
	const struct ipc_user_put m = {
		.id = r->ask,
		.mode = (uint8_t)mode,
		.aor = slice_str(aor),
		.ha1_sha256 = slice_of(ha1.sha256, sizeof(ha1.sha256)),
		.ha1_md5 = slice_of(ha1.md5, sizeof(ha1.md5)),
	};
	asked_store(r, IPC_USER_PUT, &m);
	crypto_wipe(&ha1, sizeof(ha1));
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

static void on_user(struct request *r, const struct ipc_user *u)
{
	json_t *row = json_pack("{s:o,s:b,s:I}", "aor", json_text(u->aor),
				"disabled", u->disabled != 0, "created",
				(json_int_t)u->created_s);
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
