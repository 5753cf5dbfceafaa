/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users of a registrar: many TLS connections, each signed in as one user, that
 * then do one thing.
 *
 *   home_load PART ADDRESS NAME USERS PASSWORD [SECONDS]
 *
 *   register   each renews its registration, again and again
 *   store      each sends messages to users who are away
 *   fanout     the first one publishes, all others watch it: each round ends
 *              when all have been told
 *   hold       nothing, until the input ends
 *
 * User n is userN@contoso.test, those who are away are awayN@contoso.test.
 * Prints "up USERS" when all are signed in, "begin", and at the end one line of
 * JSON. A round of fanout counts from the PUBLISH to the last NOTIFY.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/clock.h"
#include "bench/relay/sip.h"
#include "bench/relay/tls.h"

enum { AT_ONCE = 32, AWAY = 200, MESSAGE_BYTES = 8192, CHALLENGE_BYTES = 1024 };
enum { ROUND_NS = 1500000000, WINDOW = 4 };

enum part { PART_REGISTER, PART_STORE, PART_FANOUT, PART_HOLD, PARTS };
enum phase { PHASE_SIGN_IN, PHASE_WATCH, PHASE_WARM, PHASE_MEASURE };

static const char *const parts[PARTS] = { "register", "store", "fanout",
					  "hold" };

struct user {
	struct tls_peer *peer;
	long number;
	char contact[64]; /* where it is */
	char *challenge;  /* the last one */
	unsigned nc, cseq;
	bool in, watching;
};

struct load {
	enum part part;
	const char *address, *name, *password;
	long users, begun, up, asked, watching;
	double seconds;
	enum phase phase;
	struct tls_loop loop;
	SSL_CTX *ctx;
	struct user *user;
	unsigned long sequence;
	uint64_t began, ends, next_round, round_began;
	long round_left;
	unsigned long done, errors, rounds;
	double busy; /* seconds of rounds */
	char etag[128];
};

static void write_text(struct user *u, const char *head, const char *more,
		       const char *body)
{
	char text[MESSAGE_BYTES];
	int len = snprintf(text, sizeof(text),
			   "%sMax-Forwards: 70\r\n%sContent-Length: %zu\r\n\r\n"
			   "%s",
			   head, more, strlen(body), body);

	tls_write(u->peer, text, (size_t)len);
}

/* Request line, Via, From, To, Call-ID and CSeq. */
static void head_of(char out[1024], struct user *u, const char *method,
		    const char *uri, const char *call)
{
	struct load *l = u->peer->loop->arg;

	snprintf(out, 1024,
		 "%s %s SIP/2.0\r\n"
		 "Via: SIP/2.0/TLS %s;branch=z9hG4bKh%ld.%lu;rport\r\n"
		 "From: <sip:user%ld@contoso.test>;tag=h%ld\r\n"
		 "To: <%s>\r\nCall-ID: %s%ld.%d@bench.invalid\r\n"
		 "CSeq: %u %s\r\n",
		 method, uri, u->contact, u->number, ++l->sequence, u->number,
		 u->number,
		 strcmp(method, "REGISTER") ? uri : "sip:contoso.test", call,
		 u->number, getpid(), ++u->cseq, method);
}

static void send_register(struct user *u)
{
	struct load *l = u->peer->loop->arg;
	char head[1024], more[CHALLENGE_BYTES + 512], authorization[1024] = "";
	char name[32];
	struct sip_login login = { name, l->password, "sip:contoso.test",
				   u->nc++ };

	snprintf(name, sizeof(name), "user%ld", u->number);
	if (u->challenge &&
	    !sip_authorize(authorization, sizeof(authorization), u->challenge,
			   strlen(u->challenge), &login))
		tls_fail("challenge");
	snprintf(head, sizeof(head),
		 "REGISTER sip:contoso.test SIP/2.0\r\n"
		 "Via: SIP/2.0/TLS %s;branch=z9hG4bKh%ld.%lu;rport\r\n"
		 "From: <sip:%s@contoso.test>;tag=h%ld\r\n"
		 "To: <sip:%s@contoso.test>\r\nCall-ID: r%ld.%d@bench.invalid"
		 "\r\nCSeq: %u REGISTER\r\n",
		 u->contact, u->number, ++l->sequence, name, u->number, name,
		 u->number, getpid(), ++u->cseq);
	snprintf(more, sizeof(more),
		 "Contact: <sip:%s@%s;transport=tls;ob>;expires=3600\r\n"
		 "Supported: path, outbound\r\n%s",
		 name, u->contact, authorization);
	write_text(u, head, more, "");
}

static void send_message(struct user *u)
{
	struct load *l = u->peer->loop->arg;
	char head[1024], uri[64], call[32];

	snprintf(uri, sizeof(uri), "sip:away%lu@contoso.test",
		 l->sequence % AWAY);
	snprintf(call, sizeof(call), "m%lu.", l->sequence);
	head_of(head, u, "MESSAGE", uri, call);
	write_text(u, head, "Content-Type: text/plain;charset=UTF-8\r\n",
		   "Hello Bob, is the gate open tonight?");
}

