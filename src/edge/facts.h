/* SPDX-License-Identifier: Apache-2.0 */
/* Between a message and judgement: facts in it, and the mark for the inside. */
#pragma once

#include "access/access.h"
#include "sip/sip.h"

struct walk;

/* Fills audio_video, when judgement wants to know (reading SDP is dear); the
 * other facts are there. */
void facts_of_media(struct access_facts *f, const struct access *a,
		    const struct sip_msg *m);
/* Fills multiparty, marked and said_verified. */
void facts_of_message(struct access_facts *f, const struct sip_msg *m);
/* Tells the inside who the sender is; nothing for who is inside himself. */
void facts_mark(struct walk *w, const struct access_mark *mark);
