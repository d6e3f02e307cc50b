#pragma once

/*
 * auth_claims.h — what a token with a good signature must say, and whom it names.
 */

#include <jansson.h>
#include <stdint.h>

#include "common/auth/principal.h"
#include "common/base/error.h"

typedef struct AuthClaimRules {
        const char *issuer, *audience, *groups_claim;
        int64_t leeway_us;
} AuthClaimRules;

/**
 * auth_claims_check() - issuer, audience, times; then user and groups
 * @now_us:          wall clock
 * @ret_expires_us:  until when the token is good, leeway included
 *
 * Return: ERROR_NONE; ERROR_UNAUTHENTICATED naming the claim.
 */
_must_check_ ErrorCode auth_claims_check(const json_t *claims, const AuthClaimRules *rules,
                                         int64_t now_us, Principal **ret, int64_t *ret_expires_us,
                                         Error *err);
