/* SPDX-License-Identifier: Apache-2.0 */
/* Folders that the supervisor makes before the others start. */
#pragma once

#include <sys/types.h>

/* Makes a folder and those above it where they are missing; mode is for the
 * ones made. */
int folder_make(const char *path, mode_t mode);
/* The same for the folder that a path lies in. */
int folder_make_parent(const char *path, mode_t mode);
/* Gives a folder, not what is in it, to a user alone. */
int folder_give(const char *path, uid_t uid, gid_t gid);
