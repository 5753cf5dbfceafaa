/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Why is this refused?" answered by the same judgement that serves requests
 * (access_explain()), for a configuration: the one in force, or a file.
 * Private to admin/ and the daemon's --ask.
 */
#pragma once

#include "admin/tables.h"

/* Arguments: from, to ("alice@contoso.test"), method (MESSAGE), audio_video
 * ("yes"), arriving_as (the name that a peer's certificate proves; empty: from
 * inside, or from our client), form ("json", else text). Appends one line a
 * check and the verdict. As tables_ports(). */
int explain_text(const struct conf *c, const struct tables_ask *ask,
		 struct buf *out, struct buf *warnings,
		 char error[static TABLES_ERROR_MAX]);
