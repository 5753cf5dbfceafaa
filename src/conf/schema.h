/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to conf/: the shape of a row of the schema. Everything that is known
 * about a key is in its row; parser, checks, snapshot, manual page and example
 * follow from it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum conf_type {
	CONF_SECTION, /* a mapping of further keys */
	CONF_ROWS,    /* a list of mappings: "partners" */
	CONF_DOMAIN,
	CONF_DOMAINS,
	CONF_PATH,
	CONF_FILE,
	CONF_ADDR,     /* ip:port */
	CONF_ADDRS,    /* list of ip:port */
	CONF_SERVERS,  /* list of ip, or ip:port */
	CONF_HOPS,     /* list of name:port or ip:port, or one name */
	CONF_PREFIXES, /* list of ip/bits */
	CONF_U32,
	CONF_WORKERS, /* number, or auto */
	CONF_CHOICE,  /* one of some words */
	CONF_USER,
	CONF_WORD,  /* a short name: letters, digits, hyphens */
	CONF_DATE,  /* 2013-03-15 */
	CONF_AORS,  /* list of user@domain */
	CONF_PINS,  /* list of SHA-256 digests, hexadecimal */
	CONF_TEXT,  /* printable; with readers: for them alone */
	CONF_IP,    /* an address without port */
	CONF_RANGE, /* of ports, first-last: one number, first << 16 | last */
	CONF_TYPE_COUNT
};

enum {
	CONF_LIST_MAX = 10000,
	CONF_FILE_MAX = 1 << 20,
	CONF_NO_FIELD = 0xffff /* an offset: the value is checked only */
};

/* Who needs the content of a file; the bits are 1 << enum proc_role. */
enum {
	CONF_FOR_EDGE = 1u << 1,
	CONF_FOR_RESOLVER = 1u << 4,
	CONF_FOR_ADMIN = 1u << 5,
	CONF_FOR_RELAY = 1u << 6
};

/* A word and its value; the list ends with a NULL word. absent: why the word
 * is known but refused. */
struct conf_choice {
	const char *word;
	uint8_t value;
	const char *absent;
};

struct conf_key {
	const char *path; /* "edge.name", "partners[].domain" */
	enum conf_type type;
	size_t offset;        /* in struct conf, or in the struct of the row */
	size_t count;         /* lists: offset of the number of entries */
	uint32_t min, max;    /* value; lists: number of entries */
	const char *unit;     /* of the value */
	const char *fallback; /* default as one would write it; lists: with
				 blanks between; NULL: none */
	const char *example;
	const char *missing; /* must be there: what to write */
	const char *absent;  /* known but not available here: why */
	const struct conf_choice *choices;
	size_t entry; /* CONF_ROWS: size of an entry */
	size_t line;  /* CONF_ROWS: offset of its uint32_t line in the entry */
	uint32_t readers; /* CONF_FILE, CONF_TEXT: CONF_FOR_... */
	bool secret;      /* CONF_FILE: nobody else may read it */
	bool by_section;  /* the default is for a section that is written,
			     or when no section beside it is */
	const char *doc;
};

extern const struct conf_key CONF_KEYS[];
extern const size_t CONF_KEY_COUNT;
enum { CONF_KEYS_MAX = 192 };

/* Index of the row with that path, or -1. */
int conf_key_find(const char *path);
/* Index of the row that holds this one ("edge" for "edge.name"), or -1. */
int conf_key_parent(size_t key);
/* "domain" of "partners[].domain". */
const char *conf_key_name(const struct conf_key *key);
