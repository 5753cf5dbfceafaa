/* SPDX-License-Identifier: Apache-2.0 */
/* Facts that others have to be asked for: the owner of a partner, and home. */
#pragma once

/* What the keeper of a discovered partner's limits says of this request. */
enum access_limit {
	ACCESS_LIMIT_UNKNOWN, /* nobody has asked: the verdict is NEED_LIMIT */
	ACCESS_WITHIN_LIMITS,
	ACCESS_OVER_RATE,
	ACCESS_OVER_ADDRESSES, /* one more local address than it may try */
	ACCESS_LIMIT_FAILED    /* it could not be found out */
};

/* Has the sender, for whom the provider of a split domain speaks, an account
 * here? */
enum access_homed {
	ACCESS_HOMED_UNKNOWN, /* nobody has asked: the verdict is NEED_HOMED */
	ACCESS_HOMED_NOT,
	ACCESS_HOMED_HERE,
	ACCESS_HOMED_FAILED, /* it could not be found out */
	ACCESS_HOMED_COUNT
};
