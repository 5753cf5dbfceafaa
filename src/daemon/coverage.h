/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port table held against the sockets that were really opened, before
 * anybody is served: a row without a socket, or a socket without a row, would
 * be a firewall that lies.
 */
#pragma once

#include "daemon/listeners.h"

/* listeners_create(), then the check; arguments and errors are the same. */
int coverage_open(struct listeners **out, const struct conf *conf,
		  const struct listeners *before, const char *path,
		  char error[static LISTENERS_ERROR_MAX]);
/* The check alone, of the addresses that the kernel tells. 0, -ENOMEM or
 * -EINVAL with error set, "file:line: key: ...". */
int coverage_check(const struct listeners *l, const struct conf *conf,
		   const char *path, char error[static LISTENERS_ERROR_MAX]);
