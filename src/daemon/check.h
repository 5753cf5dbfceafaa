/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole check of a configuration, the same for `sallyportd -t` and for the
 * loader (CFG-01): the schema, and then what the workers will build from it.
 */
#pragma once

#include "conf/conf.h"

/* conf_load(), then certificates, keys and rules. 0 or -EINVAL with error set:
 * "file:line: text". */
int check_load(struct arena *a, const struct conf_load *load,
	       const struct conf **out, char error[static CONF_ERROR_MAX],
	       struct buf *warnings);
/* All of a file that was opened; -EFBIG over 4 MiB. */
int check_read(int fd, struct buf *out);
/* Processors that we may run on. */
uint32_t check_cpus(void);
/* Reads and checks the file; prints what is wrong on standard error. The exit
 * status: 1, or what fn (may be NULL) says of the configuration. */
int check_file(const char *path, int (*fn)(void *arg, const struct conf *c),
	       void *arg);
/* sallyportd -t: exit status; prints the one line. */
int check_main(const char *path);
