#pragma once

/*
 * admin_routes.h — what operators can ask of projector-svc by HTTP: one row per endpoint.
 */

#include "common/http/http.h"

/* Who may use them: the server refuses everybody else with 403. */
#define ADMIN_GROUP "Admin"

/* Ends with { NULL }; their app is the ProjectorApp. */
extern const HttpRoute admin_routes[];
