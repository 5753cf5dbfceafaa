/* SPDX-License-Identifier: Apache-2.0 */
/* `trace`: records of the daemon as a ladder, as whole messages, as JSON, and
 * into a file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/chart.h"
#include "cli/ctl.h"
#include "cli/ladder.h"
#include "cli/out.h"
#include "cli/pcapng.h"
#include "cli/term.h"

enum { WIDTH_DEFAULT = 100, FILE_MODE = 0600 };

struct trace {
	struct cli *c;
	struct ladder *ladder;
	struct pcapng pcapng;
	FILE *file;  /* of --write, or NULL */
	bool silent; /* the file is standard output */
	uint64_t messages, most, lost;
	int status;
};

static unsigned width_of(FILE *out)
{
	struct winsize w;
	const char *columns = getenv("COLUMNS");
	uint64_t n;
	if (columns && !slice_u64(slice_str(columns), 1000, &n))
		return (unsigned)n;
	if (!ioctl(fileno(out), TIOCGWINSZ, &w) && w.ws_col)
		return w.ws_col;
	return WIDTH_DEFAULT;
}

static int write_out(struct trace *t, struct buf *b)
{
	int err = buf_failed(b) ? -ENOMEM : 0;
	if (!err &&
	    (fwrite(b->ptr, 1, b->len, t->file) != b->len || fflush(t->file)))
		err = -errno;
	buf_reset(b);
	if (!err)
		return 0;
	t->status = cli_fail(t->c, CLI_NO, "%s cannot be written: %s",
			     t->c->args.opt[OPT_WRITE], strerror(-err));
	return err;
}

/* A new file, which only its owner may read: messages are in it. */
static int open_file(struct trace *t)
{
	const char *path = t->c->args.opt[OPT_WRITE];
	struct buf b;
	if (!path)
		return CLI_DONE;
	t->silent = strcmp(path, "-") == 0;
	int fd = t->silent ? dup(fileno(t->c->out))
			   : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				  FILE_MODE);
	t->file = fd < 0 ? NULL : fdopen(fd, "wb");
	if (!t->file) {
		int err = errno;
		if (fd >= 0)
			close(fd);
		return cli_fail(t->c, CLI_NO, "%s cannot be made: %s", path,
				strerror(err));
	}
	buf_init(&b, 0);
	pcapng_begin(&t->pcapng, &b);
	write_out(t, &b);
	buf_free(&b);
	return t->status;
}

static void print_json(struct trace *t, const struct trace_record *r,
		       const json_t *step)
{
	json_t *o = json_copy((json_t *)(uintptr_t)step);
	if (o && (json_object_set_new(o, "message",
				      out_json_text(buf_slice(&r->bytes))) ||
		  json_object_del(o, "bytes"))) {
		json_decref(o);
		o = NULL;
	}
	out_json(t->c, o);
}

static void print_raw(struct trace *t, const struct trace_record *r)
{
	FILE *out = t->c->out;
	struct buf b;
	struct slice bytes = buf_slice(&r->bytes);
	buf_init(&b, 0);
	ladder_time(&b, r->time_ms);
	if (r->way != TRACE_WAY_NONE)
		buf_printf(&b, " %s %.*s %.*s (%.*s)",
			   r->way == TRACE_WAY_IN ? "from" : "to",
			   SLICE_FMT(r->transport), SLICE_FMT(r->remote),
			   SLICE_FMT(trace_record_name(r)));
	if (r->said) {
		buf_str(&b, " ");
		trace_record_verdict(&b, r);
	}
	term_print(out, buf_slice(&b), TERM_LINE);
	fputc('\n', out);
	buf_reset(&b);
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.ptr[i] != '\r')
			buf_u8(&b, bytes.ptr[i]);
	term_print(out, buf_slice(&b), TERM_LINES);
	buf_free(&b);
	if (bytes.len < r->size)
		fprintf(out, "[%zu bytes of its body are hidden]\n\n",
			r->size - bytes.len);
	else if (bytes.len)
		fputs("\n", out);
}

