#include "query_app.h"

int main(int argc, char **argv)
{
        return daemon_main(&query_daemon, argc, argv);
}
