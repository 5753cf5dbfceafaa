/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocator that can be made to fail: unit tests are linked so that every
 * malloc, calloc, realloc and strdup of our code passes through it.
 */
#pragma once

#include <stdbool.h>

/* Fails the nth allocation from now on (1: the next) once; 0: none. */
void oom_arm(unsigned n);
/* Did it fail one since oom_arm()? */
bool oom_fired(void);
/* Runs fn with the 1st, 2nd, 3rd ... allocation failing, until a run ends
 * without an injected failure. fn must clean up and must not crash or leak
 * whatever it returns; the last run must return 0. At most 10 000 runs. */
void oom_walk(int (*fn)(void *arg), void *arg);
