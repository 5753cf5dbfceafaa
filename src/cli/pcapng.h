/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace as a file for Wireshark: pcapng (draft-ietf-opsawg-pcapng), each
 * message as an exported PDU of the dissector "sip" (link type 252), with the
 * addresses of the connection it was decrypted from, and with the verdict as
 * a comment, which also tells what is not shown. Big-endian; pure.
 */
#pragma once

#include "cli/trace_record.h"

enum { PCAPNG_COMMENTS = 16, PCAPNG_KEY_MAX = 320, PCAPNG_TEXT_MAX = 512 };

/* A verdict that came without its message: it goes with the next one of that
 * transaction that leaves. */
struct pcapng_comment {
	char key[PCAPNG_KEY_MAX]; /* or "" */
	char text[PCAPNG_TEXT_MAX];
};

struct pcapng {
	struct pcapng_comment comment[PCAPNG_COMMENTS];
	size_t next;
};

/* The beginning of a file. Sticky errors in out, here and below. */
void pcapng_begin(struct pcapng *p, struct buf *out);
/* Nothing, when it is a verdict alone. */
void pcapng_record(struct pcapng *p, struct buf *out,
		   const struct trace_record *r);
