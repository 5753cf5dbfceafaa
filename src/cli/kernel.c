/* SPDX-License-Identifier: Apache-2.0 */
/* Reading /proc/net, and what nft and iptables-save print. */
#include "cli/kernel.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

enum { TCP_LISTENS = 0x0a, HEX4 = 8, HEX6 = 32, RULES_MAX = 16 << 20 };

static const char MARK[] = "sallyport ";

/* The kernel prints words of 32 bits in the machine's order. */
static int read_host(const char *hex, size_t len, struct addr *out)
{
	uint32_t word[4];
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < len / HEX4; i++) {
		char part[HEX4 + 1] = "";
		memcpy(part, hex + i * HEX4, HEX4);
		word[i] = (uint32_t)strtoul(part, NULL, 16);
	}
	if (len == HEX4) {
		out->u.in.sin_family = AF_INET;
		memcpy(&out->u.in.sin_addr, word, sizeof(word[0]));
	} else {
		out->u.in6.sin6_family = AF_INET6;
		memcpy(&out->u.in6.sin6_addr, word, sizeof(word));
	}
	return 0;
}

static int add(struct kernel_sockets *out, const struct kernel_socket *s)
{
	enum { FIRST = 64 };
	if (out->count == out->room) {
		size_t room = out->room ? 2 * out->room : FIRST;
		struct kernel_socket *more =
			realloc(out->row, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		out->row = more;
		out->room = room;
	}
	out->row[out->count++] = *s;
	return 0;
}

/* One line; what is no socket of ours to look at is passed over. */
static int take_line(struct kernel_sockets *out, const char *line, bool udp)
{
	char host[HEX6 + 1], far[HEX6 + 1];
	unsigned port, far_port, state;
	uint64_t inode;
	struct kernel_socket s = { .udp = udp };
	if (sscanf(line,
		   " %*[0-9]: %32[0-9A-F]:%x %32[0-9A-F]:%x %x %*s %*s %*s "
		   "%*s %*s %" SCNu64,
		   host, &port, far, &far_port, &state, &inode) != 6)
		return 0;
	size_t len = strlen(host);
	if ((len != HEX4 && len != HEX6) || port > UINT16_MAX)
		return 0;
	if (udp ? far_port != 0 : state != TCP_LISTENS)
		return 0;
	s.inode = inode;
	read_host(host, len, &s.at);
	addr_set_port(&s.at, (uint16_t)port);
	return add(out, &s);
}

int kernel_sockets_read(struct kernel_sockets *out, const char *path, bool udp)
{
	char line[512];
	int err = 0;
	FILE *f = fopen(path, "re");
	if (!f)
		return errno == ENOENT ? 0 : -errno;
	while (!err && fgets(line, sizeof(line), f))
		err = take_line(out, line, udp);
	fclose(f);
	return err;
}

int kernel_sockets_all(struct kernel_sockets *out)
{
	static const struct {
		const char *path;
		bool udp;
	} tables[] = { { "/proc/net/tcp", false },
		       { "/proc/net/tcp6", false },
		       { "/proc/net/udp", true },
		       { "/proc/net/udp6", true } };
	int err = 0;
	*out = (struct kernel_sockets){ .row = NULL };
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && !err; i++)
		err = kernel_sockets_read(out, tables[i].path, tables[i].udp);
	return err;
}

void kernel_sockets_free(struct kernel_sockets *s)
{
	free(s->row);
	s->row = NULL;
}

int kernel_inodes_of(json_t *inodes, int64_t pid)
{
	char path[64], link[512], text[64];
	uint64_t inode;
	int err = 0;
	snprintf(path, sizeof(path), "/proc/%" PRId64 "/fd", pid);
	DIR *d = opendir(path);
	if (!d)
		return errno == ENOENT ? 0 : -errno;
	for (struct dirent *e; !err && (e = readdir(d));) {
		snprintf(link, sizeof(link), "%s/%s", path, e->d_name);
		ssize_t n = readlink(link, text, sizeof(text) - 1);
		text[n > 0 ? n : 0] = '\0';
		if (sscanf(text, "socket:[%" SCNu64 "]", &inode) != 1)
			continue;
		if (json_array_append_new(inodes,
					  json_integer((json_int_t)inode)))
			err = -ENOMEM;
	}
	closedir(d);
	return err;
}

