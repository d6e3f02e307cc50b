#include "command_request.h"

#include <assert.h>
#include <string.h>

#include "common/http/http.h"

void command_request_init(CommandRequest *request)
{
        *request = (CommandRequest){ .payload = JSON_FIELDS_INIT };
        (void)sem_init(&request->completed, 0, 0);
}

void command_request_deinit(CommandRequest *request)
{
        json_fields_deinit(&request->payload);
        stored_events_unref(request->outcome.events);
        (void)sem_destroy(&request->completed);
}

void command_request_complete(CommandRequest *request)
{
        (void)sem_post(&request->completed);
}

void command_request_wait(CommandRequest *request)
{
        while (!request->is_complete)
                request->is_complete = sem_wait(&request->completed) == 0; /* else interrupted */
}

bool command_request_is_complete(CommandRequest *request)
{
        if (!request->is_complete)
                request->is_complete = sem_trywait(&request->completed) == 0;
        return request->is_complete;
}

void command_request_refuse(CommandRequest *request, const Error *err, int status)
{
        assert(err->code != ERROR_NONE);
        request->outcome.kind = OUTCOME_REFUSED;
        request->outcome.error = *err;
        request->outcome.status = status ? status : http_status_of(err->code);
        if (err->code == ERROR_UNAVAILABLE && request->group)
                atomic_store(&request->group->is_stopped, true);
}

bool command_request_refuse_with_group(CommandRequest *request)
{
        Error err;

        if (!request->group || !atomic_load(&request->group->is_stopped))
                return false;
        (void)error_set(&err, ERROR_UNAVAILABLE, "a command before this one was not stored");
        command_request_refuse(request, &err, 0);
        return true;
}

void command_request_give_up(CommandRequest *request, const Error *err)
{
        stored_events_unref(TAKE_PTR(request->outcome.events));
        command_request_refuse(request, err, 0);
        command_request_complete(request);
}

int32_t command_request_offset_us(const CommandRequest *request, int64_t time_us)
{
        int64_t offset_us = time_us - request->received_us;

        if (offset_us < 0)
                return 0;
        return offset_us < INT32_MAX ? (int32_t)offset_us : INT32_MAX;
}

int32_t command_request_choose_partition(const CommandRequest *request, int64_t partitions)
{
        uint64_t hash = hash_bytes(request->aggregate_id, strlen(request->aggregate_id));

        return (int32_t)(hash % (uint64_t)partitions);
}

const char *command_request_own_correlation_id(const CommandRequest *request)
{
        char id[UUID_TEXT_SIZE];

        uuid_format(&request->id, id);
        return request->correlation_id && strcmp(request->correlation_id, id) != 0
                       ? request->correlation_id
                       : NULL;
}

void command_request_take_another_id(CommandRequest *request, int64_t partitions)
{
        do {
                Uuid id = uuid_new();

                uuid_format(&id, request->made_id);
        } while (command_request_choose_partition(request, partitions) != request->partition);
}
