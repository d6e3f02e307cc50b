#include "command_request.h"

#include <assert.h>

#include "common/http/http.h"

void command_request_init(CommandRequest *request)
{
        *request = (CommandRequest){ .payload = JSON_FIELDS_INIT };
        (void)pthread_mutex_init(&request->lock, NULL);
        (void)pthread_cond_init(&request->done_changed, NULL);
}

void command_request_deinit(CommandRequest *request)
{
        json_fields_deinit(&request->payload);
        stored_events_unref(request->outcome.events);
        (void)pthread_cond_destroy(&request->done_changed);
        (void)pthread_mutex_destroy(&request->lock);
}

void command_request_complete(CommandRequest *request)
{
        MUTEX_GUARD(&request->lock);

        assert(!request->done);
        request->done = true;
        /* Under the lock: the waiter frees the request as soon as it can take it. */
        (void)pthread_cond_signal(&request->done_changed);
}

void command_request_wait(CommandRequest *request)
{
        MUTEX_GUARD(&request->lock);

        while (!request->done)
                (void)pthread_cond_wait(&request->done_changed, &request->lock);
}

bool command_request_is_complete(CommandRequest *request)
{
        MUTEX_GUARD(&request->lock);

        return request->done;
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