static void send_subscribe(struct user *u)
{
	char head[1024], more[256];

	head_of(head, u, "SUBSCRIBE", "sip:user0@contoso.test", "s");
	snprintf(more, sizeof(more),
		 "Contact: <sip:user%ld@%s;transport=tls>\r\nEvent: presence"
		 "\r\nExpires: 3600\r\nAccept: application/pidf+xml\r\n",
		 u->number, u->contact);
	write_text(u, head, more, "");
}

static void send_publish(struct user *u)
{
	struct load *l = u->peer->loop->arg;
	char head[1024], more[320], body[512], match[160] = "";

	if (*l->etag)
		snprintf(match, sizeof(match), "SIP-If-Match: %s\r\n", l->etag);
	head_of(head, u, "PUBLISH", "sip:user0@contoso.test", "p");
	snprintf(more, sizeof(more),
		 "Event: presence\r\nExpires: 3600\r\n%s"
		 "Content-Type: application/pidf+xml\r\n",
		 match);
	snprintf(body, sizeof(body),
		 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		 "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
		 "entity=\"sip:user0@contoso.test\">\n"
		 "<tuple id=\"t1\"><status><basic>%s</basic></status>"
		 "<contact>sip:user0@contoso.test</contact>"
		 "<note>round %lu</note></tuple></presence>\n",
		 l->rounds % 2 ? "open" : "closed", l->rounds);
	write_text(u, head, more, body);
}

/* ---- answers ---- */

static void on_error(struct load *l, const char *text, size_t len)
{
	if (++l->errors <= 2)
		fprintf(stderr, "error: %.*s\n", (int)len, text);
}

static void on_registered(struct user *u, int status, const char *text,
			  size_t len)
{
	struct load *l = u->peer->loop->arg;

	if (status == 401) {
		free(u->challenge);
		u->challenge = strndup(text, len);
		if (u->nc > 1 && u->in && l->phase == PHASE_MEASURE)
			l->errors += u->nc < 3; /* twice: not a stale one */
		u->nc = 0;
		send_register(u);
		return;
	}
	if (status != 200) {
		on_error(l, text, len);
		return;
	}
	if (!u->in)
		l->up++;
	u->in = true;
	l->done += l->phase == PHASE_MEASURE;
	if (l->part == PART_REGISTER && l->phase >= PHASE_WARM)
		send_register(u);
}

static void on_stored(struct user *u, int status, const char *text, size_t len)
{
	struct load *l = u->peer->loop->arg;

	if (status != 202)
		on_error(l, text, len);
	else
		l->done += l->phase == PHASE_MEASURE;
	send_message(u);
}

static void on_published(struct load *l, int status, const char *text,
			 size_t len)
{
	size_t n = 0;
	const char *etag = sip_value(text, len, "SIP-ETag", &n);

	if (status != 200 || !etag) {
		on_error(l, text, len);
		return;
	}
	while (n && *etag == ' ')
		etag++, n--;
	snprintf(l->etag, sizeof(l->etag), "%.*s", (int)n, etag);
}

static void on_answer(struct user *u, const char *text, size_t len)
{
	struct load *l = u->peer->loop->arg;
	int status = atoi(text + 8);
	size_t n = 0;
	const char *cseq = sip_value(text, len, "CSeq", &n);

	if (status < 200 || !cseq)
		return;
	if (memmem(cseq, n, "REGISTER", 8))
		on_registered(u, status, text, len);
	else if (memmem(cseq, n, "MESSAGE", 7))
		on_stored(u, status, text, len);
	else if (memmem(cseq, n, "PUBLISH", 7))
		on_published(l, status, text, len);
	else if (status >= 300)
		on_error(l, text, len);
}

static void on_notify(struct user *u, uint64_t now)
{
	struct load *l = u->peer->loop->arg;

	if (!u->watching)
		l->watching++;
	u->watching = true;
	if (l->phase < PHASE_WARM || !l->round_left || --l->round_left)
		return;
	if (l->phase == PHASE_MEASURE) {
		l->done += (unsigned long)l->users - 1;
		l->busy += (double)(now - l->round_began) / 1e9;
	}
	l->rounds++;
}

static void on_message(struct user *u, const char *text, size_t len)
{
	char out[MESSAGE_BYTES];

	if (strncmp(text, "SIP/", 4) == 0) {
		on_answer(u, text, len);
		return;
	}
	tls_write(u->peer, out, sip_ok(out, sizeof(out), text, len));
	if (strncmp(text, "NOTIFY ", 7) == 0)
		on_notify(u, clock_ns());
}

static void on_data(struct tls_peer *p)
{
	size_t at = 0, len;

	for (;;) {
		while (at < p->in_len &&
		       (p->in[at] == '\r' || p->in[at] == '\n'))
			at++;
		len = sip_whole((const char *)p->in + at, p->in_len - at);
		if (len == 0)
			break;
		on_message(p->arg, (const char *)p->in + at, len);
		at += len;
	}
	tls_take(p, at);
}

