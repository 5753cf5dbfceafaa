/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin.add, admin.passwd, admin.remove, admin.list: accounts for the pages,
 * kept by the store; and the check of a password at a sign-in. What is stored
 * is "scrypt:SALT:HASH", both hexadecimal (ADM-01).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/json.h"
#include "admin/rows.h"
#include "admin/web.h"
#include "base/crypto.h"
#include "base/text.h"

enum {
	SALT_BYTES = 16,
	PASSWORD_MIN = 8,
	PASSWORD_MAX = 256,
	SECRET_MAX = 128,
};

#define SCHEME "scrypt:"

/* ---- passwords ---- */

static int write_secret(struct slice password, struct slice salt,
			char out[static SECRET_MAX])
{
	uint8_t hash[SHA256_BYTES];
	char salt_hex[2 * SALT_BYTES + 1] = "", hash_hex[2 * SHA256_BYTES + 1];
	int err = crypto_scrypt(password, salt, hash);
	if (err)
		return err;
	text_hex(salt, salt_hex);
	text_hex(slice_of(hash, sizeof(hash)), hash_hex);
	snprintf(out, SECRET_MAX, SCHEME "%.*s:%.*s", 2 * SALT_BYTES, salt_hex,
		 2 * SHA256_BYTES, hash_hex);
	crypto_wipe(hash, sizeof(hash));
	crypto_wipe(hash_hex, sizeof(hash_hex));
	return 0;
}

/* The work is the same whether there is such an account or not: with an empty
 * secret the answer is no. -E... when it cannot be told. */
static int check_secret(struct slice password, struct slice secret, bool *right)
{
	uint8_t salt[SALT_BYTES] = { 0 };
	char now[SECRET_MAX];
	struct slice hex = slice_from(secret, strlen(SCHEME));
	bool known = slice_starts(secret, SLICE_LIT(SCHEME)) &&
		     text_unhex(slice_head(hex, 2 * SALT_BYTES), salt,
				sizeof(salt)) == SALT_BYTES;
	int err = write_secret(password, slice_of(salt, sizeof(salt)), now);
	*right = !err && known && crypto_equal(slice_str(now), secret);
	crypto_wipe(now, sizeof(now));
	return err;
}

/* ---- changes ---- */

/* Letters, digits, '.', '-', '_', '@': safe wherever it is shown. */
static bool good_name(struct request *r)
{
	struct slice name = ctl_request_arg(r, "name");
	bool good = name.len > 0 && name.len <= WEB_NAME_MAX;
	for (size_t i = 0; i < name.len && good; i++) {
		uint8_t c = name.ptr[i];
		good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		       (c >= '0' && c <= '9') || (c && strchr("._-@", c));
	}
	if (!good)
		ctl_request_fail(r,
				 "a name has 1 to %d letters, digits, dots, "
				 "hyphens, underscores and @",
				 WEB_NAME_MAX);
	return good;
}

static bool good_password(struct request *r, struct slice password)
{
	if (password.len >= PASSWORD_MIN && password.len <= PASSWORD_MAX)
		return true;
	ctl_request_fail(r, "a password has %d to %d bytes", PASSWORD_MIN,
			 PASSWORD_MAX);
	return false;
}

static int role_of(struct slice word)
{
	if (slice_empty(word))
		return ADMIN_SECURE;
	for (int i = ADMIN_READ; i <= ADMIN_SECURE; i++)
		if (slice_eq(word,
			     slice_str(admin_role_name((enum admin_role)i))))
			return i;
	return -EINVAL;
}

static void put(struct request *r, enum store_user_mode mode, int role)
{
	uint8_t salt[SALT_BYTES];
	char secret[SECRET_MAX];
	struct slice password = ctl_request_arg(r, "password");
	if (!good_name(r) || !good_password(r, password))
		return;
	int err = crypto_random(salt, sizeof(salt));
	if (!err)
		err = write_secret(password, slice_of(salt, sizeof(salt)),
				   secret);
	if (err) {
		ctl_request_fail(r, "the password cannot be hashed");
		return;
	}
	const struct ipc_admin_put m = { .id = r->ask,
					 .mode = (uint8_t)mode,
					 .name = ctl_request_arg(r, "name"),
					 .secret = slice_str(secret),
					 .role = (uint8_t)role };
	asked_store(r, IPC_ADMIN_PUT, &m);
	crypto_wipe(secret, sizeof(secret));
}

