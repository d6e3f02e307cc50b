#pragma once

/*
 * process_metrics.h — what the process uses, under the names that Prometheus' own clients give it.
 */

#include "common/base/buffer.h"

/* Append version, CPU time, memory, descriptors and threads. Thread: any. */
void process_metrics_write(Buffer *buffer, const char *service);