static int count_row(json_t *rules, const char *name, size_t len,
		     json_int_t packets)
{
	json_int_t before =
		json_integer_value(json_object_getn(rules, name, len));
	return json_object_setn_new(rules, name, len,
				    json_integer(before + packets));
}

/* One rule of nft's: its comment names the row. */
static int take_nft(json_t *rules, const json_t *rule)
{
	const char *comment =
		json_string_value(json_object_get(rule, "comment"));
	const json_t *expr = json_object_get(rule, "expr");
	json_int_t packets = 0;
	if (!comment || strncmp(comment, MARK, sizeof(MARK) - 1))
		return 0;
	for (size_t i = 0; i < json_array_size(expr); i++)
		packets += json_integer_value(json_object_get(
			json_object_get(json_array_get(expr, i), "counter"),
			"packets"));
	comment += sizeof(MARK) - 1;
	return count_row(rules, comment, strlen(comment), packets);
}

/* "[12:3456] -A INPUT ... --comment "sallyport fed-in" -j ACCEPT" */
static int take_iptables(json_t *rules, const char *line, size_t len)
{
	static const char quoted[] = "\"sallyport ";
	const char *end = line + len;
	const char *name = memmem(line, len, quoted, sizeof(quoted) - 1);
	if (!name || *line != '[')
		return 0;
	name += sizeof(quoted) - 1;
	const char *quote = memchr(name, '"', (size_t)(end - name));
	if (!quote)
		return 0;
	return count_row(rules, name, (size_t)(quote - name),
			 strtoll(line + 1, NULL, 10));
}

static int take_nft_all(json_t *rules, const char *text)
{
	json_t *root = json_loads(text, 0, NULL);
	const json_t *list = json_object_get(root, "nftables");
	int err = 0;
	for (size_t i = 0; i < json_array_size(list) && !err; i++)
		err = take_nft(rules, json_object_get(json_array_get(list, i),
						      "rule"));
	json_decref(root);
	return err;
}

json_t *kernel_rules_parse(const char *nft, const char *iptables)
{
	json_t *rules = json_object();
	int err = rules ? 0 : -ENOMEM;
	if (!err && nft)
		err = take_nft_all(rules, nft);
	for (const char *at = iptables; !err && at && *at;) {
		size_t len = strcspn(at, "\n");
		err = take_iptables(rules, at, len);
		at += len + (at[len] == '\n');
	}
	if (!err)
		return rules;
	json_decref(rules);
	return NULL;
}

/* What a command says; empty when it cannot be run. */
static void output_of(struct buf *out, const char *command)
{
	enum { PIECE = 16 << 10 };
	FILE *f = popen(command, "re");
	size_t n = f ? 1 : 0;
	while (n && out->len < RULES_MAX) {
		uint8_t *p = buf_reserve(out, PIECE);
		n = p ? fread(p, 1, PIECE, f) : 0;
		buf_commit(out, n);
	}
	if (f)
		pclose(f);
	buf_u8(out, 0);
}

json_t *kernel_rules(void)
{
	struct buf nft, iptables;
	buf_init(&nft, 0);
	buf_init(&iptables, 0);
	output_of(&nft, "nft -j list ruleset 2>/dev/null");
	output_of(&iptables, "{ iptables-save -c; ip6tables-save -c; } "
			     "2>/dev/null");
	json_t *rules = buf_failed(&nft) || buf_failed(&iptables)
				? NULL
				: kernel_rules_parse((char *)nft.ptr,
						     (char *)iptables.ptr);
	buf_free(&nft);
	buf_free(&iptables);
	return rules;
}
