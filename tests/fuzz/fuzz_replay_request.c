/*
 * fuzz_replay_request.c — what an operator asks to have published again: refused with a field or a reason, or
 * complete and within its bounds.
 */

#include <string.h>

#include "common/domain/domain.h"
#include "fuzz.h"
#include "replay_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(replay_request_deinit) ReplayRequest request = REPLAY_REQUEST_INIT;
        Error err = ERROR_INIT;

        if (replay_request_parse(&request, (const char *)data, size, "prefix", &err)) {
                FUZZ_CHECK(err.code == ERROR_MALFORMED || err.code == ERROR_INVALID);
                FUZZ_CHECK(*err.message);
                return 0;
        }
        FUZZ_CHECK(domain_aggregate(request.aggregate_type));
        FUZZ_CHECK(request.name && !request.topic == !!request.view);
        FUZZ_CHECK(!request.topic || (*request.topic && !strpbrk(request.topic, "/ \n")));
        FUZZ_CHECK(request.rate >= 0 && request.rate <= 1000000);
        return 0;
}
