/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two sides of a request. A Request-URI names a user, one of his devices by
 * an address that tells nothing to others (RFC 5627), or a URI of the inside
 * that we hid (hide.h); in a dialog that began with a hidden one, From has it
 * too. Policy is asked about the user behind it.
 */
#pragma once

#include "edge/walk.h"

/* facts.from_aor and facts.from_domain. */
void parties_sender(struct walk *w);
/* facts.to_aor, facts.to_domain and w->hidden. */
void parties_addressee(struct walk *w);
/* What was hidden stands in the request again: it goes to whoever knows it by
 * that name. */
void parties_show(struct walk *w);
