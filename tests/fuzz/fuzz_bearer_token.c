/*
 * fuzz_bearer_token.c — bearer tokens of any content. Nobody here knows the secret, so none is good;
 * then the same bytes as a key file and as a file of API keys.
 */

#include <string.h>

#include "common/auth/api_keys.h"
#include "common/auth/auth.h"
#include "common/auth/auth_keys.h"
#include "fuzz.h"

static AuthVerifier *make_verifier(void)
{
        const AuthOptions options = {
                .issuer = "skafu",
                .audience = "skafu",
                .hs256_secret = "a secret that no input has, 32 bytes or more",
        };
        AuthVerifier *verifier = NULL;

        FUZZ_CHECK(auth_verifier_new(&verifier, &options, NULL) == ERROR_NONE);
        return verifier;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static AuthVerifier *verifier;
        _cleanup_(auth_keys_freep) AuthKeys *keys = NULL;
        _cleanup_(api_keys_freep) ApiKeys *api_keys = NULL;
        _cleanup_(freep) char *text = strndup((const char *)data, size);
        Principal *principal = NULL;
        Error err = ERROR_INIT;

        if (!verifier)
                verifier = make_verifier();
        FUZZ_CHECK(text);
        FUZZ_CHECK(auth_verify_bearer(verifier, text, &principal, &err) == ERROR_UNAUTHENTICATED);
        FUZZ_CHECK(!principal && *err.message);
        FUZZ_CHECK(!auth_keys_parse(&keys, (const char *)data, size, &err) || !keys);
        if (api_keys_parse(&api_keys, (const char *)data, size, &err) == ERROR_NONE)
                FUZZ_CHECK(api_keys_check(api_keys, text, 0, &principal, &err) ==
                           ERROR_UNAUTHENTICATED);
        return 0;
}
