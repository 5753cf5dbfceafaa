/* SPDX-License-Identifier: Apache-2.0 */
/* The account, where its server is, whom to trust, and how it went. */
#include "cli/session.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/diagnostics.h"
#include "cli/out.h"
#include "cli/password.h"
#include "cli/term.h"

enum { TRUST_MAX = 8 << 20, READ_BYTES = 65536 };

static const char system_trust[] = "/etc/ssl/certs/ca-certificates.crt";

int session_split(const char *server, const char *name,
		  char host[static SESSION_NAME_MAX], char port[static 8])
{
	struct slice s = slice_str(server ? server : name);
	const char *colon = server ? strrchr(server, ':') : NULL;
	struct slice h = s;

	if (colon && strchr(server, ':') != colon && server[0] != '[')
		colon = NULL; /* an IPv6 address without port */
	if (colon && server[0] == '[' && colon[-1] != ']')
		colon = NULL;
	if (colon)
		h = slice_head(s, (size_t)(colon - server));
	if (h.len > 2 && h.ptr[0] == '[' && h.ptr[h.len - 1] == ']')
		h = slice_from(slice_head(h, h.len - 1), 1);
	if (!h.len || slice_cstr(h, host, SESSION_NAME_MAX))
		return -EINVAL;
	struct slice p = colon ? slice_str(colon + 1) : SLICE_LIT("443");
	uint64_t n;
	if (slice_u64(p, 65535, &n) || !n || slice_cstr(p, port, 8))
		return -EINVAL;
	return 0;
}

static int find_server(struct session *s)
{
	const char *server = s->cli->args.opt[OPT_SERVER];
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
				  .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_NUMERICSERV };
	char host[SESSION_NAME_MAX], port[8], name[SESSION_NAME_MAX];
	struct addrinfo *found = NULL;

	const char *domain = strchr(s->cli->args.opt[OPT_AS], '@') + 1;
	snprintf(name, sizeof(name), "sip.%s", domain);
	if (session_split(server, name, host, port))
		return cli_fail(s->cli, CLI_USAGE,
				"--server is HOST:PORT, not \"%s\"", server);
	int err = getaddrinfo(host, port, &hints, &found);
	if (err || !found || found->ai_addrlen > sizeof(s->server.u))
		return cli_fail(s->cli, CLI_UNREACHED,
				"the address of %s cannot be found: %s\n"
				"check the name, or say --server IP:PORT",
				host, gai_strerror(err));
	memcpy(&s->server.u, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	addr_text(&s->server, s->server_text);
	return CLI_DONE;
}

static int read_fd(struct buf *out, int fd)
{
	for (;;) {
		uint8_t *room = buf_reserve(out, READ_BYTES);
		if (!room)
			return -EFBIG;
		ssize_t n = read(fd, room, READ_BYTES);
		if (n < 0)
			return -errno;
		if (!n)
			return 0;
		buf_commit(out, (size_t)n);
	}
}

