#include "domain_rules.h"

#include <check.h>
#include <string.h>

static bool is_projected(const AggregateType *type, const char *event_type)
{
        for (const Projection *p = type->projections; p->event_type; p++) {
                if (strcmp(p->event_type, event_type) == 0)
                        return true;
        }
        return false;
}

static bool is_listed(const char *const *list, const char *event_type)
{
        for (; *list; list++) {
                if (strcmp(*list, event_type) == 0)
                        return true;
        }
        return false;
}

static bool domain_has_event(const char *event_type)
{
        for (const AggregateType *const *type = domain_aggregates; *type; type++) {
                if (aggregate_event(*type, event_type))
                        return true;
        }
        return false;
}

void check_domain_rules(const char *const *ignored)
{
        Error err = ERROR_INIT;

        ck_assert_msg(domain_check(&err) == ERROR_NONE, "%s", err.message);
        for (const AggregateType *const *type = domain_aggregates; *type; type++) {
                for (const EventType *event = (*type)->events; event->name; event++)
                        ck_assert_msg(is_projected(*type, event->name) !=
                                              is_listed(ignored, event->name),
                                      "%s must have a projection or be listed as ignored, not both",
                                      event->name);
        }
        for (; *ignored; ignored++)
                ck_assert_msg(domain_has_event(*ignored), "%s is ignored, but does not exist",
                              *ignored);
}
