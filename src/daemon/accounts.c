/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the accounts of the processes. */
#include "daemon/accounts.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NAME_MAX_LEN = 64, NOBODY = 65534, NUMBER_MAX = 0x7fffff00 };

struct account accounts_nobody(void)
{
	return (struct account){ NOBODY, NOBODY };
}

static int by_name(const char *name, struct account *out)
{
	const struct passwd *pw = getpwnam(name);
	if (!pw)
		return -ENOENT;
	*out = (struct account){ pw->pw_uid, pw->pw_gid };
	return 0;
}

/* Each role its own account, made by the package. */
static int by_role(struct accounts *out, char error[static ACCOUNTS_ERROR_MAX])
{
	for (int r = PROC_EDGE; r < PROC_LOADER; r++) {
		char name[NAME_MAX_LEN];
		snprintf(name, sizeof(name), "sallyport-%s",
			 proc_role_name((enum proc_role)r));
		if (by_name(name, &out->of[r]) == 0 && out->of[r].uid != 0)
			continue;
		snprintf(error, ACCOUNTS_ERROR_MAX,
			 "started as root, but there is no account %s: create "
			 "the accounts with systemd-sysusers, or set user: to "
			 "an account or to a number",
			 name);
		return -ENOENT;
	}
	return 0;
}

static int by_number(struct accounts *out, uint64_t first,
		     char error[static ACCOUNTS_ERROR_MAX])
{
	if (first == 0) {
		snprintf(error, ACCOUNTS_ERROR_MAX,
			 "user: 0 is root; give the first of six numbers that "
			 "nobody uses");
		return -EINVAL;
	}
	for (int r = PROC_EDGE; r < PROC_LOADER; r++) {
		uid_t id = (uid_t)(first + (uint64_t)(r - PROC_EDGE));
		out->of[r] = (struct account){ id, id };
	}
	return 0;
}

static int by_account(struct accounts *out, struct slice user,
		      char error[static ACCOUNTS_ERROR_MAX])
{
	char name[NAME_MAX_LEN] = "";
	struct account a = { 0, 0 };
	if (slice_cstr(user, name, sizeof(name)) < 0 || by_name(name, &a) < 0) {
		snprintf(error, ACCOUNTS_ERROR_MAX,
			 "user: there is no account %.*s", SLICE_FMT(user));
		return -ENOENT;
	}
	if (a.uid == 0) {
		snprintf(error, ACCOUNTS_ERROR_MAX,
			 "user: %s is root; name an account without rights",
			 name);
		return -EINVAL;
	}
	for (int r = PROC_EDGE; r < PROC_LOADER; r++)
		out->of[r] = a;
	return 0;
}

int accounts_resolve(struct accounts *out, struct slice user,
		     char error[static ACCOUNTS_ERROR_MAX])
{
	uint64_t number = 0;
	int err;
	memset(out, 0, sizeof(*out));
	if (geteuid() != 0) {
		for (int r = 0; r < PROC_ROLE_COUNT; r++)
			out->of[r] = (struct account){ geteuid(), getegid() };
		return 0;
	}
	out->change = true;
	if (slice_empty(user))
		err = by_role(out, error);
	else if (slice_u64(user, NUMBER_MAX, &number) == 0)
		err = by_number(out, number, error);
	else
		err = by_account(out, user, error);
	/* the loader sees the key too, as edge does */
	out->of[PROC_LOADER] = out->of[PROC_EDGE];
	return err;
}
