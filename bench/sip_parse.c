/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What does reading a SIP message cost: framing and parsing all that a proxy
 * needs, against other libraries on the same bytes in turns; writing it; and
 * how much dearer a byte of hostile input can be (OVL-03)?
 *
 *   sip_parse [milliseconds a figure]
 *   sip_parse run READER MESSAGE TIMES     nothing else: for profilers
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/clock.h"
#include "bench/peers/peer.h"
#include "bench/sip_corpus.h"
#include "sip/auth.h"
#include "sip/edit.h"
#include "sip/frame.h"

enum {
	KINDS = sizeof(sip_corpus) / sizeof(*sip_corpus),
	BATCH = 10,
	LARGE = 4096,         /* bytes: one is a sample by itself */
	HOSTILE_BYTES = 7000, /* of a line: under its limit */
	READERS_MAX = 4,
	ARENA_FIRST = SIP_VIEW_BYTES,
	ARENA_MAX = 1 << 20,
};

typedef bool (*read_fn)(struct slice whole);

static bool ours(struct slice whole)
{
	struct arena *a = arena_create(ARENA_FIRST, ARENA_MAX);
	struct sip_credentials credentials;
	const struct reject *row;
	struct sip_framer f;
	struct sip_msg m;
	size_t len;

	if (!a)
		return false;
	sip_framer_init(&f);
	bool ok =
		sip_frame(&f, whole, &sip_limits_default, &len, &row) ==
			SIP_FRAME_MESSAGE &&
		!sip_parse(a, slice_head(whole, len), &sip_limits_default, &m);
	const struct sip_header *h =
		ok ? sip_header(&m, SIP_H_AUTHORIZATION) : NULL;
	if (h)
		ok = sip_credentials_parse(a, h->value, &credentials) == 0;
	arena_free(a);
	return ok;
}

struct reader {
	const char *name;
	read_fn read;
	const char *what;
	bool refuses;
	uint64_t best; /* ns for a batch */
};

static size_t readers(struct reader out[static READERS_MAX])
{
	size_t n = 0;

	out[n++] = (struct reader){
		.name = "ours",
		.read = ours,
		.what = "Request-URI, every Via, From, To, tags, Call-ID, "
			"CSeq, "
			"Max-Forwards, every Contact, Route, Record-Route, "
			"identity, Content-*, Event, Expires and token list, "
			"Authorization; all of them judged by their grammar",
	};
	for (const struct bench_peer *p = bench_peers; p->name; p++)
		out[n++] = (struct reader){ .name = p->name,
					    .read = p->parse,
					    .what = p->reads };
	return n;
}

static uint64_t sample(read_fn fn, struct slice whole, int batch)
{
	uint64_t t0 = clock_ns();

	for (int i = 0; i < batch; i++)
		fn(whole);
	return clock_ns() - t0;
}

/* One sample is short, and the shortest counts: what else the machine does
 * only adds. The readers take turns, so that a slow moment meets them all. */
static int in_turns(struct reader *r, size_t n, struct slice whole, double ms)
{
	uint64_t end = clock_ns() + (uint64_t)(ms * 1e6 * (double)n);
	int batch = whole.len < LARGE ? BATCH : 1;

	for (size_t i = 0; i < n; i++) {
		r[i].refuses = !r[i].read(whole);
		r[i].best = UINT64_MAX;
	}
	do {
		for (size_t i = 0; i < n; i++) {
			uint64_t t = sample(r[i].read, whole, batch);
			if (t < r[i].best)
				r[i].best = t;
		}
	} while (clock_ns() < end);
	return batch;
}

static double cost_ns(struct slice whole, double ms)
{
	struct reader r = { .name = "ours", .read = ours };
	int batch = in_turns(&r, 1, whole, ms);

	return (double)r.best / batch;
}

