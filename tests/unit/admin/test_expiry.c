/* SPDX-License-Identifier: Apache-2.0 */
/* TLS-08: four warnings before a certificate ends, one for each threshold, one
 * a day after it; in the log, in the metrics and in the status. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/expiry.h"
#include "base/metrics.h"
#include "support/certs.h"
#include "support/oom.h"

enum { DAY_S = 86400, HOUR_MS = 3600 * 1000 };

static uint64_t wall; /* the tests' clock, in ms since 1970 */

static uint64_t wall_ms(void)
{
	return wall;
}

struct rig {
	struct test_cert ca, leaf, other;
	struct slice crl;
	struct conf conf;
	struct conf_certificate more;
	struct timers *timers;
	struct expiry x;
	uint64_t now_ms;
	FILE *log;
	int stderr_fd;
	long seen;
};

static void setup(struct rig *r, int leaf_days, int other_days)
{
	const struct cert_spec ca = { .common_name = "ca", .authority = true };
	const struct cert_spec leaf = { .san = "DNS:edge.test",
					.from_days = -1,
					.until_days = leaf_days };
	const struct cert_spec other = { .san = "DNS:other.test",
					 .from_days = -1,
					 .until_days = other_days };
	memset(r, 0, sizeof(*r));
	certs_make(&r->ca, &ca, NULL);
	certs_make(&r->leaf, &leaf, &r->ca);
	certs_make(&r->other, &other, &r->ca);
	r->conf.tls.certificate =
		(struct conf_file){ .path = SLICE_LIT("/t/edge.pem"),
				    .content = r->leaf.pem };
	r->more.certificate =
		(struct conf_file){ .path = SLICE_LIT("/t/other.pem"),
				    .content = r->other.pem };
	r->conf.tls.certificates = &r->more;
	r->conf.tls.certificate_count = 1;
	wall = (uint64_t)time(NULL) * 1000;
	assert_int_equal(timers_create(&r->timers, 0), 0);
	expiry_init(&r->x, r->timers);
	r->x.wall_ms = wall_ms;
	/* what is logged goes to standard error */
	r->log = tmpfile();
	assert_non_null(r->log);
	r->stderr_fd = dup(2);
	dup2(fileno(r->log), 2);
}

static void teardown(struct rig *r)
{
	dup2(r->stderr_fd, 2);
	close(r->stderr_fd);
	fclose(r->log);
	expiry_free(&r->x);
	timers_free(r->timers);
	certs_free(&r->ca);
	certs_free(&r->leaf);
	certs_free(&r->other);
}

/* How often since the last call the log had this in it. */
static unsigned told(struct rig *r, const char *what)
{
	char line[1024];
	unsigned n = 0;

	fseek(r->log, r->seen, SEEK_SET);
	while (fgets(line, sizeof(line), r->log))
		n += strstr(line, what) != NULL;
	r->seen = ftell(r->log);
	return n;
}

static void pass_days(struct rig *r, unsigned days)
{
	for (unsigned i = 0; i < days * 24; i++) {
		r->now_ms += HOUR_MS;
		wall += HOUR_MS;
		timers_advance(r->timers, r->now_ms);
	}
}

static void four_warnings_and_one_a_day(void **state)
{
	struct rig r;
	(void)state;

	setup(&r, 40, 400);
	expiry_set(&r.x, &r.conf);
	assert_int_equal(told(&r, "cert."), 0);
	assert_in_range(metric_get(M_CERT_EXPIRES), wall / 1000 + 39 * DAY_S,
			wall / 1000 + 41 * DAY_S);
	pass_days(&r, 9);
	assert_int_equal(told(&r, "cert."), 0);
	pass_days(&r, 2); /* 29 left */
	assert_int_equal(told(&r, "cert.expiring file=/t/edge.pem"), 1);
	pass_days(&r, 14); /* 15 left */
	assert_int_equal(told(&r, "cert."), 0);
	pass_days(&r, 2);
	assert_int_equal(told(&r, "cert.expiring"), 1);
	pass_days(&r, 7); /* 6 left */
	assert_int_equal(told(&r, "cert.expiring"), 1);
	pass_days(&r, 4);
	assert_int_equal(told(&r, "cert."), 0);
	pass_days(&r, 1); /* less than one left */
	assert_int_equal(told(&r, "cert.expiring"), 1);
	pass_days(&r, 1);
	assert_int_equal(told(&r, "cert.expired file=/t/edge.pem"), 1);
	pass_days(&r, 5);
	assert_int_equal(told(&r, "cert.expired"), 5);
	teardown(&r);
}

static void at_the_start_and_not_at_each_reload(void **state)
{
	struct rig r;
	(void)state;

	setup(&r, 5, 400);
	expiry_set(&r.x, &r.conf);
	assert_int_equal(told(&r, "cert.expiring"), 1);
	expiry_set(&r.x, &r.conf);
	expiry_set(&r.x, &r.conf);
	assert_int_equal(told(&r, "cert."), 0);
	/* another one in the same file */
	r.conf.tls.certificate.content = r.other.pem;
	expiry_set(&r.x, &r.conf);
	assert_int_equal(told(&r, "cert."), 0);
	r.conf.tls.certificate.content = r.leaf.pem;
	expiry_set(&r.x, &r.conf);
	assert_int_equal(told(&r, "cert.expiring"), 1);
	teardown(&r);
}

static const char *text_at(json_t *rows, size_t i, const char *key)
{
	return json_string_value(json_object_get(json_array_get(rows, i), key));
}

static void rows_for_the_status(void **state)
{
	struct rig r;
	(void)state;

	setup(&r, 20, 400);
	r.crl = certs_crl(&r.ca, &r.leaf);
	r.conf.tls.crl = (struct conf_file){ .path = SLICE_LIT("/t/crl.pem"),
					     .content = r.crl };
	expiry_set(&r.x, &r.conf);
	json_t *rows = expiry_rows(&r.x);
	assert_int_equal(json_array_size(rows), 3);
	assert_string_equal(text_at(rows, 0, "file"), "/t/edge.pem");
	assert_string_equal(text_at(rows, 0, "name"), "edge.test");
	assert_string_equal(text_at(rows, 0, "state"), "expiring");
	assert_string_equal(text_at(rows, 1, "state"), "good");
	assert_string_equal(text_at(rows, 2, "kind"), "list");
	assert_string_equal(text_at(rows, 2, "state"), "expiring");
	json_decref(rows);
	wall += 21u * DAY_S * 1000;
	rows = expiry_rows(&r.x);
	assert_string_equal(text_at(rows, 0, "state"), "expired");
	json_decref(rows);
	certs_drop(&r.crl);
	teardown(&r);
}

static int scenario(void *arg)
{
	struct rig *r = arg;
	struct expiry x;

	expiry_init(&x, r->timers);
	expiry_set(&x, &r->conf);
	json_t *rows = expiry_rows(&x);
	int err = rows && json_array_size(rows) == 2 ? 0 : -ENOMEM;
	json_decref(rows);
	expiry_free(&x);
	return err;
}

static void survives_failing_allocations(void **state)
{
	struct rig r;
	(void)state;

	setup(&r, 40, 400);
	oom_walk(scenario, &r);
	teardown(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_warnings_and_one_a_day),
		cmocka_unit_test(at_the_start_and_not_at_each_reload),
		cmocka_unit_test(rows_for_the_status),
		cmocka_unit_test(survives_failing_allocations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
