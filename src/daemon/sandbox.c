/* SPDX-License-Identifier: Apache-2.0 */
/* Puts a process into its sandbox, step by step. */
#include "daemon/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/privileges.h"

static int step_user(const struct sandbox *s)
{
	if (!s->change_user)
		return 0;
	if (s->uid == 0 || s->gid == 0)
		return -EINVAL;
	if (setgroups(0, NULL) < 0 || setresgid(s->gid, s->gid, s->gid) < 0 ||
	    setresuid(s->uid, s->uid, s->uid) < 0)
		return -errno;
	return 0;
}

static int step_bounding(const struct sandbox *s)
{
	(void)s;
	privileges_empty_bounding();
	return 0;
}

static int step_capabilities(const struct sandbox *s)
{
	(void)s;
	return privileges_keep_none();
}

static int step_privileges(const struct sandbox *s)
{
	(void)s;
	limits_no_core();
	/* the change of user forgot it */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

static int step_files(const struct sandbox *s)
{
	int err = landlock_restrict(s->role, s->folder);
	/* a kernel without it: sandbox_weak() told the operator */
	return err == -ENOSYS || err == -EOPNOTSUPP ? 0 : err;
}

static int step_calls(const struct sandbox *s)
{
	return seccomp_restrict(s->role);
}

static const struct {
	const char *name;
	int (*enter)(const struct sandbox *s);
} steps[] = {
	{ "bounding set", step_bounding },
	{ "change of user", step_user },
	{ "capabilities", step_capabilities },
	{ "privileges", step_privileges },
	{ "landlock", step_files },
	{ "seccomp", step_calls },
};

int sandbox_enter(const struct sandbox *s, char error[static SANDBOX_ERROR_MAX])
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int err = steps[i].enter(s);
		if (!err)
			continue;
		snprintf(error, SANDBOX_ERROR_MAX, "%s: %s", steps[i].name,
			 strerror(-err));
		return err;
	}
	return 0;
}

static bool lacks_user(void)
{
	return geteuid() != 0;
}

static bool lacks_landlock(void)
{
	return landlock_version() < 1;
}

static bool lacks_truncate(void)
{
	return landlock_version() >= 1 && landlock_version() < 3;
}

static bool is_sanitized(void)
{
#ifdef SALLYPORT_SANITIZE
	return true;
#else
	return false;
#endif
}

static const struct {
	bool (*lacks)(void);
	const char *why;
} weaknesses[] = {
	{ lacks_user, "not started as root: all processes share one user" },
	{ lacks_landlock, "this kernel has no Landlock" },
	{ lacks_truncate, "this kernel's Landlock does not guard truncate" },
	{ is_sanitized, "this is a sanitizer build" },
};

const char *sandbox_weak(unsigned *at)
{
	while (*at < sizeof(weaknesses) / sizeof(weaknesses[0])) {
		unsigned i = (*at)++;
		if (weaknesses[i].lacks())
			return weaknesses[i].why;
	}
	return NULL;
}
