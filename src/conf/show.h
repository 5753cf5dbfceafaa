/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration in force as texts, for people: one a key. */
#pragma once

#include "conf/conf.h"

/* path: "edge.name", "partners[2].domain"; what is secret reads "(hidden)".
 * Both live until fn returns. Keys that nothing was given for are left out. */
typedef void (*conf_show_fn)(void *arg, const char *path, struct slice value);
/* 0 or -ENOMEM. */
int conf_show(const struct conf *c, conf_show_fn fn, void *arg);
