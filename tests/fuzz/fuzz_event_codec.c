/*
 * fuzz_event_codec.c — envelopes of events: what can be decoded is encoded and decoded again as the same.
 */

#include <string.h>

#include "common/event/event_codec.h"
#include "fuzz.h"

static void check_same_span(JsonSpan a, JsonSpan b)
{
        FUZZ_CHECK(a.size == b.size && memcmp(a.text, b.text, a.size) == 0);
}

static void check_same(const Event *a, const Event *b)
{
        FUZZ_CHECK(memcmp(&a->id, &b->id, sizeof a->id) == 0);
        FUZZ_CHECK(strcmp(a->type, b->type) == 0);
        FUZZ_CHECK(a->version == b->version);
        FUZZ_CHECK(strcmp(a->aggregate_type, b->aggregate_type) == 0);
        FUZZ_CHECK(strcmp(a->aggregate_id, b->aggregate_id) == 0);
        FUZZ_CHECK(a->sequence == b->sequence);
        FUZZ_CHECK(strcmp(a->correlation_id, b->correlation_id) == 0);
        FUZZ_CHECK(a->timestamp_us == b->timestamp_us);
        check_same_span(a->data, b->data);
        check_same_span(a->metadata, b->metadata);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(event_decoder_deinit) EventDecoder decoder = EVENT_DECODER_INIT;
        _cleanup_(event_decoder_deinit) EventDecoder second = EVENT_DECODER_INIT;
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT;
        Error err = ERROR_INIT;
        Event event, again;

        if (event_decode(&decoder, &event, (const char *)data, size, &err)) {
                FUZZ_CHECK(err.code == ERROR_MALFORMED && *err.message);
                return 0;
        }
        event_encode(&text, NULL, &event);
        FUZZ_CHECK(event_decode(&second, &again, text.data, text.size, &err) == ERROR_NONE);
        check_same(&event, &again);
        return 0;
}
