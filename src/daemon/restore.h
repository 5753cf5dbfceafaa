/* SPDX-License-Identifier: Apache-2.0 */
/* sallyportd --restore. */
#pragma once

#include <stdbool.h>

/* Puts the backup in the place of the database that the configuration names,
 * inside the sandbox of the store. Exit status; says what it did. */
int restore_main(const char *config, const char *backup, bool json);