static double encode_ns(struct slice whole, double ms)
{
	struct arena *a = arena_create(ARENA_FIRST, ARENA_MAX);
	uint64_t end = clock_ns() + (uint64_t)(ms * 1e6);
	uint64_t best = UINT64_MAX, t0, t1;
	struct sip_msg m;
	struct buf out;

	if (!a || sip_parse(a, whole, &sip_limits_default, &m))
		abort();
	buf_init(&out, 0);
	do {
		t0 = clock_ns();
		for (int i = 0; i < BATCH; i++) {
			buf_reset(&out);
			sip_encode(&out, &m, NULL);
		}
		t1 = clock_ns();
		if (t1 - t0 < best)
			best = t1 - t0;
	} while (t1 < end);
	buf_free(&out);
	arena_free(a);
	return (double)best / BATCH;
}

static void build(struct buf *out, struct slice head, struct slice body)
{
	buf_init(out, 0);
	buf_put(out, head);
	buf_printf(out, "Content-Length: %zu\r\n\r\n", body.len);
	buf_put(out, body);
	if (buf_failed(out))
		abort();
}

/* Nanoseconds that we need. */
static double compare(const char *name, struct slice whole, double ms)
{
	struct reader r[READERS_MAX];
	size_t n = readers(r);
	int batch = in_turns(r, n, whole, ms);
	double ns = (double)r[0].best / batch;

	printf("sip_parse %s: %.0f ns for %zu bytes, encode %.0f ns", name, ns,
	       whole.len, encode_ns(whole, ms));
	for (size_t i = 1; i < n; i++) {
		double theirs = (double)r[i].best / batch;
		if (r[i].refuses)
			printf("; %s refuses it", r[i].name);
		else
			printf("; %s %.0f ns, %.1f times ours", r[i].name,
			       theirs, theirs / ns);
	}
	printf("\n");
	return ns;
}

static void explain(void)
{
	struct reader r[READERS_MAX];
	size_t n = readers(r);

	for (size_t i = 0; i < n; i++)
		printf("sip_parse %s reads: %s\n", r[i].name, r[i].what);
}

#define HOSTILE_HEAD                                               \
	"OPTIONS sip:b@b.test SIP/2.0\r\nVia: SIP/2.0/TLS "        \
	"a.test;branch=z9hG4bKx\r\nFrom: <sip:a@a.test>;tag=f\r\n" \
	"To: <sip:b@b.test>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n"  \
	"Max-Forwards: 70\r\n"

/* One header line: before, the unit as often as it may stand, after; and how
 * many such lines. */
static const struct hostile {
	const char *name, *before, *unit, *after;
	size_t units, lines;
} hostile[] = {
	{ "words", "X: ", "a ", "a", HOSTILE_BYTES / 2, 8 },
	{ "headers", "X: ", "a", "", 1, 120 },
	{ "empty headers", "X:", "", "", 0, 120 },
	{ "unknown names", "Content-Langua: ", "a", "", 1, 120 },
	{ "folds", "X: ", "\r\n ", "a", HOSTILE_BYTES / 3, 8 },
	{ "folded parameters", "Event: a", "\r\n ;\r\n a", "", 800, 1 },
	{ "blanks", "X: a", " ", "a", HOSTILE_BYTES, 8 },
	{ "UTF-8", "X: ", "\xc3\xa9", "", HOSTILE_BYTES / 2, 8 },
	{ "quoted pairs", "X: \"", "\\\x01", "\"", HOSTILE_BYTES / 2, 8 },
	{ "quotes", "X: \x01", "\"\"", "", HOSTILE_BYTES / 2, 1 },
	{ "quoted values", "Warning: \"a\"", ",\"a\"", "", 1700, 8 },
	{ "tokens", "Allow: a", ",a", "", HOSTILE_BYTES / 2, 8 },
	{ "brackets", "History-Info: <a>", ",<a>", "", 1700, 8 },
	{ "addresses", "P-Asserted-Identity: <sip:a>", ",<sip:a>", "", 800, 8 },
	{ "display names", "P-Asserted-Identity: a", " a", "<sip:a>",
	  HOSTILE_BYTES / 2, 8 },
	{ "Vias", "Via: A/1/T a", ",A/1/T a", "", 70, 1 },
	{ "IPv6 Vias", "Via: A/1/T [::]", ",A/1/T [::];received=::1", "", 70,
	  1 },
	{ "Via parameters", "Via: A/1/T a", ";a", "", HOSTILE_BYTES / 2, 8 },
	{ "parameters", "Refer-To: <sip:a>", ";a", "", HOSTILE_BYTES / 2, 1 },
	{ "Contact parameters", "Contact: <sip:a>", ";a", "", HOSTILE_BYTES / 2,
	  8 },
	{ "URI parameters", "Route: <sip:a", ";a", ">", HOSTILE_BYTES / 2, 8 },
	{ "escapes", "Route: <sip:a;a=", "%61", ">", HOSTILE_BYTES / 3, 8 },
	{ "labels", "Route: <sip:a", ".a", ">", HOSTILE_BYTES / 2, 8 },
	{ "Routes", "Route: <sip:[::]>", ",<sip:[::]>", "", 38, 1 },
};

