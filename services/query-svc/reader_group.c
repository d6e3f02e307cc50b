#include "reader_group.h"

#include <string.h>

bool reader_in_group(const Reader *reader, const char *group)
{
        for (size_t i = 0; i < reader->n_groups; i++)
                if (strcmp(reader->groups[i], group) == 0)
                        return true;
        return false;
}
