#pragma once

/*
 * topic_end.h — whether a topic ends where it should.
 */

#include "view_source.h"

/* A broker that has forgotten what it acknowledged shows no gap when nothing comes after it. To be called when the
 * heads of the logs have just been read: @feed goes on from the event store when its topic ends too early. */
void topic_end_check(ViewSource *source, Feed *feed);
