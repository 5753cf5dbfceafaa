/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port table and the firewall's rules as answers to a question of texts:
 * for the running configuration, and for a file that nobody runs yet.
 */
#pragma once

#include "base/buf.h"
#include "conf/conf.h"

enum { TABLES_ERROR_MAX = 512 };

/* An argument by its name; empty: not given. */
typedef struct slice (*tables_arg_fn)(void *arg, const char *name);

struct firewall_snapshot;

struct tables_ask {
	tables_arg_fn arg;
	void *arg_of;
	const struct access_rulings *rulings;   /* in force; NULL: none */
	const struct firewall_snapshot *strict; /* NULL: nobody looked up */
};

/* Arguments: form (table), lang (en), profile (as configured), published
 * ("yes"). Appends to out, and lines for people to warnings. 0; -EINVAL and
 * a sentence in error; -ENOMEM (then too). */
int tables_ports(const struct conf *c, const struct tables_ask *ask,
		 struct buf *out, struct buf *warnings,
		 char error[static TABLES_ERROR_MAX]);
/* Arguments: format (nftables), perimeter ("yes"), ssh ("22", "22,PREFIX",
 * "none"; it has to be given but for a perimeter), edge (addresses with commas
 * between them), profile, strict ("yes": partners only from ask->strict). */
int tables_firewall(const struct conf *c, const struct tables_ask *ask,
		    struct buf *out, struct buf *warnings,
		    char error[static TABLES_ERROR_MAX]);
