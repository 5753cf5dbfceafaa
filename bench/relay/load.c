/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load generator: sends MESSAGE over TLS connections of one side, answers
 * them on the other side, and tells how long it took.
 *
 *   relay_load send=ADDRESS [listen=ADDRESS | register=ADDRESS] name=value ...
 *
 *   send=, to=       where requests go, and for whom (user@domain)
 *   from=            their sender
 *   listen=          answer as a server here, or
 *   register=        answer as a client of that server, signed in as to= with
 *                    password=; with ws= 1 over WebSocket (RFC 7118)
 *   questions=       sends nothing before it has answered as many requests:
 *                    a server that asks whether we are there
 *   connections=, window=    how many, and requests in flight on each
 *   seconds=, warm=  how long it is measured, and before
 *   rate=            requests a second in all; 0: as many as go
 *   cert=, key=, ca= of both sides
 *   name=            server name in the handshakes of the senders
 *
 * Prints "begin", and at the end one line of JSON. Latency counts from when a
 * request was due.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/clock.h"
#include "bench/relay/sip.h"
#include "bench/relay/tls.h"
#include "bench/relay/ws.h"

enum { SENDER, ANSWERER, CONNECTIONS_MAX = 1024, WINDOW_MAX = 64 };
enum { MESSAGE_BYTES = 8192, SAMPLES_MAX = 4 << 20 };
enum { WARM_ANSWERS = 500 }; /* every way has been gone by then */

struct sender {
	struct tls_peer *peer;
	uint64_t due[WINDOW_MAX]; /* 0: free */
};

enum phase { PHASE_CONNECT, PHASE_WARM, PHASE_MEASURE };

struct load {
	const char *send, *to, *from, *listen, *sign_in, *password;
	const char *cert, *key, *ca, *name;
	long connections, window, rate, questions, ws;
	double seconds, warm;
	struct tls_loop loop;
	struct sender sender[CONNECTIONS_MAX];
	long up;
	bool answering, welcome; /* welcome: the WebSocket is open */
	enum phase phase;
	uint64_t next_due, ends, began;
	unsigned long sequence;
	long turn;    /* whose window is looked at next */
	uint32_t *us; /* latencies */
	size_t count, errors, answered;
	int cseq;
};

static const char body[] = "Hello Bob, is the gate open tonight?";

static void send_one(struct load *l, long c, long slot, uint64_t due)
{
	char text[MESSAGE_BYTES];
	unsigned long n = ++l->sequence;
	int len = snprintf(
		text, sizeof(text),
		"MESSAGE sip:%s SIP/2.0\r\n"
		"Via: SIP/2.0/TLS 127.0.0.1:5999;branch=z9hG4bKb%ld.%ld.%lu;"
		"rport\r\n"
		"Max-Forwards: 70\r\n"
		"From: \"Alice\" <sip:%s>;tag=9fxced76sl\r\n"
		"To: Bob <sip:%s>\r\n"
		"Call-ID: %d-%lu@bench.invalid\r\n"
		"CSeq: 1 MESSAGE\r\n"
		"User-Agent: softphone/1.0\r\n"
		"Supported: path, outbound, gruu\r\n"
		"Content-Type: text/plain;charset=UTF-8\r\n"
		"Content-Length: %zu\r\n\r\n%s",
		l->to, c, slot, n, l->from, l->to, getpid(), n,
		sizeof(body) - 1, body);

	l->sender[c].due[slot] = due;
	tls_write(l->sender[c].peer, text, (size_t)len);
}

static void on_answer(struct load *l, const char *text, size_t len)
{
	const char *branch = memmem(text, len, "z9hG4bKb", 8);
	int status = atoi(text + 8);
	unsigned long n;
	long c, slot;

	if (status < 200 || !branch ||
	    sscanf(branch + 8, "%ld.%ld.%lu", &c, &slot, &n) != 3 || c < 0 ||
	    c >= l->connections || slot < 0 || slot >= l->window ||
	    !l->sender[c].due[slot])
		return;
	uint64_t now = clock_ns();
	uint64_t took = now - l->sender[c].due[slot];
	l->sender[c].due[slot] = 0;
	l->answered++;
	if (status != 200 && ++l->errors == 1)
		fprintf(stderr, "first error: %.*s\n", (int)len, text);
	if (l->phase == PHASE_MEASURE && status == 200 &&
	    l->count < SAMPLES_MAX)
		l->us[l->count++] = (uint32_t)(took / 1000);
	if (!l->rate && l->phase != PHASE_CONNECT)
		send_one(l, c, slot, now);
}

static void say(struct load *l, struct tls_peer *p, const char *text,
		size_t len)
{
	if (l->ws)
		ws_write(p, text, len);
	else
		tls_write(p, text, len);
}

