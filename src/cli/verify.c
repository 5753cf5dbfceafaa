/* SPDX-License-Identifier: Apache-2.0 */
/* Rows, sockets, rules: what fits, what does not, what was never used. */
#include "cli/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/ctl.h"
#include "cli/out.h"

struct range {
	unsigned first, last;
};

static const char *member(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));
	return text ? text : "";
}

/* "443" or "50000-59999"; else 1 to 0: nothing. */
static struct range range_of(const char *text)
{
	struct range r = { 1, 0 };
	int n = sscanf(text, "%u-%u", &r.first, &r.last);
	if (n == 1)
		r.last = r.first;
	return n > 0 ? r : (struct range){ 1, 0 };
}

static bool is_udp(const json_t *row)
{
	return strcmp(member(row, "transport"), "UDP") == 0;
}

static bool inward(const json_t *row)
{
	return strcmp(member(row, "direction"), "in") == 0;
}

static bool within(struct range r, const struct kernel_socket *s)
{
	unsigned port = addr_port(&s->at);
	return port >= r.first && port <= r.last;
}

static bool same_address(const json_t *row, const struct kernel_socket *s)
{
	char host[ADDR_TEXT_MAX];
	const char *ours = member(row, "ours");
	addr_host(&s->at, host);
	if (!*ours)
		return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
	return strcmp(host, ours) == 0;
}

/* Also what is allocated: the relay's sockets in its range. */
static bool covers(const json_t *row, const struct kernel_socket *s)
{
	struct range to = range_of(member(row, "port"));
	if (is_udp(row) != s->udp)
		return false;
	if (!inward(row))
		return within(range_of(member(row, "source_port")), s);
	return within(to, s) && (to.first != to.last || same_address(row, s));
}

static bool is_ours(const struct verify_machine *m,
		    const struct kernel_socket *s)
{
	for (size_t i = 0; i < json_array_size(m->inodes); i++)
		if ((uint64_t)json_integer_value(
			    json_array_get(m->inodes, i)) == s->inode)
			return true;
	return false;
}

static json_t *listens(const json_t *row, const struct verify_machine *m)
{
	struct range r = range_of(member(row, "port"));
	if (!inward(row) || r.first != r.last)
		return json_null();
	for (size_t i = 0; i < m->sockets->count; i++)
		if (covers(row, &m->sockets->row[i]) &&
		    (!m->inodes || is_ours(m, &m->sockets->row[i])))
			return json_true();
	return json_false();
}

static json_t *look_at_row(const json_t *row, const struct verify_machine *m,
			   bool *fits)
{
	const json_t *packets = json_object_get(m->rules, member(row, "id"));
	bool any = json_object_size(m->rules) > 0;
	json_t *listening = listens(row, m);
	if (json_is_false(listening) || (any && !packets))
		*fits = false;
	return json_pack("{s:s,s:s,s:s,s:o,s:o,s:o}", "id", member(row, "id"),
			 "transport", member(row, "transport"), "port",
			 member(row, "port"), "listens", listening, "rule",
			 any ? json_boolean(packets != NULL) : json_null(),
			 "packets",
			 packets ? json_integer(json_integer_value(packets))
				 : json_null());
}

/* Sockets of the server that no row speaks of. */
static int find_uncovered(json_t *out, const json_t *rows,
			  const struct verify_machine *m)
{
	char text[ADDR_TEXT_MAX];
	for (size_t i = 0; i < m->sockets->count; i++) {
		const struct kernel_socket *s = &m->sockets->row[i];
		bool covered = !m->inodes || !is_ours(m, s);
		for (size_t k = 0; k < json_array_size(rows) && !covered; k++)
			covered = covers(json_array_get(rows, k), s);
		if (covered)
			continue;
		if (json_array_append_new(
			    out, json_sprintf("%s %s", s->udp ? "UDP" : "TCP",
					      addr_text(&s->at, text))))
			return -1;
	}
	return 0;
}

json_t *verify_rows(const json_t *rows, const struct verify_machine *m)
{
	json_t *list = json_array(), *uncovered = json_array();
	bool fits = true;
	int err = list && uncovered ? 0 : -1;
	for (size_t i = 0; i < json_array_size(rows) && !err; i++)
		err = json_array_append_new(
			list, look_at_row(json_array_get(rows, i), m, &fits));
	if (!err)
		err = find_uncovered(uncovered, rows, m);
	if (err) {
		json_decref(list);
		json_decref(uncovered);
		return NULL;
	}
	fits = fits && json_array_size(uncovered) == 0;
	return json_pack("{s:o,s:o,s:b,s:b}", "rows", list, "uncovered",
			 uncovered, "rules", json_object_size(m->rules) > 0,
			 "fits", fits);
}

