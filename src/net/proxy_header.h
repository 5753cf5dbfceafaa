/* SPDX-License-Identifier: Apache-2.0 */
/* The PROXY protocol, version 2, by which a load balancer says who is at the
 * other end of a connection that it passes on. Pure. */
#pragma once

#include "base/addr.h"

/* Signature, command, family and length; addresses; room for extensions. */
enum { PROXY_HEADER_HEAD = 16, PROXY_HEADER_MAX = 1024 };

/*
 * first: the first bytes of the connection. 0: *len bytes are the header, and
 * *from is what it says; left alone when the balancer speaks for itself or of
 * no address. -EAGAIN: *len bytes are needed. -EPROTO: it is none.
 */
int proxy_header_read(struct slice first, size_t *len, struct addr *from);
