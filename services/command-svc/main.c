#include "command_app.h"

int main(int argc, char **argv)
{
        return daemon_main(&command_daemon, argc, argv);
}