enum { HOSTILES = sizeof(hostile) / sizeof(*hostile) };

static void build_hostile(struct buf *out, const struct hostile *h)
{
	struct buf head;

	buf_init(&head, 0);
	buf_str(&head, HOSTILE_HEAD);
	for (size_t line = 0; line < h->lines; line++) {
		buf_str(&head, h->before);
		for (size_t u = 0; u < h->units; u++)
			buf_str(&head, h->unit);
		buf_printf(&head, "%s\r\n", h->after);
	}
	build(out, buf_slice(&head), SLICE_NONE);
	buf_free(&head);
}

static void worst(double median, double ms)
{
	double most = 0;
	const char *name = "";

	for (size_t i = 0; i < HOSTILES; i++) {
		const struct hostile *h = &hostile[i];
		struct buf all;
		build_hostile(&all, h);
		double ns = cost_ns(buf_slice(&all), ms / 4);
		double byte = ns / (double)all.len;
		if (getenv("BENCH_VERBOSE"))
			printf("  %s: %zu bytes, %.2f ns a byte%s\n", h->name,
			       all.len, byte,
			       ours(buf_slice(&all)) ? "" : ", refused");
		if (byte > most) {
			most = byte;
			name = h->name;
		}
		buf_free(&all);
	}
	printf("sip_parse worst: %s, %.2f ns a byte, %.1f times the median "
	       "(%.2f)\n",
	       name, most, most / median, median);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static bool build_named(struct buf *out, const char *name)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (strcmp(name, sip_corpus[i].name) != 0)
			continue;
		build(out, sip_corpus[i].head, sip_corpus[i].body);
		return true;
	}
	for (size_t i = 0; i < HOSTILES; i++) {
		if (strcmp(name, hostile[i].name) != 0)
			continue;
		build_hostile(out, &hostile[i]);
		return true;
	}
	return false;
}

/* A profiler counts from here to its end. */
__attribute__((noinline)) static void repeat(read_fn fn, struct slice whole,
					     long times)
{
	for (long i = 0; i < times; i++)
		fn(whole);
}

static int run(const char *reader, const char *name, long times)
{
	struct reader r[READERS_MAX];
	size_t n = readers(r);
	read_fn fn = NULL;
	struct buf all;

	for (size_t i = 0; i < n; i++)
		if (strcmp(reader, r[i].name) == 0)
			fn = r[i].read;
	if (!fn || !build_named(&all, name))
		return 2;
	fn(buf_slice(&all)); /* what is set up once is set up */
	repeat(fn, buf_slice(&all), times);
	buf_free(&all);
	return 0;
}

int main(int argc, char **argv)
{
	double ms = argc > 1 ? atof(argv[1]) : 100;
	double per_byte[KINDS];

	if (argc == 5 && strcmp(argv[1], "run") == 0)
		return run(argv[2], argv[3], atol(argv[4]));
	explain();
	for (size_t i = 0; i < KINDS; i++) {
		struct buf all;
		build(&all, sip_corpus[i].head, sip_corpus[i].body);
		if (!ours(buf_slice(&all)))
			abort();
		per_byte[i] = compare(sip_corpus[i].name, buf_slice(&all), ms) /
			      (double)all.len;
		buf_free(&all);
	}
	qsort(per_byte, KINDS, sizeof(*per_byte), by_value);
	worst((per_byte[KINDS / 2] + per_byte[(KINDS - 1) / 2]) / 2, ms);
	return 0;
}
