#include "record_handler.h"

#include <stdio.h>
#include <string.h>

#include "command_app.h"
#include "command_report.h"
#include "common/auth/principal.h"
#include "common/base/clock.h"
#include "common/event/token.h"
#include "common/model/model_name.h"
#include "common/store/command_record.h"

#define LOOK_UP_TIMEOUT_US (2 * US_PER_SEC)

/* Who may read every record. */
#define ADMIN_GROUP "Admin"

/* The views that an aggregate type feeds. */
typedef struct ViewList {
        char **names;
        size_t n_names;
} ViewList;

static void view_list_deinit(ViewList *list)
{
        for (size_t i = 0; i < list->n_names; i++)
                free(list->names[i]);
        free(list->names);
}

static bool has_view(const ViewList *list, const char *name)
{
        for (size_t i = 0; i < list->n_names; i++)
                if (strcmp(list->names[i], name) == 0)
                        return true;
        return false;
}

static const AggregateType *find_type(const char *name)
{
        for (const AggregateType *const *type = domain_aggregates; name && *type; type++)
                if (strcmp((*type)->name, name) == 0)
                        return *type;
        return NULL;
}

static ErrorCode list_views(const char *aggregate_type, ViewList *ret, Error *err)
{
        const AggregateType *type = find_type(aggregate_type);
        size_t n = 0;

        while (type && type->projections && type->projections[n].event_type)
                n++;
        ret->names = calloc(n + 1, sizeof(char *));
        if (!ret->names)
                return error_no_memory(err);
        for (size_t i = 0; i < n; i++) {
                Buffer name = BUFFER_INIT;

                model_name_snake(&name, type->projections[i].model);
                if (has_view(ret, name.data))
                        buffer_deinit(&name);
                else
                        ret->names[ret->n_names++] = buffer_take(&name);
        }
        return ERROR_NONE;
}

/* A look for a record: what and whose, and where it goes. */
typedef struct Search {
        CommandApp *app;
        Uuid id;
        const char *actor; /* NULL: anybody's */
        Buffer *body;
} Search;

static int64_t deadline_us(void)
{
        return clock_monotonic_us() + LOOK_UP_TIMEOUT_US;
}

static Reached reached_at(int64_t at_us)
{
        return (Reached){ .yes = at_us != 0, .at_us = at_us };
}

static void write_facts(const Search *search, const CommandFacts *found,
                        const CommandProgress *progress, const ViewList *views)
{
        CommandFacts facts = *found;
        char id[UUID_TEXT_SIZE];

        uuid_format(&search->id, id);
        facts.id = search->id;
        if (!facts.correlation_id)
                facts.correlation_id = id;
        facts.views = (const char *const *)views->names;
        facts.n_views = views->n_names;
        facts.view_steps = progress ? progress->views : NULL;
        command_report_write(search->body, &facts);
}

/* A command with events: they tell the rest. */
static ErrorCode write_with_events(const Search *search, PGconn *conn, const CommandFacts *found,
                                   const ViewList *views, Error *err)
{
        _cleanup_(command_progress_freep) CommandProgress *progress = NULL;
        CommandFacts facts = *found;
        char token_text[TOKEN_TEXT_SIZE];
        Token token;
        ErrorCode code;

        code = store_read_progress(conn, facts.aggregate_type, facts.aggregate_id, facts.version,
                                   (const char *const *)views->names, views->n_names, &progress,
                                   deadline_us(), err);
        if (code == ERROR_NOT_FOUND)
                return error_set(err, ERROR_INTERNAL, "the events of a stored command are missing");
        if (code)
                return code;
        token = (Token){ .partition = progress->partition, .position = progress->position };
        (void)snprintf(token.aggregate_type, sizeof token.aggregate_type, "%s",
                       facts.aggregate_type);
        token_format(&token, token_text);
        facts.token = token_text;
        facts.correlation_id = progress->correlation_id;
        facts.steps[STEP_PUBLISHED] = progress->published;
        write_facts(search, &facts, progress, views);
        return ERROR_NONE;
}

static ErrorCode write_record(const Search *search, PGconn *conn, const CommandRecord *record,
                              Error *err)
{
        _cleanup_(view_list_deinit) ViewList views = { .names = NULL };
        _cleanup_(json_fields_deinit) JsonFields fields = JSON_FIELDS_INIT;
        StoredProblem problem = { .error = ERROR_INIT };
        CommandFacts facts = {
                .command_type = record->command_type,
                .aggregate_type = record->aggregate_type,
                .aggregate_id = record->aggregate_id,
                .actor = record->actor,
                .state = COMMAND_STORED,
                .status = record->status,
                .version = record->version,
                .event_count = record->event_count,
                .stopped_at = COMMAND_STEP_END,
        };
        ErrorCode code = list_views(record->aggregate_type, &views, err);

        if (!code && record->problem) {
                code = stored_problem_read(record->problem, &fields, &problem, err);
                facts.problem = &problem;
                facts.correlation_id = problem.correlation_id;
                facts.stopped_at = STEP_DECIDED;
                facts.state = command_steps[STEP_DECIDED].refused;
        }
        if (code)
                return code;
        facts.steps[STEP_RECEIVED] = reached_at(record->received_at_us);
        facts.steps[STEP_VALIDATED] = reached_at(record->received_at_us + record->validated_us);
        facts.steps[STEP_DECIDED] = reached_at(record->received_at_us + record->decided_us);
        facts.steps[STEP_STORED] = reached_at(record->stored_at_us);
        if (facts.event_count)
                return write_with_events(search, conn, &facts, &views, err);
        write_facts(search, &facts, NULL, &views);
        return ERROR_NONE;
}

