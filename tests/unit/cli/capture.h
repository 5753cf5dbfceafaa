/* SPDX-License-Identifier: Apache-2.0 */
/* A run of the command whose output and complaints are kept as text. */
#pragma once

#include <stdlib.h>

#include "cli/cli.h"

struct capture {
	struct cli cli;
	char *out, *err;
	size_t out_len, err_len;
};

static inline void capture_open(struct capture *c)
{
	*c = (struct capture){ 0 };
	c->cli.out = open_memstream(&c->out, &c->out_len);
	c->cli.err = open_memstream(&c->err, &c->err_len);
	assert_non_null(c->cli.out);
	assert_non_null(c->cli.err);
}

/* argv ends with NULL. */
static inline int capture_run(struct capture *c, const char *const *argv)
{
	char *copy[24];
	int argc = 0;

	for (; argv[argc]; argc++)
		copy[argc] = (char *)(uintptr_t)argv[argc];
	int status = cli_run(&c->cli, argc, copy);
	fflush(c->cli.err);
	return status;
}

static inline void capture_close(struct capture *c)
{
	fclose(c->cli.out);
	fclose(c->cli.err);
	free(c->out);
	free(c->err);
}
