#include "projector_app.h"

int main(int argc, char **argv)
{
        return daemon_main(&projector_daemon, argc, argv);
}
