/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the votes of a configuration change. */
#include "daemon/reload_state.h"

#include <assert.h>

bool reload_ask(struct reload_state *r)
{
	if (r->phase != RELOAD_IDLE) {
		r->again = true;
		return false;
	}
	r->phase = RELOAD_LOADING;
	r->refused = false;
	r->waiting = 0;
	return true;
}

static enum reload_step step(const struct reload_state *r)
{
	if (r->refused)
		return RELOAD_ABORT;
	return r->waiting == 0 ? RELOAD_COMMIT : RELOAD_WAIT;
}

enum reload_step reload_loaded(struct reload_state *r, size_t voters)
{
	assert(r->phase == RELOAD_LOADING);
	r->phase = RELOAD_PREPARING;
	r->candidate++;
	r->waiting = voters;
	return step(r);
}

enum reload_step reload_vote(struct reload_state *r, bool yes)
{
	assert(r->phase == RELOAD_PREPARING && r->waiting > 0);
	r->waiting--;
	if (!yes)
		r->refused = true;
	return step(r);
}

bool reload_committing(struct reload_state *r, size_t told)
{
	assert(r->phase == RELOAD_PREPARING);
	r->phase = RELOAD_COMMITTING;
	r->generation = r->candidate;
	r->waiting = told;
	return told == 0;
}

bool reload_committed(struct reload_state *r)
{
	assert(r->phase == RELOAD_COMMITTING && r->waiting > 0);
	return --r->waiting == 0;
}

bool reload_end(struct reload_state *r)
{
	r->phase = RELOAD_IDLE;
	bool again = r->again;
	r->again = false;
	return again;
}
