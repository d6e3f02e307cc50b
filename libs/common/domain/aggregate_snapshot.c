#include <assert.h>

#include "common/domain/domain.h"

bool aggregate_can_encode(const AggregateType *type)
{
        return type->snapshot != NULL;
}

void aggregate_encode(const Aggregate *aggregate, Buffer *ret)
{
        assert(aggregate_can_encode(aggregate->type));
        aggregate->type->snapshot->encode(aggregate->state, ret);
}

ErrorCode aggregate_decode(Aggregate **ret, const AggregateType *type, int64_t version,
                           JsonSpan state, Error *err)
{
        _cleanup_(json_fields_deinit) JsonFields data = JSON_FIELDS_INIT;
        _cleanup_(aggregate_freep) Aggregate *aggregate = NULL;
        ErrorCode code;

        assert(aggregate_can_encode(type) && version > 0);
        code = json_fields_parse(&data, state.text, state.size, err);
        if (code)
                return code;
        aggregate = aggregate_new(type);
        code = type->snapshot->decode(aggregate->state, &data, err);
        if (code)
                return code;
        aggregate->version = version;
        *ret = TAKE_PTR(aggregate);
        return ERROR_NONE;
}