static void on_up(struct tls_peer *p)
{
	struct user *u = p->arg;
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);

	if (getsockname(p->fd, (struct sockaddr *)&in, &len))
		tls_fail("getsockname");
	snprintf(u->contact, sizeof(u->contact), "%s:%u",
		 inet_ntoa(in.sin_addr), ntohs(in.sin_port));
	send_register(u);
}

static void on_down(struct tls_peer *p)
{
	(void)p;
	tls_fail("the server ended a connection");
}

/* ---- what happens when ---- */

static void begin_more(struct load *l)
{
	while (l->begun < l->users && l->begun - l->up < AT_ONCE) {
		struct user *u = &l->user[l->begun];
		u->number = l->begun++;
		u->peer = tls_connect(&l->loop, l->ctx, l->address, l->name, 0);
		u->peer->arg = u;
	}
}

static void begin_part(struct load *l)
{
	for (long i = 0; i < l->users; i++) {
		if (l->part == PART_REGISTER)
			send_register(&l->user[i]);
		for (int w = 0; l->part == PART_STORE && w < WINDOW; w++)
			send_message(&l->user[i]);
	}
}

/* Watchers come one after the other: the storm is not what is measured. */
static void watch_more(struct load *l)
{
	while (l->asked < l->users && l->asked - 1 - l->watching < AT_ONCE)
		send_subscribe(&l->user[l->asked++]);
}

static void tell(const char *text)
{
	puts(text);
	fflush(stdout);
}

static void go(struct load *l, enum phase phase, uint64_t now, double seconds)
{
	l->phase = phase;
	l->began = now;
	l->ends = now + (uint64_t)(seconds * 1e9);
	if (phase == PHASE_MEASURE)
		tell("begin");
}

static void next_round(struct load *l, uint64_t now)
{
	if (l->part != PART_FANOUT || l->round_left || now < l->next_round)
		return;
	/* watchers are told at most once a second */
	l->next_round = now + ROUND_NS;
	l->round_began = now;
	l->round_left = l->users - 1;
	send_publish(&l->user[0]);
}

static void report(const struct load *l, uint64_t now)
{
	double seconds = (double)(now - l->began) / 1e9;
	double busy = l->part == PART_FANOUT ? l->busy : seconds;

	printf("{\"done\": %lu, \"errors\": %lu, \"seconds\": %.3f, "
	       "\"per_second\": %.0f}\n",
	       l->done, l->errors, seconds,
	       busy > 0 ? (double)l->done / busy : 0);
	fflush(stdout);
}

static bool input_ended(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char c;

	return poll(&in, 1, 0) > 0 && read(STDIN_FILENO, &c, 1) <= 0;
}

/* false: it is over. */
static bool advance(struct load *l)
{
	uint64_t now = clock_ns();
	char text[32];

	switch (l->phase) {
	case PHASE_SIGN_IN:
		begin_more(l);
		if (l->up < l->users)
			return true;
		snprintf(text, sizeof(text), "up %ld", l->up);
		tell(text);
		begin_part(l);
		if (l->part == PART_FANOUT)
			l->phase = PHASE_WATCH;
		else
			go(l, PHASE_WARM, now, l->seconds / 3);
		return true;
	case PHASE_WATCH:
		watch_more(l);
		if (l->watching == l->users - 1)
			go(l, PHASE_WARM, now, l->seconds / 3);
		l->next_round = now + ROUND_NS;
		return true;
	case PHASE_WARM:
		next_round(l, now);
		if (now >= l->ends && !l->round_left && l->part != PART_HOLD)
			go(l, PHASE_MEASURE, now, l->seconds);
		return l->part != PART_HOLD || !input_ended();
	case PHASE_MEASURE:
		if (now < l->ends || l->round_left ||
		    (l->part == PART_FANOUT && !l->done)) {
			next_round(l, now);
			return true;
		}
		report(l, now);
		return false;
	}
	return false;
}

static enum part part_of(const char *text)
{
	for (unsigned i = 0; i < PARTS; i++)
		if (!strcmp(text, parts[i]))
			return (enum part)i;
	return PARTS;
}

int main(int argc, char **argv)
{
	struct load l = { .phase = PHASE_SIGN_IN };

	if (argc < 6 || (l.part = part_of(argv[1])) == PARTS) {
		fprintf(stderr, "home_load: see the head of load.c\n");
		return 2;
	}
	l.address = argv[2];
	l.name = argv[3];
	l.users = atol(argv[4]);
	l.asked = 1; /* the first one is watched */
	l.password = argv[5];
	l.seconds = argc > 6 ? atof(argv[6]) : 3;
	l.ctx = tls_context(NULL, NULL, NULL, false);
	l.user = calloc((size_t)l.users, sizeof(*l.user));
	if (!l.user)
		tls_fail("memory");
	tls_loop_init(&l.loop);
	l.loop.arg = &l;
	l.loop.on_up = on_up;
	l.loop.on_data = on_data;
	l.loop.on_down = on_down;
	while (advance(&l))
		tls_turn(&l.loop, 10);
	return 0;
}
