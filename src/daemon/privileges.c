/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities and resource limits. */
#include "daemon/privileges.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static const cap_value_t kept[] = { CAP_SETUID, CAP_SETGID, CAP_SETPCAP,
				    CAP_KILL, CAP_NET_BIND_SERVICE };
enum { KEPT_COUNT = sizeof(kept) / sizeof(kept[0]) };

static bool is_kept(cap_value_t cap)
{
	for (size_t i = 0; i < KEPT_COUNT; i++) {
		if (kept[i] == cap)
			return true;
	}
	return false;
}

/* Without CAP_SETPCAP it cannot shrink: then it was never ours to use. */
static void shrink_bounding(bool all)
{
	for (cap_value_t c = 0; cap_get_bound(c) >= 0; c++) {
		if (all || !is_kept(c))
			prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
	}
}

/* caps: what stays permitted and effective. */
static int apply(cap_t caps)
{
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return cap_set_proc(caps) < 0 ? -errno : 0;
}

static int keep(cap_t to, cap_t from, cap_value_t cap)
{
	cap_flag_value_t have = CAP_CLEAR;
	if (cap_get_flag(from, cap, CAP_PERMITTED, &have) < 0)
		return -errno;
	if (have != CAP_SET)
		return 0;
	if (cap_set_flag(to, CAP_PERMITTED, 1, &cap, CAP_SET) < 0 ||
	    cap_set_flag(to, CAP_EFFECTIVE, 1, &cap, CAP_SET) < 0)
		return -errno;
	return 0;
}

int privileges_keep_few(void)
{
	cap_t have = cap_get_proc();
	cap_t want = cap_init();
	int err = have && want ? 0 : -ENOMEM;
	for (size_t i = 0; i < KEPT_COUNT && !err; i++)
		err = keep(want, have, kept[i]);
	if (!err) {
		shrink_bounding(false);
		err = apply(want);
	}
	cap_free(have);
	cap_free(want);
	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		err = -errno;
	return err;
}

void privileges_empty_bounding(void)
{
	shrink_bounding(true);
}

int privileges_keep_none(void)
{
	cap_t none = cap_init();
	if (!none)
		return -ENOMEM;
	int err = apply(none);
	cap_free(none);
	return err;
}

uint64_t limits_raise_files(void)
{
	struct rlimit r = { 0, 0 };
	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return 0;
	r.rlim_cur = r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r) < 0)
		getrlimit(RLIMIT_NOFILE, &r);
	return r.rlim_cur;
}

void limits_no_core(void)
{
	const struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_CORE, &none);
	/* the leak check of the sanitizers attaches to its own process */
#ifndef SALLYPORT_SANITIZE
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#else
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
#endif
}
