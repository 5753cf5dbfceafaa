/* SPDX-License-Identifier: Apache-2.0 */
/* Where passwords come from. Read byte by byte: what follows the line stays
 * for others, and no buffer keeps a copy. */
#include "cli/password.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/text.h"

static const int interrupts[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP };

enum { INTERRUPTS = sizeof(interrupts) / sizeof(*interrupts) };

void password_wipe(struct password *p)
{
	crypto_wipe(p, sizeof(*p));
}

static int check(const struct password *p)
{
	if (!p->len)
		return -ENODATA;
	if (memchr(p->text, 0, p->len) || !text_utf8(slice_of(p->text, p->len)))
		return -EILSEQ;
	return 0;
}

/* One line without its end; 0 or -E... */
static int read_line(struct password *out, int fd)
{
	for (;;) {
		char byte;
		ssize_t n = read(fd, &byte, 1);
		if (n < 0)
			return -errno;
		if (!n || byte == '\n')
			break;
		if (out->len == PASSWORD_MAX)
			return -EMSGSIZE;
		out->text[out->len++] = byte;
	}
	if (out->len && out->text[out->len - 1] == '\r')
		out->len--;
	out->text[out->len] = '\0';
	return check(out);
}

int password_read(struct password *out, int fd)
{
	*out = (struct password){ 0 };
	int err = read_line(out, fd);
	if (err)
		password_wipe(out);
	return err;
}

static void on_interrupt(int signo)
{
	(void)signo; /* read() ends, the terminal is put right again */
}

static void put_text(int fd, const char *text)
{
	/* a prompt that cannot be shown changes nothing */
	if (write(fd, text, strlen(text)) < 0)
		return;
}

int password_ask(struct password *out, int fd, const char *prompt)
{
	struct sigaction caught = { .sa_handler = on_interrupt };
	struct sigaction before[INTERRUPTS];
	struct termios shown, hidden;

	*out = (struct password){ 0 };
	if (tcgetattr(fd, &shown))
		return -errno;
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	hidden.c_lflag |= ICANON | ISIG;
	for (size_t i = 0; i < INTERRUPTS; i++)
		sigaction(interrupts[i], &caught, &before[i]);
	int err = tcsetattr(fd, TCSAFLUSH, &hidden) ? -errno : 0;
	if (!err) {
		put_text(fd, prompt);
		err = password_read(out, fd);
		put_text(fd, "\n");
		tcsetattr(fd, TCSAFLUSH, &shown);
	}
	for (size_t i = 0; i < INTERRUPTS; i++)
		sigaction(interrupts[i], &before[i], NULL);
	return err;
}

static int complain(struct cli *c, const char *where, int err)
{
	static const struct {
		int err;
		const char *text;
	} texts[] = {
		{ -ENODATA, "it is empty" },
		{ -EMSGSIZE, "it is longer than 512 bytes" },
		{ -EILSEQ, "it is no UTF-8 text" },
		{ -EINTR, "interrupted" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (err == texts[i].err)
			return cli_fail(c, CLI_NO, "no password from %s: %s",
					where, texts[i].text);
	return cli_fail(c, CLI_NO, "no password from %s: %s", where,
			strerror(-err));
}

static int from_file(struct password *out, struct cli *c, const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	*out = (struct password){ 0 };
	int err = fd < 0 ? -errno : password_read(out, fd);
	if (!standard && fd >= 0)
		close(fd);
	return err ? complain(c, standard ? "standard input" : path, err)
		   : CLI_DONE;
}

static int open_terminal(struct cli *c, const char *instead)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		cli_fail(c, CLI_USAGE,
			 "there is no terminal to ask for the password; use "
			 "%s",
			 instead);
	return fd;
}

int password_new(struct password *out, struct cli *c)
{
	const char *path = c->args.opt[OPT_PASSWORD_FILE];
	struct password again = { 0 };

	if (path)
		return from_file(out, c, path);
	int fd = open_terminal(c, "--password-file FILE");
	if (fd < 0)
		return CLI_USAGE;
	int err = password_ask(out, fd, "New password: ");
	if (!err)
		err = password_ask(&again, fd, "Once more: ");
	close(fd);
	int status = err ? complain(c, "the terminal", err) : CLI_DONE;
	if (!err && !crypto_equal(slice_of(out->text, out->len),
				  slice_of(again.text, again.len)))
		status = cli_fail(c, CLI_NO, "the two are not the same");
	password_wipe(&again);
	if (status)
		password_wipe(out);
	return status;
}

static int from_environment(struct password *out, struct cli *c,
			    const char *value)
{
	size_t len = strlen(value);

	*out = (struct password){ .len = len <= PASSWORD_MAX ? len : 0 };
	memcpy(out->text, value, out->len);
	int err = len > PASSWORD_MAX ? -EMSGSIZE : check(out);
	return err ? complain(c, "SALLYPORT_PASSWORD", err) : CLI_DONE;
}

int password_own(struct password *out, struct cli *c)
{
	const char *path = c->args.opt[OPT_PASSWORD_FILE];
	const char *value = getenv("SALLYPORT_PASSWORD");
	char prompt[256];

	if (path)
		return from_file(out, c, path);
	if (value)
		return from_environment(out, c, value);
	int fd = open_terminal(c, "--password-file or SALLYPORT_PASSWORD");
	if (fd < 0)
		return CLI_USAGE;
	snprintf(prompt, sizeof(prompt),
		 "Password of %s: ", c->args.opt[OPT_AS]);
	int err = password_ask(out, fd, prompt);
	close(fd);
	return err ? complain(c, "the terminal", err) : CLI_DONE;
}
