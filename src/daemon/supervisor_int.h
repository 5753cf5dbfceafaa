/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to the supervisor: its state and how its parts call each other.
 *
 *   supervisor.c  start, signals, the beat of every two seconds
 *   proc.c        one process: start, messages, end, restart, watchdog
 *   bring_up.c    a process gets the configuration in force and its channels
 *   reload.c      a new configuration for all
 *   operate.c     what the admin process asks for, and is told
 *   stop.c        drain and end
 */
#pragma once

#include "daemon/accounts.h"
#include "daemon/backoff.h"
#include "daemon/boot.h"
#include "daemon/clockwatch.h"
#include "daemon/listeners.h"
#include "daemon/fast_path.h"
#include "daemon/load.h"
#include "daemon/message.h"
#include "daemon/notify.h"
#include "daemon/reload_state.h"
#include "daemon/snapshot.h"
#include "daemon/watchdog.h"

enum { OPERATES_MAX = 64 };

#define CONFIG_NONE                        \
	{                                  \
		{ -1, -1, -1 }, NULL, NULL \
	}

/* One generation: what processes are sent, and what we read ourselves. */
struct config {
	int fd[SNAP_COUNT];
	struct snapshot *snap;
	struct listeners *listeners;
};

struct proc {
	struct supervisor *sup;
	struct proc_id id;
	char name[BOOT_NAME_MAX];
	enum proc_state state;
	uint32_t generation; /* it has committed; 0: none */
	uint32_t preparing;  /* it was asked for; 0: none */
	bool votes;          /* the reload waits for its answer */
	bool commits;        /* the reload waits until it is in force there */
	bool drained;
	struct child *child; /* NULL: not running */
	struct channel *control;
	struct log_source *log;
	int page_fd; /* for life */
	struct backoff backoff;
	uint64_t started_ms;
	uint32_t restarts;
	uint32_t failed_starts; /* before it was ready for the first time */
	struct watchdog dog;
	struct timer dog_timer;
	struct timer kill_timer;
	struct timer restart_timer;
};

enum stop_phase { STOP_NOT, STOP_DRAINING, STOP_ENDING, STOP_STORE };

struct supervisor {
	struct loop *loop;
	const char *path;
	struct logpipe *log;
	struct buf scratch;
	struct notify notify;
	struct accounts accounts;
	struct config conf; /* in force */
	struct config next; /* being prepared */
	struct reload_state reload;
	struct load *load;
	struct timer reload_deadline;
	char why[LISTENERS_ERROR_MAX]; /* of a no: file:line: text */
	struct proc *procs;
	size_t proc_count;
	int control_fd;
	int page_fd;   /* our own metrics */
	int shared_fd; /* what relay processes share; -1: there are none */
	struct fast_path fast;
	bool started;  /* all were ready once */
	int log_level; /* set by the operator; -1: as configured */
	struct ipc_operate operates[OPERATES_MAX]; /* wait for a reload */
	size_t operates_now, operate_count;        /* first ones: this run */
	enum stop_phase stop;
	uint64_t stop_ms; /* when it began */
	struct timer stop_deadline;
	struct timer beat;
	struct clockwatch clock;
	uint64_t notified_ms;
	int exit_status;
};

/* supervisor.c */
/* Ends everything with exit status 1; why: NULL when it was logged already. */
void supervisor_fail(struct supervisor *s, const char *why);
void supervisor_level(struct supervisor *s); /* applies log level and format */
void config_clear(struct config *c);

/* proc.c */
void proc_init(struct proc *p, struct supervisor *s, enum proc_role role,
	       uint32_t slot);
void proc_start(struct proc *p);
int proc_send(struct proc *p, enum ipc_type type, const void *body, int fd);
void proc_set_state(struct proc *p, enum proc_state state);
/* SIGKILL; its end is then handled as any other. */
void proc_kill(struct proc *p);
/* Hangs up; a process that does not end by itself is killed. */
void proc_hang_up(struct proc *p);
void proc_release(struct proc *p); /* at the very end */

/* bring_up.c */
void bring_up(struct proc *p);
/* Another configuration: the switch, and what relay processes tell of it. */
void bring_up_fast_path(struct supervisor *s);
/* Its answer to a PREPARE that no reload waits for. */
void bring_up_answer(struct proc *p, const struct ipc_prepared *m);
/* Sends listeners and snapshot of that generation. */
int bring_up_send(struct proc *p, uint32_t generation, const struct config *c);

/* reload.c */
void reload_request(struct supervisor *s);
void reload_answer(struct proc *p, const struct ipc_prepared *m);
void reload_lost(struct proc *p);
/* The new configuration is in force there, or the process has ended. */
void reload_committed_by(struct proc *p); /* a voter died */
void reload_cancel(struct supervisor *s);
/* "file:line: why" as the event config.rejected. */
void reload_log_rejected(const struct supervisor *s, const char *line);

/* operate.c */
void operate_request(struct proc *admin, const struct ipc_operate *m);
/* The run of the reload that they waited for is over. */
void operate_reloaded(struct supervisor *s, const char *error);
void operate_admin_ready(struct proc *admin);
void operate_tell_state(const struct proc *p);
void operate_tell_supervisor(struct supervisor *s);

/* stop.c */
void stop_begin(struct supervisor *s);
void stop_now(struct supervisor *s);
/* A process ended or drained. */
void stop_step(struct supervisor *s);
