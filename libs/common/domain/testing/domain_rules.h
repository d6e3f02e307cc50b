#pragma once

/*
 * domain_rules.h — what holds for every domain, checked inside a libcheck test.
 */

#include "common/domain/domain.h"

/**
 * check_domain_rules() - the tables agree with each other, and no event is forgotten by the views
 * @ignored:  event types that no projection is for, on purpose; NULL-terminated
 */
void check_domain_rules(const char *const *ignored);
