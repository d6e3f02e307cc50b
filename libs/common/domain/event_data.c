#include "common/domain/domain.h"

ErrorCode event_current_data(const AggregateType *aggregate, const Event *event, Buffer *upcast,
                             JsonFields *ret_fields, Error *err)
{
        const EventType *type = aggregate_event(aggregate, event->type);
        ErrorCode code;

        if (!type)
                return error_set(err, ERROR_INVALID, "%s has no event type \"%s\"", aggregate->name,
                                 event->type);
        if (event->version < 1 || event->version > type->version)
                return error_set(err, ERROR_INVALID,
                                 "%s has schema version %d, this program knows 1 to %d",
                                 event->type, event->version, type->version);
        code = json_fields_parse(ret_fields, event->data.text, event->data.size, err);
        for (int version = event->version; !code && version < type->version; version++) {
                Buffer next = BUFFER_INIT;

                type->upcast(version, ret_fields, &next);
                /* The step before is read until here. */
                buffer_deinit(upcast);
                *upcast = next;
                code = json_fields_parse(ret_fields, buffer_text(upcast), upcast->size, err);
        }
        return code;
}
