# shellcheck shell=bash
# tokens.sh — bearer tokens (JWT, HS256) and API keys for development.

tokens_base64url() {
    openssl base64 -A | tr '+/' '-_' | tr -d '='
}

# token_mint SECRET SECONDS USER [GROUP…]: a token that is valid from now for SECONDS.
token_mint() {
    local secret=$1 seconds=$2 user=$3 now groups='' group body
    shift 3
    now=$(date +%s)
    for group in "$@"; do
        groups+="${groups:+,}\"$group\""
    done
    body=$(printf '{"alg":"HS256","typ":"JWT"}' | tokens_base64url).$(
        printf '{"sub":"%s","username":"%s","cognito:groups":[%s],"iss":"skafu","aud":"skafu","iat":%d,"exp":%d}' \
            "$user" "$user" "$groups" "$now" $((now + seconds)) | tokens_base64url
    )
    printf '%s.%s' "$body" "$(printf '%s' "$body" | openssl dgst -sha256 -hmac "$secret" -binary | tokens_base64url)"
}

# api_key_line KEY SECONDS NAME: the line of an API keys file that lets KEY in.
api_key_line() {
    printf '%s %s %s\n' "$(printf '%s' "$1" | sha256sum | cut -d ' ' -f 1)" \
        "$(date -u -d "@$(($(date +%s) + $2))" +%Y-%m-%dT%H:%M:%SZ)" "$3"
}
