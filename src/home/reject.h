/* SPDX-License-Identifier: Apache-2.0 */
/* The refusals of home. */
#pragma once

#include "base/reject.h"

extern const struct reject home_rej_challenge;
extern const struct reject home_rej_proxy_challenge;
extern const struct reject home_rej_unauthorized;
extern const struct reject home_rej_proxy_unauthorized;
extern const struct reject home_rej_credentials;
extern const struct reject home_rej_identity;
extern const struct reject home_rej_not_yours;
extern const struct reject home_rej_outsider_from;
extern const struct reject home_rej_outsider_register;
extern const struct reject home_rej_transit;
extern const struct reject home_rej_stranger;
extern const struct reject home_rej_split_local;
extern const struct reject home_rej_not_found;
extern const struct reject home_rej_domain;
extern const struct reject home_rej_offline;
extern const struct reject home_rej_gone;
extern const struct reject home_rej_interval;
extern const struct reject home_rej_bad_register;
extern const struct reject home_rej_order;
extern const struct reject home_rej_gruu;
extern const struct reject home_rej_first_hop;
extern const struct reject home_rej_contacts;
extern const struct reject home_rej_extension;
extern const struct reject home_rej_method;
extern const struct reject home_rej_scheme;
extern const struct reject home_rej_store_down;
extern const struct reject home_rej_mailbox;
extern const struct reject home_rej_store_full;
extern const struct reject home_rej_overload;
extern const struct reject home_rej_draining;
