#pragma once

/*
 * admin_routes.h — what operators can ask of projector-svc by HTTP: one row per endpoint.
 */

#include "common/http/http.h"

/* Ends with { NULL }; their app is the ProjectorApp. */
extern const HttpRoute admin_routes[];
