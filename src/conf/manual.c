/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manual page sallyport.yaml(5) and an annotated example, printed from the
 * schema: what is documented is what is checked.
 */
#include <string.h>

#include "conf/conf.h"
#include "conf/schema.h"

enum { COMMENT_WIDTH = 72 };

static const char HEAD[] =
	".TH SALLYPORT.YAML 5 2026-11-22 \"Sallyport " SALLYPORT_VERSION
	"\" \"Sallyport manual\"\n"
	".SH NAME\n"
	"sallyport.yaml \\- configuration of the edge server sallyportd\n"
	".SH DESCRIPTION\n"
	"The file is YAML: UTF\\-8, one document, at most 1 MiB.\n"
	"Every key is in the list below; dots stand for indentation, so that\n"
	".B edge.name\n"
	"is the key\n"
	".B name\n"
	"under\n"
	".BR edge .\n"
	"Anchors, aliases and tags are refused. So is a key that is not\n"
	"known, stands twice, or whose feature this version does not have:\n"
	"nothing is ever ignored.\n"
	".PP\n"
	"Domain names are compared in one form: lower case, without a final\n"
	"dot, international names as A\\-labels (xn\\-\\-...). Wildcards and\n"
	"IP addresses are no domain names.\n"
	".PP\n"
	"Files that keys name have absolute paths, are regular files of at\n"
	"most 1 MiB, and are read when the configuration is loaded.\n"
	".PP\n"
	".B sallyportd \\-t \\-c FILE\n"
	"checks a file without starting anything. When something is wrong it\n"
	"prints one line,\n"
	".I file:line: what is wrong and what would be right,\n"
	"and exits with 1. A reload gives the same verdict; the configuration\n"
	"in force then stays as it was.\n"
	".SH KEYS\n";

static const char TAIL[] = ".SH FILES\n"
			   ".TP\n"
			   ".I /etc/sallyport/sallyport.yaml\n"
			   "The file that the service loads.\n"
			   ".SH SEE ALSO\n"
			   ".BR sallyportd (8),\n"
			   ".BR sallyport (1),\n"
			   ".BR sallyport\\-events (7)\n";

/* Text as roff: backslashes and hyphens escaped, `x` in bold. */
static void roff(struct buf *out, const char *text)
{
	bool bold = false;
	for (; *text; text++) {
		if (*text == '`') {
			bold = !bold;
			buf_str(out, bold ? "\\fB" : "\\fR");
		} else if (*text == '\\') {
			buf_str(out, "\\e");
		} else if (*text == '-') {
			buf_str(out, "\\-");
		} else {
			buf_u8(out, (uint8_t)*text);
		}
	}
}

static void line(struct buf *out, const char *text)
{
	buf_str(out, "\\&"); /* no macro, whatever it begins with */
	roff(out, text);
	buf_str(out, "\n");
}

static void range(struct buf *out, const struct conf_key *key)
{
	buf_printf(out, "%s%u to %u%s%s",
		   key->type == CONF_WORKERS ? "auto or " : "",
		   (unsigned)key->min, (unsigned)key->max, key->unit ? " " : "",
		   key->unit ? key->unit : "");
}

static void words(struct buf *out, const struct conf_key *key)
{
	const char *between = "";
	for (const struct conf_choice *c = key->choices; c->word; c++) {
		if (c->absent)
			continue;
		buf_printf(out, "%s%s", between, c->word);
		between = " | ";
	}
}

static const char *const TYPE_NAMES[CONF_TYPE_COUNT] = {
	[CONF_SECTION] = "section",
	[CONF_ROWS] = "list of mappings",
	[CONF_DOMAIN] = "domain name",
	[CONF_DOMAINS] = "list of domain names",
	[CONF_PATH] = "path",
	[CONF_FILE] = "file",
	[CONF_ADDR] = "address:port",
	[CONF_ADDRS] = "list of address:port",
	[CONF_SERVERS] = "list of addresses",
	[CONF_HOPS] = "list of name:port or address:port, or one name",
	[CONF_PREFIXES] = "list of prefixes",
	[CONF_USER] = "account or number",
	[CONF_WORD] = "name",
	[CONF_DATE] = "date",
	[CONF_AORS] = "list of user@domain",
	[CONF_PINS] = "list of SHA-256 digests",
	[CONF_TEXT] = "text",
	[CONF_IP] = "address",
	[CONF_RANGE] = "first-last",
};

