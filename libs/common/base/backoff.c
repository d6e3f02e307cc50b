#include "common/base/backoff.h"

#include "common/base/uuid.h"

int64_t backoff_next_us(Backoff *backoff)
{
        int64_t pause = backoff->next_us ? backoff->next_us : backoff->first_us;
        Uuid random = uuid_new();

        backoff->next_us = pause * 2 < backoff->max_us ? pause * 2 : backoff->max_us;
        return pause - pause / 4 * random.bytes[15] / 256;
}

void backoff_reset(Backoff *backoff)
{
        backoff->next_us = 0;
}
