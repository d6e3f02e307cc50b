#include "common/base/utf8.h"

/* Length of the character that starts with @lead, and the range of its second byte; 0 for none. */
static size_t character_size(unsigned char lead, unsigned char *ret_low, unsigned char *ret_high)
{
        *ret_low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
        *ret_high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        if (lead < 0x80)
                return 1;
        if (lead >= 0xc2 && lead <= 0xdf)
                return 2;
        if (lead >= 0xe0 && lead <= 0xef)
                return 3;
        if (lead >= 0xf0 && lead <= 0xf4)
                return 4;
        return 0;
}

size_t utf8_prefix(const char *text, size_t size)
{
        const unsigned char *bytes = (const unsigned char *)text;
        size_t at = 0;

        while (at < size) {
                unsigned char low, high;
                size_t n = character_size(bytes[at], &low, &high);

                if (!n || n > size - at)
                        break;
                if (n > 1 && (bytes[at + 1] < low || bytes[at + 1] > high))
                        break;
                for (size_t i = 2; i < n; i++) {
                        if ((bytes[at + i] & 0xc0) != 0x80)
                                return at;
                }
                at += n;
        }
        return at;
}

size_t utf8_encode(uint32_t code, char ret[4])
{
        size_t n;

        if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
                return 0;
        n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        for (size_t i = n - 1; i > 0; i--, code >>= 6)
                ret[i] = (char)(0x80 | (code & 0x3f));
        ret[0] = (char)(n == 1 ? code : (0xf0U << (4 - n) & 0xff) | code);
        return n;
}