static void print_ladder(struct trace *t, const struct trace_record *r)
{
	struct buf b;
	buf_init(&b, 0);
	ladder_draw(t->ladder, &b, r);
	if (b.len && !buf_failed(&b))
		fwrite(b.ptr, 1, b.len, t->c->out);
	buf_free(&b);
}

static void show(struct trace *t, const struct trace_record *r,
		 const json_t *step)
{
	if (t->file) {
		struct buf b;
		buf_init(&b, 0);
		pcapng_record(&t->pcapng, &b, r);
		if (b.len || buf_failed(&b))
			write_out(t, &b);
		buf_free(&b);
	}
	if (t->silent)
		return;
	if (t->c->args.opt[OPT_JSON])
		print_json(t, r, step);
	else if (t->c->args.opt[OPT_RAW])
		print_raw(t, r);
	else
		print_ladder(t, r);
	fflush(t->c->out);
}

/* What the daemon says of the trace itself. */
static void take_word(struct trace *t, const json_t *step)
{
	const json_t *started = json_object_get(step, "started");
	const char *event = json_string_value(json_object_get(step, "event"));
	json_int_t lost = json_integer_value(json_object_get(step, "lost"));
	FILE *err = t->c->err;
	if (json_is_integer(started))
		fprintf(err, "watching %lld worker%s; Ctrl-C ends it\n",
			(long long)json_integer_value(started),
			json_integer_value(started) == 1 ? "" : "s");
	if (event) {
		fprintf(err, "worker %lld: ",
			(long long)json_integer_value(
				json_object_get(step, "worker")));
		term_print(err, slice_str(event), TERM_LINE);
		fputc('\n', err);
	}
	if (lost > 0) {
		fprintf(err, "missing: %lld\n", (long long)lost);
		t->lost += (uint64_t)lost;
	}
	fflush(err);
}

static bool on_step(void *arg, const json_t *step)
{
	struct trace *t = arg;
	struct trace_record r;
	if (!json_object_get(step, "direction")) {
		take_word(t, step);
		return true;
	}
	int err = trace_record_read(&r, step);
	if (err)
		t->status = cli_fail(t->c, CLI_UNREACHED, "%s",
				     err == -ENOMEM
					     ? "out of memory"
					     : "the daemon tells of a message "
					       "in another form: is it of the "
					       "same version?");
	else
		show(t, &r, step);
	if (!err && r.way != TRACE_WAY_NONE)
		t->messages++;
	if (!err)
		t->lost += r.lost;
	trace_record_free(&r);
	return !t->status && (!t->most || t->messages < t->most);
}

static const char *text_of(const struct cli *c, enum cli_opt opt)
{
	return c->args.opt[opt] ? c->args.opt[opt] : "";
}

static int ask(struct trace *t)
{
	struct cli *c = t->c;
	json_t *result = NULL;
	int status = ctl_call_steps(
		c, "trace",
		json_pack("{ss,ss,ss,ss,ss}", "user", text_of(c, OPT_USER),
			  "partner", text_of(c, OPT_PARTNER), "call",
			  text_of(c, OPT_CALL), "bodies",
			  c->args.opt[OPT_BODIES] ? "yes" : "", "seconds",
			  text_of(c, OPT_FOR)),
		on_step, t, &result);
	json_decref(result);
	if (!status)
		status = t->status;
	if (!status)
		fprintf(c->err, "messages: %llu, missing: %llu\n",
			(unsigned long long)t->messages,
			(unsigned long long)t->lost);
	return status;
}

int cli_verb_trace(struct cli *c)
{
	struct trace t = { .c = c, .most = cli_number(&c->args, OPT_COUNT, 0) };
	const struct ladder_style style = { .width = width_of(c->out),
					    .utf8 = chart_has_blocks(),
					    .colour = c->colour };
	int status = CLI_DONE;
	if (ladder_create(&t.ladder, &style))
		status = cli_fail(c, CLI_NO, "out of memory");
	if (!status)
		status = open_file(&t);
	if (!status)
		status = ask(&t);
	if (t.file && fclose(t.file) && !status)
		status = cli_fail(c, CLI_NO, "%s cannot be written: %s",
				  c->args.opt[OPT_WRITE], strerror(errno));
	ladder_free(t.ladder);
	return status;
}
