/* SPDX-License-Identifier: Apache-2.0 */
/* What the relay refuses; status is the STUN error code of RFC 8656, a
 * dialect may tell another one. */
#pragma once

#include "base/reject.h"

extern const struct reject relay_rej_drop; /* silence */
extern const struct reject relay_rej_bad;
extern const struct reject relay_rej_unknown;
extern const struct reject relay_rej_peer;
extern const struct reject relay_rej_no_allocation;
extern const struct reject relay_rej_has_allocation;
extern const struct reject relay_rej_other_user;
extern const struct reject relay_rej_transport;
extern const struct reject relay_rej_family;
extern const struct reject relay_rej_peer_family;
extern const struct reject relay_rej_quota;
extern const struct reject relay_rej_capacity;
extern const struct reject relay_rej_permissions;
extern const struct reject relay_rej_channel;
extern const struct reject relay_rej_draining;
extern const struct reject relay_rej_alternate; /* with where to go */
extern const struct reject relay_rej_link_exists;
extern const struct reject relay_rej_link_failed;
extern const struct reject relay_rej_not_tcp;
extern const struct reject relay_rej_mobility;
