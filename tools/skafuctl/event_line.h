#pragma once

/*
 * event_line.h — an event as one line: for people, or its envelope as JSON with where it is in its log.
 */

#include "common/base/buffer.h"
#include "common/event/event.h"

/* "2026-01-31T23:59:59.123456Z  project/3:17  p1#2  ProjectRenamed  alice  {…}" and a line feed */
void event_line_text(Buffer *buffer, const Event *event);

/* One JSON object and a line feed; line feeds inside data and metadata, which are only layout, become spaces. */
void event_line_json(Buffer *buffer, const Event *event);