static ErrorCode write_stored(const Search *search, PGconn *conn, Error *err)
{
        _cleanup_(command_record_freep) CommandRecord *record = NULL;
        ErrorCode code = store_find_command(conn, &search->id, &record, deadline_us(), err);

        if (code)
                return code;
        if (search->actor && strcmp(record->actor, search->actor) != 0)
                return error_set(err, ERROR_NOT_FOUND, "it is somebody else's");
        return write_record(search, conn, record, err);
}

static ErrorCode write_running(const Search *search, Error *err)
{
        _cleanup_(running_command_deinit) RunningCommand command = { .command_type = NULL };
        _cleanup_(view_list_deinit) ViewList views = { .names = NULL };
        CommandFacts facts;
        ErrorCode code;

        if (!running_commands_find(search->app->running, &search->id, search->actor, &command))
                return ERROR_NOT_FOUND;
        code = list_views(command.aggregate_type, &views, err);
        if (code)
                return code;
        facts = (CommandFacts){
                .command_type = command.command_type,
                .aggregate_type = command.aggregate_type,
                .aggregate_id = command.aggregate_id,
                .correlation_id = command.correlation_id,
                .actor = command.actor,
                .state = COMMAND_RUNNING,
                .version = FACT_UNKNOWN,
                .event_count = FACT_UNKNOWN,
                .stopped_at = COMMAND_STEP_END,
                .steps = { [STEP_RECEIVED] = reached_at(command.received_us),
                           [STEP_VALIDATED] = reached_at(command.validated_us),
                           [STEP_DECIDED] = reached_at(command.decided_us) },
        };
        write_facts(search, &facts, NULL, &views);
        return ERROR_NONE;
}

static Reached reached_after(const FailureRecord *record, int32_t offset_us)
{
        return offset_us == FAILURE_NOT_REACHED ? (Reached){ .yes = false }
                                                : reached_at(record->received_at_us + offset_us);
}

static ErrorCode write_failure(const Search *search, const FailureRecord *record, Error *err)
{
        _cleanup_(view_list_deinit) ViewList views = { .names = NULL };
        _cleanup_(json_fields_deinit) JsonFields fields = JSON_FIELDS_INIT;
        StoredProblem problem = { .error = ERROR_INIT };
        CommandFacts facts = {
                .command_type = record->command_type,
                .aggregate_type = record->aggregate_type,
                .aggregate_id = record->aggregate_id,
                .correlation_id = record->correlation_id,
                .actor = record->actor,
                .state = COMMAND_FAILED,
                .status = record->status,
                .version = FACT_UNKNOWN,
                .event_count = 0,
                .problem = &problem,
                .stopped_at = record->step,
        };
        ErrorCode code = list_views(record->aggregate_type, &views, err);

        if (!code)
                code = stored_problem_read(record->problem, &fields, &problem, err);
        if (code)
                return code;
        facts.steps[STEP_RECEIVED] = reached_at(record->received_at_us);
        facts.steps[STEP_VALIDATED] = reached_after(record, record->validated_us);
        facts.steps[STEP_DECIDED] = reached_after(record, record->decided_us);
        if (record->step < COMMAND_STEP_COUNT)
                facts.steps[record->step] = reached_after(record, record->failed_us);
        write_facts(search, &facts, NULL, &views);
        return ERROR_NONE;
}

static ErrorCode write_queued(const Search *search, Error *err)
{
        _cleanup_(failure_record_freep) FailureRecord *record =
                failure_queue_find(search->app->failures, &search->id, search->actor);

        return record ? write_failure(search, record, err) : ERROR_NOT_FOUND;
}

static ErrorCode write_failed(const Search *search, PGconn *conn, Error *err)
{
        _cleanup_(failure_record_freep) FailureRecord *record = NULL;
        ErrorCode code =
                store_find_failure(conn, &search->id, search->actor, &record, deadline_us(), err);

        return code ? code : write_failure(search, record, err);
}

/* What is stored counts; what this process knows beside it is told also while the store is away. */
static ErrorCode find(const Search *search, Error *err)
{
        _cleanup_(pg_lease_returnp) PgLease *lease = NULL;
        ErrorCode code = pg_pool_lease(search->app->pool, &lease, deadline_us(), err);

        if (!code)
                code = write_stored(search, pg_lease_conn(lease), err);
        if (code != ERROR_NOT_FOUND && code != ERROR_UNAVAILABLE)
                return code;
        if (write_running(search, err) == ERROR_NONE || write_queued(search, err) == ERROR_NONE)
                return ERROR_NONE;
        return code == ERROR_NOT_FOUND ? write_failed(search, pg_lease_conn(lease), err) : code;
}

void handle_record(void *data, const HttpRequest *req, HttpResponse *res)
{
        const Principal *principal = http_request_principal(req);
        const char *id = http_request_param(req, "id");
        _cleanup_(buffer_deinit) Buffer body = BUFFER_INIT;
        Search search = { .app = data, .body = &body };
        Error err = ERROR_INIT;
        ErrorCode code = ERROR_NOT_FOUND;

        if (!principal_in_group(principal, ADMIN_GROUP))
                search.actor = principal->name;
        if (uuid_parse(id, strlen(id), &search.id))
                code = find(&search, &err);
        if (code == ERROR_NOT_FOUND)
                (void)error_set(&err, ERROR_NOT_FOUND, "there is no command \"%s\"", id);
        if (code) {
                http_response_problem(res, &err);
                return;
        }
        http_response_header(res, "Cache-Control", "no-store");
        http_response_json(res, 200, body.data, body.size);
}
