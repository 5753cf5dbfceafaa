/* SPDX-License-Identifier: Apache-2.0 */
/* The client's half of admin/ctl_proto.h: one question, one answer. */
#pragma once

#include <jansson.h>

#include "cli/cli.h"

/*
 * Asks the daemon at -s; takes args over (NULL is memory that ran out). On
 * CLI_DONE *result is the result object, for json_decref(). Otherwise why not
 * was told on err, and the exit status is returned.
 */
int ctl_call(struct cli *c, const char *verb, json_t *args, json_t **result);
/* The same; the descriptor fd goes along. */
int ctl_call_fd(struct cli *c, const char *verb, json_t *args, int fd,
		json_t **result);
/* The same; fn hears of each step that comes before the result. False: that is
 * enough, the question is dropped and *result is NULL. */
typedef bool (*ctl_step_fn)(void *arg, const json_t *step);
int ctl_call_steps(struct cli *c, const char *verb, json_t *args,
		   ctl_step_fn fn, void *arg, json_t **result);
/* The same without a result. When the daemon's answer is no (CLI_NO), why goes
 * to *why, for free(), and nothing is told; it may be NULL then. */
int ctl_try(struct cli *c, const char *verb, json_t *args, char **why);
/* The same; prints the result object for --json, else nothing: then *told is
 * false. */
int ctl_do(struct cli *c, const char *verb, json_t *args, bool *told);
/* Wipes the string of a member that was secret. */
void ctl_wipe(json_t *object, const char *key);
