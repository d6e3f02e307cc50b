#include "common/auth/auth_token.h"

#include <gnutls/crypto.h>
#include <orcania.h>
#include <string.h>

#include "common/auth/auth.h"

#define MAC_SIZE      32
#define MAC_TEXT_SIZE 43 /* base64url without padding */

static const char base64url_digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static ErrorCode no_token(Error *err)
{
        return error_set(err, ERROR_UNAUTHENTICATED, "the bearer token is no signed JWT");
}

/* Three parts of base64url. rhonabwy is laxer: it skips white space. */
static bool has_shape(AuthToken *token, const char *text)
{
        size_t header = strspn(text, base64url_digits);
        size_t claims, signature;

        if (!header || text[header] != '.')
                return false;
        claims = strspn(text + header + 1, base64url_digits);
        token->signed_size = header + 1 + claims;
        if (!claims || text[token->signed_size] != '.')
                return false;
        signature = strspn(text + token->signed_size + 1, base64url_digits);
        token->size = token->signed_size + 1 + signature;
        return signature && !text[token->size];
}

ErrorCode auth_token_parse(AuthToken *token, const char *text, Error *err)
{
        if (strnlen(text, AUTH_TOKEN_BYTES_MAX + 1) > AUTH_TOKEN_BYTES_MAX)
                return error_set(err, ERROR_UNAUTHENTICATED, "the bearer token is over %d bytes",
                                 AUTH_TOKEN_BYTES_MAX);
        if (!has_shape(token, text))
                return no_token(err);
        if (r_jwt_init(&token->jwt) != RHN_OK)
                return error_no_memory(err);
        token->text = text;
        /* R_PARSE_NONE: neither unsigned tokens nor keys from the token's own header */
        if (r_jwt_advanced_parsen(token->jwt, text, token->size, R_PARSE_NONE,
                                  R_FLAG_IGNORE_REMOTE) != RHN_OK)
                return no_token(err);
        token->algorithm = r_jwt_get_header_str_value(token->jwt, "alg");
        token->kid = r_jwt_get_header_str_value(token->jwt, "kid");
        /* "crit" names what a reader must understand: we understand nothing beyond the standard */
        if (!token->algorithm || r_jwt_get_type(token->jwt) != R_JWT_TYPE_SIGN ||
            json_object_get(token->jwt->j_header, "crit") ||
            json_object_get(token->jwt->j_header, "zip"))
                return no_token(err);
        return ERROR_NONE;
}

void auth_token_deinit(AuthToken *token)
{
        r_jwt_free(token->jwt);
        *token = AUTH_TOKEN_INIT;
}

bool auth_token_signed_with_secret(const AuthToken *token, const char *secret)
{
        unsigned char mac[MAC_SIZE], text[MAC_TEXT_SIZE + 5];
        size_t text_size = 0;

        if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, secret, strlen(secret), token->text,
                             token->signed_size, mac) != 0 ||
            !o_base64url_encode(mac, sizeof mac, text, &text_size))
                return false;
        return text_size == token->size - token->signed_size - 1 &&
               gnutls_memcmp(text, token->text + token->signed_size + 1, text_size) == 0;
}

bool auth_token_signed_with_key(AuthToken *token, const char *jwk_text)
{
        jwk_t *jwk = NULL;
        bool is_good = r_jwk_init(&jwk) == RHN_OK &&
                       r_jwk_import_from_json_str(jwk, jwk_text) == RHN_OK &&
                       r_jwt_verify_signature(token->jwt, jwk, R_FLAG_IGNORE_REMOTE) == RHN_OK;

        r_jwk_free(jwk);
        return is_good;
}

const json_t *auth_token_claims(const AuthToken *token)
{
        return token->jwt->j_claims;
}
