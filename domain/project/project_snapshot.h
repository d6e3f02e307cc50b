#pragma once

/*
 * project_snapshot.h — the state of a project as text and back.
 */

#include "project_state.h"

extern const SnapshotOps project_snapshot;
