/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a configuration file that nobody runs: `--ask VERB`. */
#pragma once

/* words: NAME=VALUE each, for admin/tables.h. Prints the table; warnings and
 * what is wrong go to standard error. The exit status: 0, 1, or 2 when there
 * is no such verb. */
int tables_main(const char *path, const char *verb, char *const *words,
		int count);
