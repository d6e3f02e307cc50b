#include "common/auth/auth_claims.h"

#include <string.h>

#include "common/base/clock.h"

#define SECONDS_MAX 253402300799.0 /* the end of year 9999 */

static bool string_is(const json_t *json, const char *text)
{
        return json_is_string(json) && strcmp(json_string_value(json), text) == 0;
}

/* "aud" is a string or a list of strings; tokens without it name their client instead. */
static bool is_for(const json_t *claims, const char *audience)
{
        const json_t *aud = json_object_get(claims, "aud");
        const json_t *item;
        size_t i;

        if (!aud)
                return string_is(json_object_get(claims, "client_id"), audience);
        if (string_is(aud, audience))
                return true;
        json_array_foreach(aud, i, item) {
                if (string_is(item, audience))
                        return true;
        }
        return false;
}

/* A NumericDate; false when it is no number in range. */
static bool read_time(const json_t *json, int64_t *ret_us)
{
        double value = json_number_value(json);

        if (!json_is_number(json) || !(value >= 0 && value <= SECONDS_MAX))
                return false;
        *ret_us = (int64_t)(value * 1e6);
        return true;
}

static ErrorCode check_times(const json_t *claims, int64_t leeway_us, int64_t now_us,
                             int64_t *ret_expires_us, Error *err)
{
        const json_t *not_before = json_object_get(claims, "nbf");
        int64_t expires_us, from_us = 0;

        if (!read_time(json_object_get(claims, "exp"), &expires_us))
                return error_set(err, ERROR_UNAUTHENTICATED, "the token has no claim exp");
        if (now_us >= expires_us + leeway_us)
                return error_set(err, ERROR_UNAUTHENTICATED, "the token has expired");
        if (not_before && !read_time(not_before, &from_us))
                return error_set(err, ERROR_UNAUTHENTICATED, "the token's claim nbf is no time");
        if (now_us + leeway_us < from_us)
                return error_set(err, ERROR_UNAUTHENTICATED, "the token is not valid yet");
        *ret_expires_us = expires_us + leeway_us;
        return ERROR_NONE;
}

static const char *user_of(const json_t *claims)
{
        const char *user = json_string_value(json_object_get(claims, "username"));

        return user ? user : json_string_value(json_object_get(claims, "sub"));
}

static ErrorCode read_principal(const json_t *claims, const char *groups_claim, Principal **ret,
                                Error *err)
{
        const char *user = user_of(claims);
        const json_t *list = json_object_get(claims, groups_claim);
        const char *single = json_string_value(list);
        size_t n = json_array_size(list);
        _cleanup_(freep) const char **groups = calloc(n + 1, sizeof *groups);

        if (!groups)
                return error_no_memory(err);
        if (!user || !*user)
                return error_set(err, ERROR_UNAUTHENTICATED,
                                 "the token names no user: claims username and sub are missing");
        if (strncmp(user, PRINCIPAL_API_KEY_PREFIX, strlen(PRINCIPAL_API_KEY_PREFIX)) == 0)
                return error_set(err, ERROR_UNAUTHENTICATED,
                                 "the user's name begins with \"%s\", as only API keys' do",
                                 PRINCIPAL_API_KEY_PREFIX);
        for (size_t i = 0; i < n; i++) {
                groups[i] = json_string_value(json_array_get(list, i));
                if (!groups[i])
                        return error_set(err, ERROR_UNAUTHENTICATED,
                                         "the token's claim %.64s is no list of names",
                                         groups_claim);
        }
        *ret = single ? principal_new_user(user, &single, 1) : principal_new_user(user, groups, n);
        return *ret ? ERROR_NONE : error_no_memory(err);
}

ErrorCode auth_claims_check(const json_t *claims, const AuthClaimRules *rules, int64_t now_us,
                            Principal **ret, int64_t *ret_expires_us, Error *err)
{
        ErrorCode code;

        if (!json_is_object(claims))
                return error_set(err, ERROR_UNAUTHENTICATED, "the token has no claims");
        if (!string_is(json_object_get(claims, "iss"), rules->issuer))
                return error_set(err, ERROR_UNAUTHENTICATED, "the token is of another issuer");
        if (!is_for(claims, rules->audience))
                return error_set(err, ERROR_UNAUTHENTICATED, "the token is for another audience");
        code = check_times(claims, rules->leeway_us, now_us, ret_expires_us, err);
        if (code)
                return code;
        return read_principal(claims, rules->groups_claim, ret, err);
}
