/*
 * fuzz_snapshot.c — text of any shape as the state of every aggregate type: it is refused with a reason, or
 * it is a state that can be used, kept again, and read back as the same.
 */

#include <string.h>

#include "common/domain/domain.h"
#include "fuzz.h"

static void check_usable(const Aggregate *aggregate)
{
        _cleanup_(aggregate_freep) Aggregate *again = NULL;
        _cleanup_(buffer_deinit) Buffer text = BUFFER_INIT, same = BUFFER_INIT;
        Error err = ERROR_INIT;

        FUZZ_CHECK(aggregate_bytes(aggregate) > aggregate->type->state_size);
        aggregate_encode(aggregate, &text);
        FUZZ_CHECK(aggregate_decode(&again, aggregate->type, 1, (JsonSpan){ text.data, text.size },
                                    &err) == ERROR_NONE);
        aggregate_encode(again, &same);
        FUZZ_CHECK(strcmp(buffer_text(&text), buffer_text(&same)) == 0);
}

/* Whatever can happen to it next. */
static void apply_all(Aggregate *aggregate)
{
        for (const EventType *type = aggregate->type->events; type->name; type++) {
                const Event event = {
                        .type = type->name,
                        .version = type->version,
                        .aggregate_type = aggregate->type->name,
                        .aggregate_id = "a",
                        .sequence = aggregate->version + 1,
                        .data = { "{}", 2 },
                };

                FUZZ_CHECK(aggregate_apply(aggregate, &event, NULL) == ERROR_NONE);
        }
}

static void check_type(const AggregateType *type, JsonSpan text)
{
        _cleanup_(aggregate_freep) Aggregate *aggregate = NULL;
        Error err = ERROR_INIT;

        if (aggregate_decode(&aggregate, type, 1, text, &err)) {
                FUZZ_CHECK(err.code == ERROR_MALFORMED && *err.message && !aggregate);
                return;
        }
        check_usable(aggregate);
        apply_all(aggregate);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        for (const AggregateType *const *type = domain_aggregates; *type; type++)
                if (aggregate_can_encode(*type))
                        check_type(*type, (JsonSpan){ (const char *)data, size });
        return 0;
}
