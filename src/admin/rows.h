/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs whose result is a list of rows that the store sends one by one. */
#pragma once

#include "admin/asked.h"

/* The result will be {name: [rows]}; false: the request has failed. */
bool rows_begin(struct request *r, const char *name);
/* One row; taken over. NULL, out of memory: ends the request. */
void rows_add(struct request *r, json_t *row);
/* verb_ops.answer: messages of that type go to `take`, the store's last word
 * ends the request. */
void rows_answer(struct request *r, const struct proc_id *from,
		 const struct ipc_msg *m, enum ipc_type type,
		 void (*take)(struct request *r, const struct ipc_msg *m));
