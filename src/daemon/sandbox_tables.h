/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls of each role, as a table for seccomp.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sandbox_call {
	int call;       /* SCMP_SYS(name) */
	uint32_t roles; /* bits 1 << enum proc_role */
	/* Only when (argument arg & mask) == value; mask 0: in any case. */
	unsigned arg;
	uint64_t mask;
	uint64_t value;
	bool self; /* value is our own process id */
	bool soft; /* mask is one bit: without it, EACCES instead of the end */
};

/* A kind of socket that roles may make; for the rest of them any other kind
 * ends the process. */
struct sandbox_socket {
	uint32_t roles;
	int family;
	int type;
};

const struct sandbox_call *sandbox_calls(size_t *count);
const struct sandbox_socket *sandbox_sockets(size_t *count);
/* Refused with EACCES instead of ending the process, where nothing above
 * speaks of them. */
const int *sandbox_refusals(size_t *count);
