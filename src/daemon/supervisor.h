/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor: opens sockets, starts and restarts the processes, wires
 * their channels, conducts reloads and the end. It parses no byte from the
 * network and no YAML (architecture 1, 6).
 */
#pragma once

/* Runs until the end; returns the exit status. path: of the file. */
int supervisor_main(const char *path);