/* The title line of a key: path and what may be written. */
static void title(struct buf *out, const struct conf_key *key)
{
	buf_str(out, ".TP\n\\fB");
	roff(out, key->path);
	buf_str(out, "\\fR (");
	if (key->type == CONF_U32 || key->type == CONF_WORKERS)
		range(out, key);
	else if (key->type == CONF_CHOICE)
		words(out, key);
	else
		buf_str(out, TYPE_NAMES[key->type]);
	if (key->missing)
		buf_str(out, ", required");
	buf_str(out, ")\n");
}

static void entry(struct buf *out, const struct conf_key *key)
{
	title(out, key);
	line(out, key->doc);
	if (key->fallback) {
		buf_str(out, "Default: \\fB");
		roff(out, key->fallback);
		buf_str(out, "\\fR.\n");
	} else if (key->example) {
		buf_str(out, "Example: \\fB");
		roff(out, key->example);
		buf_str(out, "\\fR.\n");
	}
}

static void absent_keys(struct buf *out)
{
	buf_str(out, ".SH KEYS OF LATER VERSIONS\n"
		     "These are known by name and refused.\n");
	for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
		if (!CONF_KEYS[i].absent)
			continue;
		buf_str(out, ".TP\n\\fB");
		roff(out, CONF_KEYS[i].path);
		buf_str(out, "\\fR\n");
		line(out, CONF_KEYS[i].absent);
	}
}

/* The example as a block of text. */
static void example_block(struct buf *out)
{
	struct buf text;
	buf_init(&text, 0);
	conf_example(&text);
	out->failed = out->failed || buf_failed(&text);
	buf_str(out, ".SH EXAMPLE\n.nf\n");
	struct slice rest = buf_slice(&text);
	while (!slice_empty(rest)) {
		ptrdiff_t end = slice_chr(rest, '\n');
		char one[256];
		if (end < 0 ||
		    slice_cstr(slice_head(rest, (size_t)end), one, sizeof(one)))
			break;
		line(out, one);
		rest = slice_from(rest, (size_t)end + 1);
	}
	buf_str(out, ".fi\n");
	buf_free(&text);
}

void conf_manual(struct buf *out)
{
	buf_str(out, HEAD);
	for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
		if (!CONF_KEYS[i].absent)
			entry(out, &CONF_KEYS[i]);
	}
	absent_keys(out);
	example_block(out);
	buf_str(out, TAIL);
}

static void indent(struct buf *out, size_t columns)
{
	for (size_t i = 0; i < columns; i++)
		buf_u8(out, ' ');
}

/* A comment in lines of bounded width, without the marks for bold. */
static void comment(struct buf *out, const char *text, size_t columns)
{
	size_t width = 0;
	for (const char *word = text; *word;) {
		size_t len = strcspn(word, " ");
		if (width + len + 1 > COMMENT_WIDTH - columns) {
			buf_str(out, "\n");
			width = 0;
		}
		if (width == 0) {
			indent(out, columns);
			buf_str(out, "#");
		}
		buf_str(out, " ");
		for (size_t i = 0; i < len; i++) {
			if (word[i] != '`')
				buf_u8(out, (uint8_t)word[i]);
		}
		width += len + 1;
		word += len;
		word += strspn(word, " ");
	}
	buf_str(out, "\n");
}

static size_t depth(const struct conf_key *key)
{
	size_t n = 0;
	for (const char *p = key->path; *p; p++)
		n += *p == '.';
	return n;
}

void conf_example(struct buf *out)
{
	bool entry_begins = false; /* the next key begins a list entry */
	for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
		const struct conf_key *key = &CONF_KEYS[i];
		if (key->absent)
			continue;
		bool in_row = strstr(key->path, "[]") != NULL;
		size_t columns = 2 * depth(key) + (in_row ? 2 : 0);
		if (columns == 0 && i > 0)
			buf_str(out, "\n");
		comment(out, key->doc, columns);
		indent(out, entry_begins ? columns - 2 : columns);
		buf_printf(out, "%s%s:", entry_begins ? "- " : "",
			   conf_key_name(key));
		entry_begins = key->type == CONF_ROWS;
		const char *value = key->example ? key->example : key->fallback;
		if (value && key->type != CONF_ROWS)
			buf_printf(out, " %s", value);
		buf_str(out, "\n");
	}
}
