#include "running_commands.h"

#include <assert.h>
#include <string.h>

#define N_BUCKETS 256

typedef struct Bucket {
        pthread_mutex_t lock;
        CommandRequest *first; /* through ->next_running */
} Bucket;

struct RunningCommands {
        Bucket buckets[N_BUCKETS];
};

RunningCommands *running_commands_new(void)
{
        RunningCommands *running = calloc(1, sizeof *running);

        for (size_t i = 0; running && i < N_BUCKETS; i++)
                (void)pthread_mutex_init(&running->buckets[i].lock, NULL);
        return running;
}

void running_commands_free(RunningCommands *running)
{
        if (!running)
                return;
        for (size_t i = 0; i < N_BUCKETS; i++) {
                assert(!running->buckets[i].first);
                (void)pthread_mutex_destroy(&running->buckets[i].lock);
        }
        free(running);
}

static Bucket *bucket_of(RunningCommands *running, const Uuid *id)
{
        return &running->buckets[hash_bytes(id, sizeof *id) % N_BUCKETS];
}

void running_commands_add(RunningCommands *running, CommandRequest *request)
{
        Bucket *bucket = bucket_of(running, &request->id);

        MUTEX_GUARD(&bucket->lock);
        request->next_running = bucket->first;
        bucket->first = request;
}

void running_commands_remove(RunningCommands *running, CommandRequest *request)
{
        Bucket *bucket = bucket_of(running, &request->id);
        CommandRequest **link = &bucket->first;

        MUTEX_GUARD(&bucket->lock);
        while (*link != request) {
                assert(*link);
                link = &(*link)->next_running;
        }
        *link = request->next_running;
}

void running_command_deinit(RunningCommand *command)
{
        free(command->aggregate_id);
        free(command->actor);
        free(command->correlation_id);
        *command = (RunningCommand){ .command_type = NULL };
}

static bool copy(const CommandRequest *request, RunningCommand *ret)
{
        *ret = (RunningCommand){
                .command_type = request->type->name,
                .aggregate_type = request->aggregate_type->name,
                /* An id that was made up may be made up anew by the writer. */
                .aggregate_id = request->aggregate_is_new ? NULL : strdup(request->aggregate_id),
                .actor = strdup(request->actor_name),
                .correlation_id = strdup(request->correlation_id),
                .received_us = request->received_us,
                .validated_us = request->validated_us,
                .decided_us = atomic_load(&request->decided_us),
        };
        if (ret->actor && ret->correlation_id && (ret->aggregate_id || request->aggregate_is_new))
                return true;
        running_command_deinit(ret);
        return false;
}

bool running_commands_find(RunningCommands *running, const Uuid *id, const char *actor,
                           RunningCommand *ret)
{
        Bucket *bucket = bucket_of(running, id);

        MUTEX_GUARD(&bucket->lock);
        for (const CommandRequest *request = bucket->first; request;
             request = request->next_running)
                if (memcmp(&request->id, id, sizeof *id) == 0 &&
                    (!actor || strcmp(request->actor_name, actor) == 0))
                        return copy(request, ret);
        return false;
}
