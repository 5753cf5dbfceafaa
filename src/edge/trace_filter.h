/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which messages somebody wants to see: all conditions that are given hold.
 * What matched once is remembered by its Call-ID, so that the rest of its
 * transaction and dialog is seen too, whatever it names. Pure.
 */
#pragma once

#include "ipc/ipc.h"
#include "sip/sip.h"

enum { TRACE_CALLS = 512, TRACE_CALL_MAX = 256 };

struct trace_filter {
	char user[SIP_AOR_MAX];       /* or "" */
	char partner[SIP_DOMAIN_MAX]; /* or "" */
	char call_id[TRACE_CALL_MAX]; /* or "" */
	uint64_t call[TRACE_CALLS];   /* digests of those that matched */
	size_t next;
};

/* What a connection tells of a message beside its text; empty: nothing. */
struct trace_party {
	struct slice user;    /* signed in as */
	struct slice partner; /* proven, or whom we dialled: its key */
};

/* -EINVAL: no address, no domain, or too long. */
int trace_filter_init(struct trace_filter *f, const struct ipc_trace *m);
/* Is it worth reading? False: trace_filter_takes() would say no. */
bool trace_filter_may(const struct trace_filter *f, struct slice bytes,
		      const struct trace_party *party);
/* m may be one that the parser refused: what could be read counts. */
bool trace_filter_takes(struct trace_filter *f, const struct sip_msg *m,
			const struct trace_party *party);
