/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of requests that presence sends; private to presence/. */
#pragma once

#include "base/buf.h"

/* "name" + value + CRLF; name brings its colon and space. */
void letter_line(struct buf *out, const char *name, struct slice value);
/* "name: <uri>;tag=tag", without the tag when it is empty. */
void letter_party(struct buf *out, const char *name, struct slice uri,
		  struct slice tag);
/* Start line and Max-Forwards. Returns the start line's length. */
size_t letter_begin(struct buf *out, const char *method, struct slice target);
void letter_cseq(struct buf *out, uint32_t cseq, const char *method);
/* Without folds: our lines are single ones. */
void letter_unfolded(struct buf *out, struct slice value);
