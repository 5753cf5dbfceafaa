/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime of a child process. Life: start, create the role, sandbox,
 * HELLO; then LISTENER, PREPARE, COMMIT and WIRE come from the supervisor, in
 * that order on one channel; the end of that channel is the end of us.
 */
#include "daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/metrics.h"
#include "daemon/crash.h"
#include "daemon/logsock.h"
#include "daemon/message.h"
#include "daemon/peers.h"
#include "daemon/sandbox.h"
#include "daemon/warm.h"

enum { DRAIN_LOOK_MS = 100 };

struct process {
	struct boot boot;
	const struct role_ops *ops;
	void *role;
	struct loop *loop;
	struct channel *control;
	struct peers *peers;
	struct buf scratch;
	struct timer drain;
	size_t left; /* as last told by DRAINED */
	/* of the last PREPARE, for its COMMIT */
	uint8_t log_level;
	uint8_t log_format;
	int exit_status;
};

/* ---- what roles use ---- */

struct loop *process_loop(struct process *p)
{
	return p->loop;
}

const struct boot *process_boot(const struct process *p)
{
	return &p->boot;
}

int process_reply(struct process *p, const struct proc_id *to,
		  enum ipc_type type, const void *body)
{
	return peers_send(p->peers, to, type, body);
}

int process_send(struct process *p, enum proc_role role, uint32_t slot,
		 enum ipc_type type, const void *body)
{
	const struct proc_id to = { .role = role, .slot = slot };
	return peers_send(p->peers, &to, type, body);
}

int process_send_fd(struct process *p, const struct proc_id *to,
		    enum ipc_type type, const void *body, int fd)
{
	return peers_send_fd(p->peers, to, type, body, fd);
}

int process_tell_supervisor(struct process *p, enum ipc_type type,
			    const void *body)
{
	return message_send(p->control, &p->scratch, type, body, -1);
}

void process_fail(struct process *p, const char *why)
{
	LOG(LOG_ERROR, "proc.failed", KV_STR("why", why));
	p->exit_status = 1;
	loop_stop(p->loop);
}

/* ---- status rows, for any role ---- */

struct status_answer {
	struct process *process;
	struct proc_id to;
	uint64_t id;
};

static void on_row(void *arg, const char *table, struct slice pairs)
{
	struct status_answer *a = arg;
	const struct ipc_status_row row = { .id = a->id,
					    .table = slice_str(table),
					    .pairs = pairs };
	process_reply(a->process, &a->to, IPC_STATUS_ROW, &row);
}

static void answer_status(struct process *p, const struct proc_id *to,
			  uint64_t id)
{
	struct status_answer a = { p, *to, id };
	const struct ipc_status_end end = { .id = id };
	if (p->ops->status)
		p->ops->status(p->role, on_row, &a);
	process_reply(p, to, IPC_STATUS_END, &end);
}

/* ---- other processes ---- */

static void on_peer_up(void *arg, const struct proc_id *peer)
{
	struct process *p = arg;
	p->ops->peer_up(p->role, peer);
}

static void on_peer_message(void *arg, const struct proc_id *from,
			    const struct ipc_msg *m, int fd)
{
	struct process *p = arg;
	if (fd >= 0 && p->ops->peer_fd) {
		p->ops->peer_fd(p->role, from, m, fd);
		return;
	}
	if (fd >= 0) /* nobody here takes any */
		close(fd);
	if (m->type == IPC_STATUS_GET)
		answer_status(p, from, m->u.status_get.id);
	else
		p->ops->peer_message(p->role, from, m);
}

static void on_peer_gone(void *arg, const struct proc_id *peer)
{
	struct process *p = arg;
	p->ops->peer_gone(p->role, peer);
}

static const struct peers_ops peer_ops = { on_peer_up, on_peer_message,
					   on_peer_gone };

/* ---- the supervisor's messages; each takes fd over ---- */

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void do_wire(struct process *p, const struct ipc_msg *m, int fd)
{
	const struct ipc_wire *w = &m->u.wire;
	const struct proc_id id = { (enum proc_role)w->role, w->slot,
				    w->incarnation };
	if (fd < 0 || w->role >= PROC_ROLE_COUNT) {
		close_fd(fd);
		return;
	}
	int err = peers_add(p->peers, &id, fd);
	if (err)
		process_fail(p, "out of memory for a channel");
}

