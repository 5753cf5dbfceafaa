/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last words of a process: when a fatal signal ends it, one datagram with
 * the signal and the return addresses goes to the supervisor, which logs it as
 * proc.crash, and nothing of its memory (PRC-01, PRC-03, TLS-10). Addresses
 * are offsets into the executable where they lie in it, for addr2line(1).
 */
#pragma once

/* fd: the log socket, for life. Called once, before the sandbox: it makes the
 * unwinder load what it needs. */
void crash_install(int fd);
