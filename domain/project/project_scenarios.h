#pragma once

/*
 * project_scenarios.h — projects that the tests start from.
 */

#include "common/domain/testing/scenario.h"

#define CREATED "{'projectId':'p1','name':'Apollo','description':'to the moon','owner':'alice'}"
#define ADDED                                                                             \
        "{'projectId':'p1','serviceId':'s1','serviceName':'billing','serviceType':'API'," \
        "'configuration':{'port': 8080}}"
#define ID_ONLY "{'projectId':'p1'}"

static inline Scenario *active_project(void)
{
        Scenario *s = scenario_new("project", "p1");

        given(s, "ProjectCreated", CREATED);
        return s;
}

static inline Scenario *archived_project(void)
{
        Scenario *s = active_project();

        given(s, "ProjectArchived", ID_ONLY);
        return s;
}

static inline Scenario *deleted_project(void)
{
        Scenario *s = active_project();

        given(s, "ProjectDeleted", ID_ONLY);
        return s;
}

static inline Scenario *project_with_service(void)
{
        Scenario *s = active_project();

        given(s, "ServiceAdded", ADDED);
        return s;
}
