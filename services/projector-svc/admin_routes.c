#include "admin_routes.h"

#include "admin_parked.h"
#include "admin_rebuild.h"
#include "admin_views.h"

const HttpRoute admin_routes[] = {
        { "GET", "/v1/views", handle_views, false, ADMIN_GROUP },
        { "GET", "/v1/views/:view/parked", handle_parked_list, false, ADMIN_GROUP },
        { "POST", "/v1/views/:view/parked/retry", handle_parked_retry_all, false, ADMIN_GROUP },
        { "GET", "/v1/views/:view/parked/:type/:id", handle_parked_one, false, ADMIN_GROUP },
        { "POST", "/v1/views/:view/parked/:type/:id/retry", handle_parked_retry, false,
          ADMIN_GROUP },
        { "POST", "/v1/views/:view/parked/:type/:id/drop", handle_parked_drop, false, ADMIN_GROUP },
        { "GET", "/v1/views/:view/dropped", handle_dropped, false, ADMIN_GROUP },
        { "GET", "/v1/undecodable", handle_undecodable, false, ADMIN_GROUP },
        { "GET", "/v1/views/:view", handle_view, false, ADMIN_GROUP },
        { "POST", "/v1/views/:view/rebuild", handle_rebuild, false, ADMIN_GROUP },
        { "POST", "/v1/views/:view/rebuild/pause", handle_rebuild_pause, false, ADMIN_GROUP },
        { "POST", "/v1/views/:view/rebuild/resume", handle_rebuild_resume, false, ADMIN_GROUP },
        { "POST", "/v1/views/:view/rebuild/cancel", handle_rebuild_cancel, false, ADMIN_GROUP },
        { "POST", "/v1/views/:view/switch", handle_switch, false, ADMIN_GROUP },
        { "POST", "/v1/views/:view/switch-back", handle_switch_back, false, ADMIN_GROUP },
        { "POST", "/v1/views/:view/versions/:version/drop", handle_version_drop, false,
          ADMIN_GROUP },
        { NULL, NULL, NULL, false, NULL },
};
