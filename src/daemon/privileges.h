/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's own rights after start-up: what it needs to start children
 * as other users, to end them and to bind low ports, and nothing else. Also
 * the limits of the process (PRC-05).
 */
#pragma once

#include <stdint.h>

/* Keeps SETUID, SETGID, SETPCAP (children empty their bounding set with it),
 * KILL and NET_BIND_SERVICE as far as they are held. */
int privileges_keep_few(void);
/* The bounding set, empty: before the change of user, which takes away the
 * right to do it. */
void privileges_empty_bounding(void);
/* All other capability sets, empty. */
int privileges_keep_none(void);
/* Raises the number of descriptors to the hard limit; returns it. */
uint64_t limits_raise_files(void);
/* No core files, and nobody of the same user may attach (TLS-10). */
void limits_no_core(void);