static void send_register(struct load *l, struct tls_peer *p,
			  const char *authorization)
{
	const char *domain = strchr(l->to, '@') + 1;
	char text[MESSAGE_BYTES];

	l->cseq++;
	int len = snprintf(
		text, sizeof(text),
		"REGISTER sip:%s SIP/2.0\r\n"
		"Via: SIP/2.0/TLS 127.0.0.1:5998;branch=z9hG4bKr%d;rport\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:%s>;tag=r\r\n"
		"To: <sip:%s>\r\nCall-ID: r%d@bench.invalid\r\n"
		"CSeq: %d REGISTER\r\n"
		"Contact: <sip:%s;transport=tls;ob>;expires=600\r\n"
		"Supported: path, outbound\r\n%sContent-Length: 0\r\n\r\n",
		domain, l->cseq, l->to, l->to, getpid(), l->cseq, l->to,
		authorization);

	say(l, p, text, (size_t)len);
}

static void on_registered(struct load *l, struct tls_peer *p, const char *text,
			  size_t len)
{
	char authorization[MESSAGE_BYTES / 2];
	char user[256], uri[256];
	int status = atoi(text + 8);

	if (status == 200) {
		l->answering = true;
		return;
	}
	snprintf(user, sizeof(user), "%.*s", (int)strcspn(l->to, "@"), l->to);
	snprintf(uri, sizeof(uri), "sip:%s", strchr(l->to, '@') + 1);
	struct sip_login login = { user, l->password, uri, 0 };
	if (status != 401 || l->cseq > 1 ||
	    !sip_authorize(authorization, sizeof(authorization), text, len,
			   &login)) {
		fprintf(stderr, "REGISTER: %.*s\n", (int)len, text);
		exit(1);
	}
	send_register(l, p, authorization);
}

static void on_message(struct tls_peer *p, const char *text, size_t len)
{
	struct load *l = p->loop->arg;
	char out[MESSAGE_BYTES];

	if (p->kind == SENDER && strncmp(text, "SIP/", 4) == 0)
		on_answer(l, text, len);
	else if (strncmp(text, "SIP/", 4) == 0)
		on_registered(l, p, text, len);
	else if (strncmp(text, "ACK ", 4) != 0) {
		say(l, p, out, sip_ok(out, sizeof(out), text, len));
		l->questions -= l->questions > 0;
	}
}

static void on_frames(struct load *l, struct tls_peer *p)
{
	const char *in = (const char *)p->in, *text;
	size_t at = 0, len, text_len;

	if (!l->welcome) {
		at = ws_welcome(in, p->in_len);
		l->welcome = at > 0;
		if (l->welcome)
			send_register(l, p, "");
	}
	while (l->welcome &&
	       (len = ws_frame(in + at, p->in_len - at, &text, &text_len))) {
		if (text_len)
			on_message(p, text, text_len);
		at += len;
	}
	tls_take(p, at);
}

static void on_data(struct tls_peer *p)
{
	struct load *l = p->loop->arg;
	size_t at = 0, len;

	if (p->kind == ANSWERER && l->ws) {
		on_frames(l, p);
		return;
	}

	for (;;) {
		while (at < p->in_len &&
		       (p->in[at] == '\r' || p->in[at] == '\n'))
			at++; /* keep-alives */
		len = sip_whole((const char *)p->in + at, p->in_len - at);
		if (len == 0)
			break;
		on_message(p, (const char *)p->in + at, len);
		at += len;
	}
	tls_take(p, at);
}

static void on_up(struct tls_peer *p)
{
	struct load *l = p->loop->arg;

	if (p->kind == SENDER)
		l->up++;
	else if (l->ws)
		ws_hello(p, l->name);
	else if (l->sign_in)
		send_register(l, p, "");
}