static void run_add(struct request *r)
{
	int role = role_of(ctl_request_arg(r, "role"));
	if (role < 0) {
		ctl_request_fail(r, "a role is read, operate or secure");
		return;
	}
	ctl_request_change(r, NULL, admin_role_name((enum admin_role)role));
	put(r, USER_CREATE, role);
}

static void run_passwd(struct request *r)
{
	put(r, USER_REPLACE, 0);
}

static void run_remove(struct request *r)
{
	const struct ipc_admin_del m = { .id = r->ask,
					 .name = ctl_request_arg(r, "name") };
	if (good_name(r))
		asked_store(r, IPC_ADMIN_DEL, &m);
}

static void on_changed(struct request *r, const struct proc_id *from,
		       const struct ipc_msg *m)
{
	const struct ipc_store_result *result = &m->u.store_result;
	if (!from || from->role != PROC_STORE || m->type != IPC_STORE_RESULT)
		return;
	if (result->error == EEXIST)
		ctl_request_fail(r, "there is an administrator of that name");
	else if (result->error == ENOENT)
		ctl_request_fail(r, "there is no administrator of that name");
	else {
		if (!result->error)
			web_forget(r->admin->web, ctl_request_arg(r, "name"));
		asked_answered(r, result);
	}
}

const struct verb_ops verb_admin_add = { run_add, on_changed, asked_gone,
					 NULL };
const struct verb_ops verb_admin_passwd = { run_passwd, on_changed, asked_gone,
					    NULL };
const struct verb_ops verb_admin_remove = { run_remove, on_changed, asked_gone,
					    NULL };

/* ---- list ---- */

static void run_list(struct request *r)
{
	const struct ipc_admin_get m = { .id = r->ask };
	if (rows_begin(r, "administrators"))
		asked_store(r, IPC_ADMIN_GET, &m);
}

static const char *role_name(uint8_t role)
{
	return role <= ADMIN_SECURE ? admin_role_name((enum admin_role)role)
				    : "?";
}

/* Never the secret (ADM-07). */
static void on_row(struct request *r, const struct ipc_msg *m)
{
	const struct ipc_admin *a = &m->u.admin;
	rows_add(r, json_pack("{s:o,s:s,s:I}", "name", json_text(a->name),
			      "role", role_name(a->role), "created",
			      (json_int_t)a->created_s));
}

static void on_list(struct request *r, const struct proc_id *from,
		    const struct ipc_msg *m)
{
	rows_answer(r, from, m, IPC_ADMIN, on_row);
}

const struct verb_ops verb_admin_list = { run_list, on_list, asked_gone, NULL };

/* ---- signing in ---- */

struct found {
	char secret[SECRET_MAX];
	uint8_t role;
};

static void found_free(void *state)
{
	if (state)
		crypto_wipe(state, sizeof(struct found));
	free(state);
}

static void run_login(struct request *r)
{
	struct slice name = ctl_request_arg(r, "name");
	const struct ipc_admin_get m = { .id = r->ask, .name = name };
	r->state = calloc(1, sizeof(struct found));
	r->state_free = found_free;
	if (!r->state)
		ctl_request_done(r, NULL);
	else if (name.len == 0 || name.len > WEB_NAME_MAX ||
		 ctl_request_arg(r, "password").len > PASSWORD_MAX)
		ctl_request_done(r, json_pack("{s:b}", "right", 0));
	else
		asked_store(r, IPC_ADMIN_GET, &m);
}

static void decide(struct request *r)
{
	const struct found *f = r->state;
	struct slice name = ctl_request_arg(r, "name");
	bool right = false;
	if (check_secret(ctl_request_arg(r, "password"), slice_str(f->secret),
			 &right))
		ctl_request_fail(r, "the password cannot be checked");
	else
		ctl_request_done(r, json_pack("{s:b,s:o,s:i}", "right", right,
					      "name", json_text(name), "role",
					      f->role));
}

static void on_login(struct request *r, const struct proc_id *from,
		     const struct ipc_msg *m)
{
	struct found *f = r->state;
	if (!from || from->role != PROC_STORE)
		return;
	if (m->type == IPC_ADMIN && m->u.admin.role <= ADMIN_SECURE) {
		(void)slice_cstr(m->u.admin.secret, f->secret,
				 sizeof(f->secret));
		f->role = m->u.admin.role;
	} else if (m->type == IPC_STORE_RESULT) {
		const struct ipc_store_result *result = &m->u.store_result;
		if (result->error && result->error != ENOENT)
			asked_failed(r, result);
		else
			decide(r);
	}
}

const struct verb_ops verb_admin_login = { run_login, on_login, asked_gone,
					   NULL };
