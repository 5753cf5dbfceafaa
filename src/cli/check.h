/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of `check`. Each tells its findings as it makes them: pass, warn
 * or fail, and for the last two what to do.
 */
#pragma once

#include "cli/findings.h"

struct checkup {
	struct findings f;
	json_t *status; /* of the server, as admin/ctl_proto.h has it */
	json_t *facts;
};

/* The text of a member; "" when there is none. */
const char *check_text(const json_t *o, const char *key);
/* A whole file, for free(); NULL. */
char *check_read(const char *path, size_t max);

/* check_config.c, check_serving.c, check_certificates.c, check_names.c,
 * check_ports.c, check_relay.c, check_machine.c */
void check_config(struct checkup *k);
void check_processes(struct checkup *k);
void check_store(struct checkup *k);
void check_inside(struct checkup *k);
void check_certificates(struct checkup *k);
void check_names(struct checkup *k);
void check_ports(struct checkup *k);
void check_range(struct checkup *k);
void check_relay(struct checkup *k);
void check_fast_path(struct checkup *k);
void check_clock(struct checkup *k);
void check_limits(struct checkup *k);
void check_kernel(struct checkup *k);
