#include "common/base/base64url.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_encode(Buffer *ret, const void *data, size_t size)
{
        const uint8_t *bytes = data;
        uint32_t bits = 0;
        int n_bits = 0;

        for (size_t i = 0; i < size; i++) {
                bits = bits << 8 | bytes[i];
                for (n_bits += 8; n_bits >= 6; n_bits -= 6)
                        buffer_append_char(ret, digits[bits >> (n_bits - 6) & 63]);
        }
        if (n_bits)
                buffer_append_char(ret, digits[bits << (6 - n_bits) & 63]);
}

bool base64url_decode(Buffer *ret, const char *text, size_t size)
{
        _cleanup_(buffer_deinit) Buffer bytes = BUFFER_INIT;
        uint32_t bits = 0;
        int n_bits = 0;

        for (size_t i = 0; i < size; i++) {
                const char *digit = text[i] ? strchr(digits, text[i]) : NULL;

                if (!digit)
                        return false;
                bits = bits << 6 | (uint32_t)(digit - digits);
                n_bits += 6;
                if (n_bits >= 8) {
                        n_bits -= 8;
                        buffer_append_char(&bytes, (char)(bits >> n_bits));
                }
        }
        /* One digit alone makes no byte, and the bits that are left over must be 0. */
        if (n_bits >= 6 || (bits & ((1U << n_bits) - 1)))
                return false;
        buffer_append(ret, buffer_text(&bytes), bytes.size);
        return true;
}
