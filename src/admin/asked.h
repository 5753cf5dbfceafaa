/* SPDX-License-Identifier: Apache-2.0 */
/* What verbs that ask the store have in common. */
#pragma once

#include "admin/admin_int.h"
#include "sip/uri.h"

/* Sends the question, or ends the request with why not. */
void asked_store(struct request *r, enum ipc_type type, const void *body);
/* An argument as the canonical address-of-record; false: the request has
 * ended. */
bool asked_aor(struct request *r, const char *arg,
	       char aor[static SIP_AOR_MAX]);
/* The store said no: ends the request with a sentence. */
void asked_failed(struct request *r, const struct ipc_store_result *m);
/* The answer of the store has come: ends the request with what was gathered,
 * or with why not. */
void asked_answered(struct request *r, const struct ipc_store_result *m);
/* verb_ops.gone */
void asked_gone(struct request *r, const struct proc_id *peer);
