#include "common/domain/testing/domain_rules.h"
#include "common/domain/testing/test_main.h"

/* Event types that no view is interested in. */
static const char *const ignored_events[] = { NULL };

START_TEST(tables_agree_and_every_event_is_projected)
{
        check_domain_rules(ignored_events);
}
END_TEST

TEST_MAIN("domain", tables_agree_and_every_event_is_projected)
