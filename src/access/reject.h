/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every way in which judgement says no: one row each, with the code, the
 * ms-diagnostics id, the counter and the sentence for people.
 */
#pragma once

#include "base/reject.h"

extern const struct reject ACCESS_REJ_NOT_PARTNER;
extern const struct reject ACCESS_REJ_FROM_MISMATCH;
extern const struct reject ACCESS_REJ_SPLIT_LOCAL;
extern const struct reject ACCESS_REJ_SPLIT_UNKNOWN;
extern const struct reject ACCESS_REJ_PROOF;
extern const struct reject ACCESS_REJ_PROOF_UNKNOWN;
extern const struct reject ACCESS_REJ_SRV_NONE;
extern const struct reject ACCESS_REJ_SRV_DOMAIN;
extern const struct reject ACCESS_REJ_NOT_OURS;
extern const struct reject ACCESS_REJ_NO_ROUTE;
extern const struct reject ACCESS_REJ_PARTNER_METHOD;
extern const struct reject ACCESS_REJ_CLIENT_FROM;
extern const struct reject ACCESS_REJ_INSIDE_LOOP;
extern const struct reject ACCESS_REJ_LIMIT_RATE;
extern const struct reject ACCESS_REJ_LIMIT_ADDRESSES;
extern const struct reject ACCESS_REJ_LIMIT_UNKNOWN;
extern const struct reject ACCESS_REJ_BLOCKED;
extern const struct reject ACCESS_REJ_UNMARKED;
extern const struct reject ACCESS_REJ_PROVIDER_ENDED;
extern const struct reject ACCESS_REJ_PROVIDER_METHOD;
extern const struct reject ACCESS_REJ_AUDIO_VIDEO;
extern const struct reject ACCESS_REJ_POLICY_NOTHING;
extern const struct reject ACCESS_REJ_POLICY_FEDERATION;
extern const struct reject ACCESS_REJ_POLICY_PUBLIC_IM;
extern const struct reject ACCESS_REJ_POLICY_XMPP;
extern const struct reject ACCESS_REJ_POLICY_OUTSIDE;
extern const struct reject ACCESS_REJ_POLICY_ADDRESSEE;
