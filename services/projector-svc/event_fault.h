#pragma once

/*
 * event_fault.h — whether an event is to blame for a failure, or what carries it.
 */

#include <stdbool.h>

#include "common/base/error.h"

/**
 * event_fault_of_values() - whether PostgreSQL refused values, and would refuse them again
 *
 * A value that its type does not take, a constraint, a size limit of one value. Everything else (connection,
 * locks, memory, disk, rights, a missing table) says nothing about the event.
 */
bool event_fault_of_values(const Error *err);