/* The sockets of the processes that serve; the resolver's come and go. NULL:
 * they are not for us to see. */
static json_t *server_inodes(const json_t *status)
{
	const json_t *list = json_object_get(status, "processes");
	json_t *inodes = json_array();
	for (size_t i = 0; inodes && i < json_array_size(list); i++) {
		const json_t *p = json_array_get(list, i);
		const char *role = member(p, "role");
		if (strcmp(role, "edge") != 0 && strcmp(role, "relay") != 0)
			continue;
		if (kernel_inodes_of(inodes, json_integer_value(json_object_get(
						     p, "pid")))) {
			json_decref(inodes);
			return NULL;
		}
	}
	return inodes;
}

static json_t *compare(const json_t *table, const json_t *status)
{
	struct kernel_sockets sockets;
	json_t *rows = json_loads(member(table, "text"), 0, NULL);
	json_t *inodes = server_inodes(status), *rules = kernel_rules();
	json_t *out = NULL;
	const struct verify_machine m = { &sockets, inodes, rules };
	if (kernel_sockets_all(&sockets) == 0 && rows && rules)
		out = verify_rows(rows, &m);
	kernel_sockets_free(&sockets);
	json_decref(rows);
	json_decref(inodes);
	json_decref(rules);
	return out;
}

int verify_machine(struct cli *c, json_t **out)
{
	json_t *status = NULL, *table = NULL;
	int err = ctl_call(c, "status", json_object(), &status);
	if (!err)
		err = ctl_call(c, "ports",
			       json_pack("{ssssssss}", "form", "json", "lang",
					 "", "profile", "", "published", ""),
			       &table);
	if (!err) {
		*out = compare(table, status);
		if (!*out)
			err = cli_fail(c, CLI_NO,
				       "the kernel's tables cannot "
				       "be read");
	}
	json_decref(status);
	json_decref(table);
	return err;
}

static void yes_no(struct out_table *t, const json_t *value)
{
	if (json_is_boolean(value))
		out_cell(t, json_is_true(value) ? SLICE_LIT("yes")
						: SLICE_LIT("NO"));
	else
		out_cell(t, SLICE_NONE);
}

static void print_rows(struct cli *c, const json_t *rows)
{
	static const char *const heads[] = {
		"ROW", "TRANSPORT", "PORT", "LISTENS", "RULE", "PACKETS"
	};
	enum { COLUMNS = sizeof(heads) / sizeof(heads[0]) };
	struct out_table t;
	out_table_init(&t, COLUMNS);
	for (size_t i = 0; i < COLUMNS; i++)
		out_cell(&t, slice_str(heads[i]));
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		const json_t *packets = json_object_get(row, "packets");
		out_cell_json(&t, json_object_get(row, "id"));
		out_cell_json(&t, json_object_get(row, "transport"));
		out_cell_json(&t, json_object_get(row, "port"));
		yes_no(&t, json_object_get(row, "listens"));
		yes_no(&t, json_object_get(row, "rule"));
		if (json_is_integer(packets) && !json_integer_value(packets))
			out_cell(&t, SLICE_LIT("never used"));
		else
			out_cell_json(&t, packets);
	}
	if (out_table_print(c, &t))
		cli_fail(c, CLI_NO, "out of memory");
	out_table_free(&t);
}

int cli_verb_ports_verify(struct cli *c)
{
	json_t *result = NULL;
	if (c->args.opt[OPT_CONFIG])
		return cli_fail(c, CLI_USAGE,
				"--verify is about the running server: leave "
				"-c out");
	int status = verify_machine(c, &result);
	if (status)
		return status;
	const json_t *uncovered = json_object_get(result, "uncovered");
	status = json_is_true(json_object_get(result, "fits")) ? CLI_DONE
							       : CLI_NO;
	if (c->args.opt[OPT_JSON]) {
		int err = out_json(c, result);
		return err ? err : status;
	}
	print_rows(c, json_object_get(result, "rows"));
	for (size_t i = 0; i < json_array_size(uncovered); i++)
		fprintf(c->out, "in no row: %s\n",
			json_string_value(json_array_get(uncovered, i)));
	if (!json_is_true(json_object_get(result, "rules")))
		fputs("no rules of `sallyport firewall` are loaded here, or "
		      "they are not for you to see\n",
		      c->out);
	json_decref(result);
	return status;
}
