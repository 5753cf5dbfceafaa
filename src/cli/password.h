/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords: from a file, the environment or the terminal, never from the
 * command line. The owner wipes them after use.
 */
#pragma once

#include "cli/cli.h"

enum { PASSWORD_MAX = 512 };

struct password {
	size_t len;
	char text[PASSWORD_MAX + 1];
};

/* The first line of what fd gives. 0, -ENODATA (empty), -EMSGSIZE,
 * -EILSEQ (no UTF-8, or NUL) or another -E... */
int password_read(struct password *out, int fd);
/* Asks on the terminal fd without echo. -EINTR: given up. */
int password_ask(struct password *out, int fd, const char *prompt);
/* For a new password: the file, or the terminal, twice. An exit status. */
int password_new(struct password *out, struct cli *c);
/* For signing in: the file, the environment, the terminal. */
int password_own(struct password *out, struct cli *c);
void password_wipe(struct password *p);
