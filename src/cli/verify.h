/* SPDX-License-Identifier: Apache-2.0 */
/* The port table held against the machine: `ports --verify`, and a part of
 * `check`. */
#pragma once

#include <jansson.h>

#include "cli/kernel.h"

/* What verify_rows() is told of the machine. */
struct verify_machine {
	const struct kernel_sockets *sockets;
	const json_t *inodes; /* of the server; NULL: cannot be told */
	const json_t *rules;  /* {row: packets} */
};

/* rows: as `ports --json` prints them. {"rows":[{"id":s,"port":s,
 * "transport":s,"listens":b or null,"rule":b or null,"packets":n or null}...],
 * "uncovered":[s...],"rules":b,"fits":b}; NULL: out of memory. rule is null
 * when no rule of ours is loaded at all. */
json_t *verify_rows(const json_t *rows, const struct verify_machine *m);
struct cli;
/* Asks server and kernel; *out as above. An exit status, told on err. */
int verify_machine(struct cli *c, json_t **out);
