#pragma once

/*
 * project_projections.h — what a project's events do to the rows of Project and Service.
 */

#include "common/domain/aggregate.h"

extern const Projection project_projections[];
