/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The null notifier: TLS, and for each PUBLISH one finished NOTIFY a watcher.
 * No dialogs, no XML, no database: what any fan-out has to pay. It says 200 to
 * all that home_load asks, and reads the answers to its NOTIFYs without a look.
 *
 *   home_null LISTEN CERT KEY
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/relay/sip.h"
#include "bench/relay/tls.h"

enum { ANSWER_BYTES = 8192, NOTIFY_BYTES = 2048 };

struct watcher {
	struct watcher *next;
	struct tls_peer *peer;
	char to[128], call[128];
	unsigned number, cseq;
};

struct null {
	struct watcher *watchers;
	unsigned made;
	const char *address;
};

/* As long as what a presence server sends: the same lines. */
static void notify(const struct null *n, struct watcher *w, const char *body,
		   size_t body_len)
{
	char text[NOTIFY_BYTES];

	w->cseq++;
	int len = snprintf(text, sizeof(text),
			   "NOTIFY sip:watcher@contoso.test SIP/2.0\r\n"
			   "Via: SIP/2.0/TLS %s;branch=z9hG4bKn%u.%u\r\n"
			   "Max-Forwards: 70\r\n"
			   "From: <sip:user0@contoso.test>;tag=null\r\n"
			   "To:%s\r\nCall-ID:%s\r\nCSeq: %u NOTIFY\r\n"
			   "Contact: <sip:presence@%s;transport=tls>\r\n"
			   "Event: presence\r\n"
			   "Subscription-State: active;expires=3600\r\n"
			   "Content-Type: application/pidf+xml\r\n"
			   "Content-Length: %zu\r\n\r\n%.*s",
			   n->address, w->number, w->cseq, w->to, w->call,
			   w->cseq, n->address, body_len, (int)body_len, body);
	if (len < 0 || (size_t)len >= sizeof(text))
		tls_fail("NOTIFY too long");
	tls_write(w->peer, text, (size_t)len);
}

static void value(char *out, size_t size, const char *text, size_t len,
		  const char *name)
{
	size_t n = 0;
	const char *v = sip_value(text, len, name, &n);

	snprintf(out, size, "%.*s", v ? (int)n : 0, v ? v : "");
}

static void on_subscribe(struct null *n, struct tls_peer *p, const char *text,
			 size_t len)
{
	struct watcher *w = calloc(1, sizeof(*w));

	if (!w)
		tls_fail("memory");
	w->peer = p;
	w->number = ++n->made;
	w->next = n->watchers;
	n->watchers = w;
	value(w->to, sizeof(w->to), text, len, "From");
	value(w->call, sizeof(w->call), text, len, "Call-ID");
	notify(n, w, "", 0);
}

static void on_publish(const struct null *n, const char *text, size_t len)
{
	const char *end = memmem(text, len, "\r\n\r\n", 4);

	if (!end)
		tls_fail("PUBLISH without an end");
	for (struct watcher *w = n->watchers; w; w = w->next)
		notify(n, w, end + 4, len - (size_t)(end + 4 - text));
}

static void on_request(struct tls_peer *p, const char *text, size_t len)
{
	struct null *n = p->loop->arg;
	char out[ANSWER_BYTES];
	size_t used = sip_ok(out, sizeof(out) / 2, text, len) - 2;

	/* in front of the empty line */
	used += (size_t)snprintf(out + used, sizeof(out) - used,
				 "SIP-ETag: null\r\n\r\n");
	tls_write(p, out, used);
	if (strncmp(text, "SUBSCRIBE ", 10) == 0)
		on_subscribe(n, p, text, len);
	else if (strncmp(text, "PUBLISH ", 8) == 0)
		on_publish(n, text, len);
}

static void on_data(struct tls_peer *p)
{
	size_t at = 0, len;

	while ((len = sip_whole((const char *)p->in + at, p->in_len - at))) {
		if (strncmp((const char *)p->in + at, "SIP/", 4) != 0)
			on_request(p, (const char *)p->in + at, len);
		at += len;
	}
	tls_take(p, at);
}

static void on_up(struct tls_peer *p)
{
	(void)p;
}

/* The load ends as a whole. */
static void on_down(struct tls_peer *p)
{
	struct null *n = p->loop->arg;

	for (struct watcher **at = &n->watchers; *at;) {
		struct watcher *w = *at;
		if (w->peer != p) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		free(w);
	}
}

int main(int argc, char **argv)
{
	struct null n = { .watchers = NULL };
	struct tls_loop loop;

	if (argc != 4)
		return 2;
	n.address = argv[1];
	tls_loop_init(&loop);
	loop.arg = &n;
	loop.on_up = on_up;
	loop.on_data = on_data;
	loop.on_down = on_down;
	tls_listen(&loop, tls_context(argv[2], argv[3], NULL, false), argv[1],
		   0);
	printf("ready\n");
	fflush(stdout);
	for (;;)
		tls_turn(&loop, -1);
}