static void do_listener(struct process *p, const struct ipc_msg *m, int fd)
{
	if (fd < 0 || !p->ops->listener) {
		close_fd(fd);
		return;
	}
	/* what fails here is told by the role at PREPARE */
	int err = p->ops->listener(p->role, &m->u.listener, fd);
	if (err)
		process_fail(p, "a listening socket was refused");
}

static void answer_prepare(struct process *p, uint32_t generation,
			   const char *error)
{
	const struct ipc_prepared yes = { .generation = generation,
					  .error = slice_str(error) };
	process_tell_supervisor(p, IPC_PREPARED, &yes);
}

static void do_prepare(struct process *p, const struct ipc_msg *m, int fd)
{
	uint32_t generation = m->u.prepare.generation;
	char error[ROLE_ERROR_MAX] = "";
	struct snapshot *snap = NULL;
	int err = fd < 0 ? -EBADMSG : snapshot_open(&snap, fd);
	close_fd(fd);
	if (err) {
		answer_prepare(p, generation, "the snapshot cannot be read");
		return;
	}
	uint8_t level = snap->conf->log.level;
	uint8_t format = snap->conf->log.format;
	err = p->ops->prepare(p->role, generation, snap, error);
	if (err) {
		snapshot_free(snap);
		answer_prepare(p, generation, *error ? error : "out of memory");
		return;
	}
	p->log_level = level;
	p->log_format = format;
	answer_prepare(p, generation, "");
}

static void do_commit(struct process *p, const struct ipc_msg *m, int fd)
{
	close_fd(fd);
	log_set_level((enum log_level)p->log_level);
	log_set_format((enum log_format)p->log_format);
	p->ops->commit(p->role, m->u.commit.generation);
	const struct ipc_committed done = { m->u.commit.generation };
	process_tell_supervisor(p, IPC_COMMITTED, &done);
}

static void do_abort(struct process *p, const struct ipc_msg *m, int fd)
{
	close_fd(fd);
	p->ops->abort(p->role, m->u.abort.generation);
}

static void on_drain_look(struct timer *t, void *arg)
{
	struct process *p = arg;
	size_t left = p->ops->busy ? p->ops->busy(p->role) : 0;
	if (left != p->left) {
		const struct ipc_drained d = {
			.left = left < UINT32_MAX ? (uint32_t)left : UINT32_MAX,
		};
		p->left = left;
		process_tell_supervisor(p, IPC_DRAINED, &d);
	}
	if (left > 0)
		timer_start(t, DRAIN_LOOK_MS);
}

static void do_drain(struct process *p, const struct ipc_msg *m, int fd)
{
	(void)m;
	close_fd(fd);
	if (p->ops->drain)
		p->ops->drain(p->role);
	p->left = SIZE_MAX;
	timer_start(&p->drain, 0);
}

static void do_log_level(struct process *p, const struct ipc_msg *m, int fd)
{
	(void)p;
	close_fd(fd);
	if (m->u.log_level.level <= LOG_DEBUG)
		log_set_level((enum log_level)m->u.log_level.level);
}

static void do_ping(struct process *p, const struct ipc_msg *m, int fd)
{
	const struct ipc_pong pong = { .id = m->u.ping.id };
	close_fd(fd);
	log_report_dropped();
	process_tell_supervisor(p, IPC_PONG, &pong);
}

static void do_other(struct process *p, const struct ipc_msg *m, int fd)
{
	if (p->ops->told)
		p->ops->told(p->role, m, fd);
	else
		close_fd(fd);
}

static const struct {
	enum ipc_type type;
	void (*act)(struct process *p, const struct ipc_msg *m, int fd);
} acts[] = {
	{ IPC_WIRE, do_wire },           { IPC_LISTENER, do_listener },
	{ IPC_PREPARE, do_prepare },     { IPC_COMMIT, do_commit },
	{ IPC_ABORT, do_abort },         { IPC_DRAIN, do_drain },
	{ IPC_LOG_LEVEL, do_log_level }, { IPC_PING, do_ping },
};

static void on_control(void *arg, struct slice msg, int fd)
{
	struct process *p = arg;
	struct ipc_msg m;
	if (ipc_decode(msg, &m) < 0) {
		close_fd(fd);
		process_fail(p, "the supervisor sent what is no message");
		return;
	}
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (acts[i].type != m.type)
			continue;
		acts[i].act(p, &m, fd);
		return;
	}
	do_other(p, &m, fd);
}

static void on_control_gone(void *arg)
{
	struct process *p = arg;
	loop_stop(p->loop);
}

static const struct channel_ops control_ops = { on_control, on_control_gone };

