#pragma once

/*
 * project_commands.h — the decide functions of a project and of the services in it; rules only.
 */

#include "project_state.h"

/* Services of one project. DeleteProject makes an event for each, and one more. */
#define PROJECT_SERVICES_MAX 50

ErrorCode decide_create_project(const void *state, const Command *command, EventList *ret,
                                Error *err);
ErrorCode decide_rename_project(const void *state, const Command *command, EventList *ret,
                                Error *err);
ErrorCode decide_describe_project(const void *state, const Command *command, EventList *ret,
                                  Error *err);
ErrorCode decide_archive_project(const void *state, const Command *command, EventList *ret,
                                 Error *err);
ErrorCode decide_restore_project(const void *state, const Command *command, EventList *ret,
                                 Error *err);
ErrorCode decide_delete_project(const void *state, const Command *command, EventList *ret,
                                Error *err);

ErrorCode decide_add_service(const void *state, const Command *command, EventList *ret, Error *err);
ErrorCode decide_configure_service(const void *state, const Command *command, EventList *ret,
                                   Error *err);
ErrorCode decide_remove_service(const void *state, const Command *command, EventList *ret,
                                Error *err);
