/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls by seccomp(2). sandbox_tables.h lists what each role may call;
 * path and socket calls that a role has no rule for fail with EACCES, so that a
 * library that tries its luck goes on without; everything else ends the
 * process, and the kernel logs it.
 */
#include "daemon/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/sandbox_tables.h"

enum { SOCKET_FLAGS = SOCK_CLOEXEC | SOCK_NONBLOCK };

static int add_call(scmp_filter_ctx ctx, const struct sandbox_call *c)
{
	uint64_t value = c->self ? (uint64_t)getpid() : c->value;
	if (!c->mask)
		return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, c->call, 0);
	struct scmp_arg_cmp arg = { c->arg, SCMP_CMP_MASKED_EQ, c->mask,
				    value };
	int err = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, c->call, 1, &arg);
	if (err || !c->soft)
		return err;
	arg.datum_b = c->mask ^ c->value;
	return seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EACCES), c->call, 1,
				      &arg);
}

static int add_role(scmp_filter_ctx ctx, enum proc_role role)
{
	size_t count;
	const struct sandbox_call *calls = sandbox_calls(&count);
	int err = 0;
	for (size_t i = 0; i < count && !err; i++) {
		if (calls[i].roles & (1U << role))
			err = add_call(ctx, &calls[i]);
	}
	return err;
}

static int add_sockets(scmp_filter_ctx ctx, enum proc_role role)
{
	/* without SOCK_CLOEXEC and SOCK_NONBLOCK */
	const uint64_t type_mask = 0xffffffff & ~(uint64_t)SOCKET_FLAGS;
	size_t count;
	const struct sandbox_socket *s = sandbox_sockets(&count);
	int err = 0;
	for (size_t i = 0; i < count && !err; i++) {
		if (!(s[i].roles & (1U << role)))
			continue;
		const struct scmp_arg_cmp args[] = {
			{ 0, SCMP_CMP_EQ, (uint64_t)s[i].family, 0 },
			{ 1, SCMP_CMP_MASKED_EQ, type_mask,
			  (uint64_t)s[i].type },
		};
		err = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW,
					     SCMP_SYS(socket), 2, args);
	}
	return err;
}

/* Does a rule of the role speak of that call? A general refusal beside a
 * conditional rule would swallow it. */
static bool is_ruled(enum proc_role role, int call)
{
	size_t count;
	const struct sandbox_call *calls = sandbox_calls(&count);
	for (size_t i = 0; i < count; i++) {
		if (calls[i].call == call && (calls[i].roles & (1U << role)))
			return true;
	}
	const struct sandbox_socket *sockets = sandbox_sockets(&count);
	for (size_t i = 0; i < count; i++) {
		if (call == SCMP_SYS(socket) &&
		    (sockets[i].roles & (1U << role)))
			return true;
	}
	return false;
}

static int add_refusals(scmp_filter_ctx ctx, enum proc_role role)
{
	size_t count;
	const int *calls = sandbox_refusals(&count);
	int err = 0;
	for (size_t i = 0; i < count && !err; i++) {
		if (!is_ruled(role, calls[i]))
			err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES),
					       calls[i], 0);
	}
	return err;
}

int seccomp_restrict(enum proc_role role)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (!ctx)
		return -ENOMEM;
	int err = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!err)
		err = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_LOG, 1);
	if (!err)
		err = add_role(ctx, role);
	if (!err)
		err = add_sockets(ctx, role);
	if (!err)
		err = add_refusals(ctx, role);
	if (!err)
		err = seccomp_load(ctx);
	seccomp_release(ctx);
	return err;
}