/* ---- start and end ---- */

static uint64_t wall_ms(void *arg)
{
	(void)arg;
	return loop_wall_ms();
}

static int attach_page(void)
{
	void *page = NULL;
	int err = sealed_map_page(&page, BOOT_FD_PAGE,
				  sizeof(struct metrics_page), true);
	if (err)
		return err;
	metrics_attach(page);
	close(BOOT_FD_PAGE);
	return 0;
}

static void ignore_signals(void)
{
	/* the supervisor alone says when it is over, and by its channel */
	static const int ignored[] = { SIGINT,  SIGTERM, SIGHUP,
				       SIGPIPE, SIGUSR1, SIGUSR2 };
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
}

/* A request takes and gives back some kilobytes at the top of the heap. With
 * the usual limits each turn of the loop would return them to the kernel, and
 * get them back zeroed, page by page. */
static void keep_memory(void)
{
	enum { KEPT = 8 << 20, STEP = 256 << 10, LARGE = 1 << 20 };

	mallopt(M_TRIM_THRESHOLD, KEPT);
	mallopt(M_TOP_PAD, STEP);
	mallopt(M_MMAP_THRESHOLD, LARGE);
}

int process_prepare_self(const struct boot *boot)
{
	/* written before the first line and only read afterwards: base/log
	 * borrows both for life */
	static int log_fd = BOOT_FD_LOG;
	static char name[BOOT_NAME_MAX];
	int flags = fcntl(BOOT_FD_LOG, F_GETFL);

	if (flags < 0 || fcntl(BOOT_FD_CONTROL, F_GETFL) < 0 ||
	    fcntl(BOOT_FD_PAGE, F_GETFL) < 0)
		return -EBADF;
	close_range(BOOT_FD_COUNT, ~0U, 0);
	/* shared with standard error: neither ever waits */
	fcntl(BOOT_FD_LOG, F_SETFL, flags | O_NONBLOCK);
	keep_memory();
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	prctl(PR_SET_NAME, "sallyportd", 0, 0, 0);
	ignore_signals();
	boot_name(&boot->id, name);
	log_set_clock(wall_ms, NULL);
	log_set_sink(logsock_sink, &log_fd);
	log_set_process(name);
	crash_install(BOOT_FD_LOG);
	tzset();
	/* libcrypto finds its files now, not in the sandbox */
	int err = warm_crypto();
	return err ? err : attach_page();
}

static int enter_sandbox(const struct boot *b)
{
	const struct sandbox s = { .role = b->id.role,
				   .change_user = b->change_user,
				   .uid = b->uid,
				   .gid = b->gid,
				   .folder = b->path };
	char error[SANDBOX_ERROR_MAX] = "";
	int err = sandbox_enter(&s, error);
	if (err)
		LOG(LOG_ERROR, "sandbox.failed", KV_STR("why", error));
	return err;
}

static int start(struct process *p)
{
	int err = loop_create(&p->loop);
	if (err)
		return err;
	timer_init(&p->drain, loop_timers(p->loop), on_drain_look, p);
	err = peers_create(&p->peers, p->loop, &peer_ops, p);
	if (!err)
		err = channel_open(&p->control, p->loop, BOOT_FD_CONTROL, NULL,
				   &control_ops, p);
	if (!err)
		err = p->ops->create(&p->role, p);
	if (!err)
		err = enter_sandbox(&p->boot);
	if (!err && p->ops->begin)
		err = p->ops->begin(p->role);
	if (err)
		return err;
	const struct ipc_hello hello = { .incarnation =
						 p->boot.id.incarnation };
	return process_tell_supervisor(p, IPC_HELLO, &hello);
}

static void finish(struct process *p)
{
	if (!p->loop)
		return;
	timer_stop(&p->drain);
	if (p->role)
		p->ops->free(p->role);
	peers_free(p->peers);
	channel_close(p->control);
	loop_free(p->loop);
	buf_free(&p->scratch);
}

int process_main(const struct boot *boot, const struct role_ops *ops)
{
	struct process p = { .boot = *boot, .ops = ops };
	int err = process_prepare_self(boot);
	if (err)
		return 1;
	buf_init(&p.scratch, 0);
	p.log_level = (uint8_t)log_get_level();
	err = start(&p);
	if (err) {
		LOG(LOG_ERROR, "proc.failed", KV_STR("why", strerror(-err)));
		p.exit_status = 1;
	} else {
		loop_run(p.loop);
	}
	finish(&p);
	return p.exit_status;
}