static void on_down(struct tls_peer *p)
{
	if (p->kind == ANSWERER && !((struct load *)p->loop->arg)->sign_in)
		return; /* a probe */
	fprintf(stderr, "the server ended a connection\n");
	exit(1);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void report(struct load *l, uint64_t now)
{
	double seconds = (double)(now - l->began) / 1e9;
	size_t n = l->count;

	qsort(l->us, n, sizeof(*l->us), by_value);
	printf("{\"transactions\": %zu, \"errors\": %zu, \"seconds\": %.3f, "
	       "\"per_second\": %.0f, \"p50_us\": %u, \"p99_us\": %u}\n",
	       n, l->errors, seconds, (double)n / seconds, n ? l->us[n / 2] : 0,
	       n ? l->us[n * 99 / 100] : 0);
	fflush(stdout);
}

static void fill_windows(struct load *l, uint64_t now)
{
	for (long c = 0; c < l->connections; c++)
		for (long slot = 0; slot < l->window; slot++)
			send_one(l, c, slot, now);
}

/* What is due by now, on the next window with room; what finds none waits, and
 * its time runs. */
static void send_due(struct load *l, uint64_t now)
{
	uint64_t step = 1000000000U / (uint64_t)l->rate;
	long places = l->connections * l->window;

	while (l->next_due <= now) {
		long tried = 0;
		while (tried < places &&
		       l->sender[l->turn % l->connections]
			       .due[l->turn / l->connections]) {
			l->turn = (l->turn + 1) % places;
			tried++;
		}
		if (tried == places)
			return;
		send_one(l, l->turn % l->connections, l->turn / l->connections,
			 l->next_due);
		l->next_due += step;
	}
}

/* false: it is over. */
static bool advance(struct load *l)
{
	uint64_t now = clock_ns();

	if (l->phase == PHASE_CONNECT) {
		if (l->up < l->connections || !l->answering || l->questions)
			return true;
		l->phase = PHASE_WARM;
		l->ends = now + (uint64_t)(l->warm * 1e9);
		l->next_due = now;
		if (!l->rate)
			fill_windows(l, now);
	}
	if (l->rate)
		send_due(l, now);
	if (now < l->ends || l->answered < WARM_ANSWERS)
		return true;
	if (l->phase == PHASE_MEASURE) {
		report(l, now);
		return false;
	}
	l->phase = PHASE_MEASURE;
	l->began = now;
	l->ends = now + (uint64_t)(l->seconds * 1e9);
	printf("begin\n");
	fflush(stdout);
	return true;
}

static void read_option(struct load *l, const char *arg)
{
	const struct {
		const char *name;
		const char **text;
		long *number;
		double *real;
	} options[] = {
		{ "send", &l->send, NULL, NULL },
		{ "to", &l->to, NULL, NULL },
		{ "from", &l->from, NULL, NULL },
		{ "listen", &l->listen, NULL, NULL },
		{ "register", &l->sign_in, NULL, NULL },
		{ "password", &l->password, NULL, NULL },
		{ "cert", &l->cert, NULL, NULL },
		{ "key", &l->key, NULL, NULL },
		{ "ca", &l->ca, NULL, NULL },
		{ "name", &l->name, NULL, NULL },
		{ "connections", NULL, &l->connections, NULL },
		{ "window", NULL, &l->window, NULL },
		{ "questions", NULL, &l->questions, NULL },
		{ "rate", NULL, &l->rate, NULL },
		{ "ws", NULL, &l->ws, NULL },
		{ "seconds", NULL, NULL, &l->seconds },
		{ "warm", NULL, NULL, &l->warm },
	};
	size_t n = strcspn(arg, "=");

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		if (arg[n] != '=' || strlen(options[i].name) != n ||
		    strncmp(arg, options[i].name, n) != 0)
			continue;
		if (options[i].text)
			*options[i].text = arg + n + 1;
		else if (options[i].number)
			*options[i].number = atol(arg + n + 1);
		else
			*options[i].real = atof(arg + n + 1);
		return;
	}
	fprintf(stderr, "unknown option: %s\n", arg);
	exit(2);
}

static void connect_all(struct load *l)
{
	SSL_CTX *out = tls_context(l->cert, l->key, l->ca, false);
	SSL_CTX *client = tls_context(NULL, NULL, l->ca, false);

	if (l->listen) {
		SSL_CTX *in = tls_context(l->cert, l->key, l->ca, true);
		tls_listen(&l->loop, in, l->listen, ANSWERER);
		l->answering = true;
	} else {
		tls_connect(&l->loop, client, l->sign_in, l->name, ANSWERER);
	}
	for (long c = 0; c < l->connections; c++)
		l->sender[c].peer =
			tls_connect(&l->loop, out, l->send, l->name, SENDER);
}

static bool complete(const struct load *l)
{
	return l->send && l->to && strchr(l->to, '@') && l->from &&
	       (l->listen || l->sign_in) && l->connections > 0 &&
	       l->connections <= CONNECTIONS_MAX && l->window > 0 &&
	       l->window <= WINDOW_MAX;
}

int main(int argc, char **argv)
{
	struct load *l = calloc(1, sizeof(*l));

	if (!l || !(l->us = malloc(SAMPLES_MAX * sizeof(*l->us))))
		tls_fail("memory");
	l->connections = 4;
	l->window = 8;
	l->seconds = 3;
	l->warm = 1;
	for (int i = 1; i < argc; i++)
		read_option(l, argv[i]);
	if (!complete(l)) {
		fprintf(stderr, "relay_load: see the head of load.c\n");
		return 2;
	}
	tls_loop_init(&l->loop);
	l->loop.arg = l;
	l->loop.on_up = on_up;
	l->loop.on_data = on_data;
	l->loop.on_down = on_down;
	connect_all(l);
	while (advance(l))
		tls_turn(&l->loop, 0);
	return 0;
}
