/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two-phase change of configuration, without I/O: load, ask all, commit
 * when all said yes, else abort (architecture 6, CFG-01, CFG-02). One at a
 * time; what is asked for meanwhile becomes one more run afterwards.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum reload_phase {
	RELOAD_IDLE,
	RELOAD_LOADING,
	RELOAD_PREPARING,
	RELOAD_COMMITTING
};
enum reload_step { RELOAD_WAIT, RELOAD_COMMIT, RELOAD_ABORT };

struct reload_state {
	enum reload_phase phase;
	uint32_t generation; /* in force */
	uint32_t candidate;  /* being prepared; never used twice */
	size_t waiting;      /* who did not answer yet */
	bool refused;
	bool again;
};

/* True: start loading now. False: it was noted for later. */
bool reload_ask(struct reload_state *r);
/* The file is good: a new candidate number to ask `voters` processes about. */
enum reload_step reload_loaded(struct reload_state *r, size_t voters);
/* A voter answered, or died: that is a no. Votes for another generation than
 * the candidate are the caller's to sort out. */
enum reload_step reload_vote(struct reload_state *r, bool yes);
/* The candidate is in force; `told` processes have to say that it is there too.
 * True: that is all. */
bool reload_committing(struct reload_state *r, size_t told);
/* One has said so, or has ended. True: that was the last. */
bool reload_committed(struct reload_state *r);
/* Ends the run. True: somebody asked meanwhile, call reload_ask() again. */
bool reload_end(struct reload_state *r);
