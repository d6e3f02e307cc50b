#include "command_request.h"

#include <assert.h>

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
