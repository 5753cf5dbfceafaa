/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine and its jobs. A job waits until a look-up of it is done or its
 * time is up; then it runs, at the end of the turn, never from within
 * libunbound's calls. So what it calls may do anything, dns_free() too.
 */
#include "dns/dns.h"

#include <errno.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "base/log.h"
#include "dns/dns_engine.h"
#include "dns/dns_setup.h"

enum { TIMEOUT_MS = 5000, LOAD_MAX = 4096 };

/* -- jobs -- */

bool dns_job_allowed(const struct dns *d, unsigned weight)
{
	return d->load + weight <= LOAD_MAX;
}

static void on_timeout(struct timer *t, void *arg)
{
	struct dns_job *job = arg;

	(void)t;
	job->expired = true;
	dns_job_wake(job);
}

void dns_job_open(struct dns_job *job, struct dns *d,
		  const struct dns_job_ops *ops)
{
	*job = (struct dns_job){ .ops = ops, .dns = d };
	timer_init(&job->timer, loop_timers(d->loop), on_timeout, job);
	timer_start(&job->timer, d->timeout_ms);
	list_push_back(&d->waiting, &job->node);
	d->load += ops->weight;
}

void dns_job_wake(struct dns_job *job)
{
	list_remove(&job->node);
	list_push_back(&job->dns->woken, &job->node);
	loop_at_turn_end(job->dns->loop, &job->dns->wake);
}

void dns_job_close(struct dns_job *job)
{
	timer_stop(&job->timer);
	list_remove(&job->node);
	job->dns->load -= job->ops->weight;
}

static void on_wake(void *arg)
{
	struct dns *d = arg;
	struct list batch;

	/* What is woken now runs in the next round. */
	list_init(&batch);
	while (!list_empty(&d->woken)) {
		struct list *node = d->woken.next;
		list_remove(node);
		list_push_back(&batch, node);
	}
	while (!list_empty(&batch)) {
		struct dns_job *job =
			container_of(batch.next, struct dns_job, node);
		list_remove(&job->node);
		list_push_back(&d->waiting, &job->node);
		if (d->closing)
			job->ops->drop(job);
		else
			job->ops->run(job);
	}
}

/* -- the engine -- */

/* What libunbound would write to standard error becomes our log. */
static ssize_t on_library_log(void *cookie, const char *text, size_t len)
{
	struct slice line = slice_trim(slice_of(text, len));

	(void)cookie;
	if (!slice_empty(line))
		LOG(LOG_DEBUG, "dns.library", KV_SLICE("text", line));
	return (ssize_t)len;
}

/* NOLINTNEXTLINE(readability-function-size): as above */
static void on_ready(void *arg, int rcode, void *packet, int packet_len,
		     int security, char *why_bogus, int was_ratelimited)
{
	(void)rcode;
	(void)packet;
	(void)packet_len;
	(void)security;
	(void)why_bogus;
	(void)was_ratelimited;
	*(bool *)arg = true;
}

/* libunbound builds its machinery at the first question; one that it answers
 * itself makes that happen now, where it may fail. */
static int start_engine(struct dns *d)
{
	bool ready = false;
	int err = ub_resolve_event(d->ctx, "localhost.", DNS_TYPE_A,
				   DNS_CLASS_IN, &ready, on_ready, NULL);

	if (!err && ready)
		return 0;
	return -EIO;
}

static uint64_t system_random(void *arg)
{
	(void)arg;
	return crypto_random_u64();
}

static void dns_destroy(struct dns *d)
{
	ub_ctx_delete(d->ctx);
	if (d->library_log)
		fclose(d->library_log);
	d->ctx = NULL;
	d->library_log = NULL;
}

int dns_create(struct dns **out, struct loop *l, const struct dns_conf *conf)
{
	static const cookie_io_functions_t log_io = { .write = on_library_log };
	struct dns *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	dns_events_init(&d->events, l);
	d->loop = l;
	d->timeout_ms = conf->timeout_ms ? conf->timeout_ms : TIMEOUT_MS;
	d->random = conf->random ? conf->random : system_random;
	d->random_arg = conf->random_arg;
	list_init(&d->waiting);
	list_init(&d->woken);
	int err = -ENOMEM;
	d->ctx = ub_ctx_create_ub_event(&d->events.base);
	if (!d->ctx)
		goto fail;
	d->library_log = fopencookie(NULL, "w", log_io);
	if (!d->library_log)
		goto fail;
	setvbuf(d->library_log, NULL, _IOLBF, 0);
	ub_ctx_debugout(d->ctx, d->library_log);
	err = dns_setup(d->ctx, conf);
	if (!err)
		err = start_engine(d);
	if (err)
		goto fail;
	d->wake = (struct turn_hook){ .fn = on_wake, .arg = d };
	*out = d;
	return 0;
fail:
	dns_destroy(d);
	free(d);
	return err;
}

static void drop_all(struct list *head)
{
	LIST_EACH (it, tmp, head) {
		struct dns_job *job = container_of(it, struct dns_job, node);
		job->ops->drop(job);
	}
}

static void on_release(void *arg)
{
	free(arg);
}

void dns_free(struct dns *d)
{
	if (!d || d->closing)
		return;
	d->closing = true;
	loop_cancel_turn_end(&d->wake);
	dns_destroy(d); /* ends the open look-ups, telling them */
	drop_all(&d->waiting);
	drop_all(&d->woken);
	/* on_wake() may be what called us. */
	d->release = (struct turn_hook){ .fn = on_release, .arg = d };
	loop_at_turn_end(d->loop, &d->release);
}
