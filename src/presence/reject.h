/* SPDX-License-Identifier: Apache-2.0 */
/* The refusals of presence. */
#pragma once

#include "base/reject.h"

extern const struct reject presence_rej_xml;            /* 400 */
extern const struct reject presence_rej_xml_dtd;        /* 400 */
extern const struct reject presence_rej_xml_limit;      /* 400 */
extern const struct reject presence_rej_xml_encoding;   /* 400 */
extern const struct reject presence_rej_pidf;           /* 400 */
extern const struct reject presence_rej_list;           /* 400 */
extern const struct reject presence_rej_dialog_headers; /* 400 */
extern const struct reject presence_rej_state;          /* 400 */
extern const struct reject presence_rej_entity;         /* 403 */
extern const struct reject presence_rej_own_only;       /* 403 */
extern const struct reject presence_rej_publisher;      /* 403 */
extern const struct reject presence_rej_watcher_limit;  /* 403 */
extern const struct reject presence_rej_watched_limit;  /* 403 */
extern const struct reject presence_rej_devices;        /* 403 */
extern const struct reject presence_rej_list_size;      /* 403 */
extern const struct reject presence_rej_accept;         /* 406 */
extern const struct reject presence_rej_etag;           /* 412 */
extern const struct reject presence_rej_size;           /* 413 */
extern const struct reject presence_rej_type;           /* 415 */
extern const struct reject presence_rej_eventlist;      /* 421 */
extern const struct reject presence_rej_brief;          /* 423 */
extern const struct reject presence_rej_no_dialog;      /* 481 */
extern const struct reject presence_rej_event;          /* 489 */
extern const struct reject presence_rej_order;          /* 500 */
extern const struct reject presence_rej_rate;           /* 503 */
extern const struct reject presence_rej_overload;       /* 503 */
