/* SPDX-License-Identifier: Apache-2.0 */
/* Checks a configuration file without serving anything. */
#include "daemon/check.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "access/access.h"
#include "base/arena.h"
#include "conf/conf_views.h"
#include "net/net.h"

enum {
	FILE_MAX_BYTES = 4 << 20,
	READ_BYTES = 16 << 10,
	ARENA_FIRST = 64 << 10,
	ARENA_MAX = 128 << 20
};

/* Line where a section of the file begins, for what has no line of its own. */
static uint32_t section_line(struct slice text, struct slice name)
{
	uint32_t line = 1;
	while (!slice_empty(text)) {
		if (slice_starts(text, name))
			return line;
		ptrdiff_t end = slice_chr(text, '\n');
		text = end < 0 ? SLICE_NONE : slice_from(text, (size_t)end + 1);
		line++;
	}
	return 1;
}

/* The line that names the file of the complaint, "file: text"; 0: none. */
static uint32_t file_line(const struct conf_file *f, struct slice text)
{
	bool named =
		f->path.len && slice_starts(text, f->path) &&
		slice_starts(slice_from(text, f->path.len), SLICE_LIT(": "));
	return named ? f->line : 0;
}

static uint32_t tls_line(const struct conf *c, struct slice text)
{
	const struct conf_file *files[] = {
		&c->tls.certificate,    &c->tls.key,
		&c->tls.trust,          &c->tls.crl,
		&c->inside.certificate, &c->inside.key,
		&c->inside.trust
	};
	uint32_t line = 0;
	for (size_t i = 0; !line && i < sizeof(files) / sizeof(files[0]); i++)
		line = file_line(files[i], text);
	for (size_t i = 0; !line && i < c->tls.certificate_count; i++) {
		const struct conf_certificate *row = &c->tls.certificates[i];
		line = file_line(&row->certificate, text);
		if (!line)
			line = file_line(&row->key, text);
	}
	return line;
}

static int refuse(const struct conf_load *load, struct slice section,
		  const char *text, char error[static CONF_ERROR_MAX])
{
	snprintf(error, CONF_ERROR_MAX, "%s:%" PRIu32 ": %s", load->path,
		 section_line(load->text, section), text);
	return -EINVAL;
}

static int refuse_tls(const struct conf_load *load, const struct conf *c,
		      struct slice section, const char *text,
		      char error[static CONF_ERROR_MAX])
{
	uint32_t line = tls_line(c, slice_str(text));
	if (!line)
		return refuse(load, section, text, error);
	snprintf(error, CONF_ERROR_MAX, "%s:%" PRIu32 ": %s", load->path, line,
		 text);
	return -EINVAL;
}

static int build(struct arena *a, const struct conf_load *load,
		 const struct conf *c, char error[static CONF_ERROR_MAX])
{
	char text[NET_ERROR_MAX] = "";
	struct edge_conf e;
	struct net_tls *tls = NULL;
	struct access *rules = NULL;
	if (conf_view_edge(a, c, &e) < 0)
		return refuse(load, SLICE_LIT("edge:"), "out of memory", error);
	if (net_tls_create(&tls, &e.tls, NET_TLS_FEDERATION, text) < 0)
		return refuse_tls(load, c, SLICE_LIT("tls:"), text, error);
	net_tls_free(tls);
	tls = NULL;
	if (e.inside.external &&
	    net_tls_create(&tls, &e.inside.tls, NET_TLS_FEDERATION, text) < 0)
		return refuse_tls(load, c, SLICE_LIT("inside:"), text, error);
	net_tls_free(tls);
	if (access_create(&rules, &e.access, text) < 0)
		return refuse(load, SLICE_LIT("partners:"), text, error);
	access_free(rules);
	return 0;
}

int check_load(struct arena *a, const struct conf_load *load,
	       const struct conf **out, char error[static CONF_ERROR_MAX],
	       struct buf *warnings)
{
	int err = conf_load(a, load, out, error, warnings);
	return err ? err : build(a, load, *out, error);
}

int check_read(int fd, struct buf *out)
{
	for (;;) {
		uint8_t *p = buf_reserve(out, READ_BYTES);
		if (!p)
			return -ENOMEM;
		ssize_t n = read(fd, p, READ_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		buf_commit(out, (size_t)n);
		if (out->len > FILE_MAX_BYTES)
			return -EFBIG;
	}
}

uint32_t check_cpus(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	int n = CPU_COUNT(&set);
	return n > 0 ? (uint32_t)n : 1;
}

static int check_text(struct arena *a, const char *path, struct slice text,
		      const struct conf **out)
{
	char error[CONF_ERROR_MAX] = "";
	struct buf warnings;
	const struct conf_load load = { .path = path,
					.text = text,
					.open = conf_open_direct,
					.cpus = check_cpus() };
	buf_init(&warnings, 0);
	int err = check_load(a, &load, out, error, &warnings);
	if (err)
		fprintf(stderr, "%s\n", error);
	else if (warnings.len > 0)
		fprintf(stderr, "%.*s", SLICE_FMT(buf_slice(&warnings)));
	buf_free(&warnings);
	return err ? 1 : 0;
}

int check_file(const char *path, int (*fn)(void *arg, const struct conf *c),
	       void *arg)
{
	const struct conf *c = NULL;
	struct buf text;
	int fd = -1;
	buf_init(&text, 0);
	struct arena *a = arena_create(ARENA_FIRST, ARENA_MAX);
	int err = a ? conf_open_direct(NULL, path, &fd) : -ENOMEM;
	if (!err)
		err = check_read(fd, &text);
	int status = 1;
	if (err)
		fprintf(stderr, "%s:1: cannot be read: %s\n", path,
			strerror(-err));
	else
		status = check_text(a, path, buf_slice(&text), &c);
	if (!status && fn)
		status = fn(arg, c);
	if (fd >= 0)
		close(fd);
	arena_free(a);
	buf_free(&text);
	return status;
}

int check_main(const char *path)
{
	return check_file(path, NULL, NULL);
}
