#include "bearer.h"

#include <check.h>
#include <gnutls/crypto.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/base64url.h"
#include "common/base/buffer.h"
#include "common/base/clock.h"
#include "common/base/hash.h"

void bearer_header(char *ret_header, size_t size, const char *secret, const char *user,
                   const char *groups)
{
        static const char head[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
        _cleanup_(buffer_deinit) Buffer claims = BUFFER_INIT;
        _cleanup_(buffer_deinit) Buffer token = BUFFER_INIT;
        uint8_t mac[HASH_SHA256_SIZE];

        buffer_printf(&claims,
                      "{\"iss\":\"skafu\",\"aud\":\"skafu\",\"sub\":\"%s\",\"username\":\"%s\","
                      "\"exp\":%" PRId64 ",\"cognito:groups\":%s}",
                      user, user, clock_now_us() / US_PER_SEC + 600, groups);
        base64url_encode(&token, head, sizeof head - 1);
        buffer_append_char(&token, '.');
        base64url_encode(&token, claims.data, claims.size);
        ck_assert_int_eq(gnutls_hmac_fast(GNUTLS_MAC_SHA256, secret, strlen(secret), token.data,
                                          token.size, mac),
                         0);
        buffer_append_char(&token, '.');
        base64url_encode(&token, mac, sizeof mac);
        ck_assert_int_lt(snprintf(ret_header, size, "Authorization: Bearer %s\r\n", token.data),
                         (int)size);
}
