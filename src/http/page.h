/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of the web client, built into the program; none when it was built
 * without. Exact paths, nothing decoded (ADM-04). Pure.
 */
#pragma once

#include "http/http.h"

struct http_file {
	const char *path; /* "/app.js" */
	const char *type; /* Content-Type */
	const char *tag;  /* ETag, without quotes: changes with the content */
	const unsigned char *plain;
	size_t plain_len;
	const unsigned char *gzip; /* the same, compressed */
	size_t gzip_len;
};

/* Ends with a row whose path is NULL. */
extern const struct http_file http_files[];

const struct http_file *http_file_find(const struct http_file *files,
				       struct slice path);
/* The answer to a request for it: the file, compressed for who takes that, or
 * that the browser has it already; or why not. */
const struct reject *http_file_answer(const struct http_file *file,
				      const struct http_request *r,
				      struct buf *out);
