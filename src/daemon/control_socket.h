/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's socket: a Unix stream socket that the supervisor makes and the
 * admin process accepts on. Mode 0660; group sallyport may use it where that
 * group exists.
 */
#pragma once

#include <stddef.h>

enum { CONTROL_ERROR_MAX = 512 };

/* Makes its folder when that is missing; replaces a socket that nobody answers
 * on, and nothing else. */
int control_socket_open(int *fd, const char *path,
			char error[static CONTROL_ERROR_MAX]);