static int read_trust(struct session *s, struct buf *out)
{
	const char *path = s->cli->args.opt[OPT_TRUST];

	s->trust_path = path ? path : system_trust;
	int fd = open(s->trust_path, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : read_fd(out, fd);
	if (fd >= 0)
		close(fd);
	if (err)
		return cli_fail(s->cli, CLI_UNREACHED,
				"the authorities in %s cannot be read: %s\n"
				"--trust names another file",
				s->trust_path, strerror(-err));
	return CLI_DONE;
}

static void on_signal(void *arg, int signo)
{
	struct session *s = arg;

	(void)signo;
	/* to be interrupted is how an endless `receive` ends */
	bool endless =
		!s->cli->args.opt[OPT_COUNT] && !s->cli->args.opt[OPT_TO];
	session_decide(s, endless ? CLI_DONE : CLI_NO);
}

/* Errors of the layers below become part of a sentence. */
static int keep_why(void *arg, struct slice line)
{
	struct slice key = SLICE_LIT("why=");
	struct session *s = arg;

	line = slice_trim(line);
	const uint8_t *at = memmem(line.ptr, line.len, key.ptr, key.len);
	if (!at)
		return 0;
	struct slice why = slice_from(line, (size_t)(at - line.ptr) + key.len);
	(void)slice_cstr(slice_head(why, sizeof(s->why) - 1), s->why,
			 sizeof(s->why));
	return 0;
}

static int create(struct session *s, const struct ua_conf *conf,
		  const struct ua_ops *ops, void *arg)
{
	int err = loop_create(&s->loop);

	log_set_sink(keep_why, s);
	if (!err)
		err = loop_signal(s->loop, SIGINT, on_signal, s);
	if (!err)
		err = loop_signal(s->loop, SIGTERM, on_signal, s);
	if (!err)
		err = ua_create(&s->ua, s->loop, conf, ops, arg);
	if (!err)
		return CLI_DONE;
	log_set_sink(NULL, NULL);
	loop_free(s->loop);
	s->loop = NULL;
	return cli_fail(s->cli, CLI_UNREACHED,
			"cannot begin as %s at %s (name %s, trust %s): %s\n"
			"check the account's spelling and that the trust file "
			"holds certificates in PEM",
			s->cli->args.opt[OPT_AS], s->server_text,
			s->server_name, s->trust_path,
			*s->why ? s->why : strerror(-err));
}

static int name_server(struct session *s)
{
	const char *name = s->cli->args.opt[OPT_SERVER_NAME];
	const char *domain = strchr(s->cli->args.opt[OPT_AS], '@') + 1;
	int len = snprintf(s->server_name, sizeof(s->server_name), "%s%s",
			   name ? "" : "sip.", name ? name : domain);

	return len < (int)sizeof(s->server_name)
		       ? CLI_DONE
		       : cli_fail(s->cli, CLI_USAGE, "the name is too long");
}

int session_open(struct session *s, struct cli *c, const struct ua_ops *ops,
		 void *arg)
{
	struct password password;
	struct buf trust;

	*s = (struct session){ .cli = c };
	buf_init(&trust, TRUST_MAX);
	int status = name_server(s);
	if (!status)
		status = find_server(s);
	if (!status)
		status = read_trust(s, &trust);
	if (!status)
		status = password_own(&password, c);
	if (!status) {
		struct ua_conf conf = {
			.aor = slice_str(c->args.opt[OPT_AS]),
			.password = slice_of(password.text, password.len),
			.server = s->server,
			.server_name = slice_str(s->server_name),
			.tls = { .trust = buf_slice(&trust),
				 .trust_path = slice_str(s->trust_path) },
		};
		status = create(s, &conf, ops, arg);
		password_wipe(&password);
	}
	buf_free(&trust);
	return status;
}

int session_close(struct session *s)
{
	ua_free(s->ua);
	log_set_sink(NULL, NULL);
	loop_free(s->loop);
	return s->decided ? s->status : CLI_UNREACHED;
}

void session_decide(struct session *s, int status)
{
	if (!s->decided)
		s->status = status;
	s->decided = true;
	ua_close(s->ua);
}

static int tell_trouble(struct session *s, const char *text)
{
	return cli_fail(
		s->cli, CLI_UNREACHED,
		"no answer from %s: %s\n"
		"check --server (does the edge listen there?), --server-name "
		"(%s has to be in its certificate) and --trust (%s has to "
		"hold the certificate's authority)",
		s->server_text, text && *text ? text : "the connection ended",
		s->server_name, s->trust_path);
}

/* "404 Not Found; 1005: the domain is no partner" */
static void tell_refusal(struct session *s, const struct ua_result *r)
{
	FILE *out = s->cli->out;
	struct diagnostics d;

	diagnostics_read(&d, r->diagnostics, slice_str(r->text));
	fprintf(out, "%u ", r->status);
	term_print(out, slice_str(r->text), TERM_LINE);
	if (d.id)
		fprintf(out, "; %u%s", d.id, d.reason.len ? ": " : "");
	term_print(out, buf_slice(&d.reason), TERM_LINE);
	fputc('\n', out);
	diagnostics_free(&d);
}

static json_t *result_json(const struct ua_result *r, const char *event)
{
	struct diagnostics d;
	json_t *o = json_pack("{sssbsisI}", "event", event, "done",
			      r->status >= 200 && r->status < 300, "status",
			      (int)r->status, "duration_ms",
			      (json_int_t)r->duration_ms);

	diagnostics_read(&d, r->diagnostics, slice_str(r->text));
	json_object_set_new(o, "reason", out_json_text(slice_str(r->text)));
	if (o && d.id)
		json_object_set_new(
			o, "diagnostics",
			json_pack("{siso}", "id", (int)d.id, "reason",
				  out_json_text(buf_slice(&d.reason))));
	diagnostics_free(&d);
	return o;
}

bool session_signed_in(struct session *s, const struct ua_result *r)
{
	if (r->status >= 200 && r->status < 300)
		return true;
	if (s->decided)
		return false;
	if (s->cli->args.opt[OPT_JSON])
		out_json(s->cli, result_json(r, "sign-in"));
	if (!r->status) {
		session_decide(s, tell_trouble(s, r->text));
		return false;
	}
	if (!s->cli->args.opt[OPT_JSON]) {
		fputs("refused to sign in: ", s->cli->out);
		tell_refusal(s, r);
	}
	session_decide(s, CLI_NO);
	return false;
}

void session_ended(struct session *s, const char *text)
{
	if (!s->decided)
		session_decide(s, tell_trouble(s, text));
	loop_stop(s->loop);
}

int session_tell_result(struct session *s, struct slice to,
			const struct ua_result *r)
{
	bool done = r->status >= 200 && r->status < 300;
	FILE *out = s->cli->out;

	if (s->cli->args.opt[OPT_JSON]) {
		json_t *o = result_json(r, "result");
		json_object_set_new(o, "to", out_json_text(to));
		out_json(s->cli, o);
	}
	if (!r->status)
		return tell_trouble(s, r->text);
	if (s->cli->args.opt[OPT_JSON])
		return done ? CLI_DONE : CLI_NO;
	if (!done) {
		fputs("refused: ", out);
		tell_refusal(s, r);
		return CLI_NO;
	}
	fputs(r->status == 202 ? "accepted for " : "delivered to ", out);
	term_print(out, to, TERM_LINE);
	fprintf(out, " in %llu ms (%u ", (unsigned long long)r->duration_ms,
		r->status);
	term_print(out, slice_str(r->text), TERM_LINE);
	fputs(")\n", out);
	fflush(out);
	return CLI_DONE;
}
