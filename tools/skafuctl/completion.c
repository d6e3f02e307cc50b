#include "completion.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "skafuctl.h"

typedef struct CompletionOptions {
        const char *shell;
} CompletionOptions;

/* The shells ask the program itself: --help lists subcommands and options, so nothing is written twice. */
static const char bash[] =
        "_skafuctl() {\n"
        "    local word=${COMP_WORDS[COMP_CWORD]} words\n"
        "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
        "        words=$(skafuctl --help | sed -n 's/^  \\([a-z-]*\\) .*/\\1/p')\n"
        "    else\n"
        "        words=$(skafuctl \"${COMP_WORDS[1]}\" --help 2> /dev/null | sed -n 's/^  \\(--[a-z-]*\\).*/\\1/p')\n"
        "    fi\n"
        "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
        "}\n"
        "complete -F _skafuctl skafuctl\n";

static const char zsh[] = "autoload -U +X bashcompinit && bashcompinit\n";

static const Option table[] = {
        { "SHELL", OPTION_ARGUMENT, offsetof(CompletionOptions, shell), NULL, NULL, "bash or zsh" },
        { NULL, OPTION_FLAG, 0, NULL, NULL, NULL },
};

static const char usage[] = "completion SHELL\n\n"
                            "Print what a shell sources to complete subcommands and options:\n\n"
                            "  eval \"$(skafuctl completion bash)\"";

int skafuctl_completion(int argc, char **argv)
{
        CompletionOptions options = { .shell = NULL };
        int code = options_parse(table, usage, &options, argc, argv);
        bool is_zsh;

        if (code >= 0)
                return code;
        is_zsh = strcmp(options.shell, "zsh") == 0;
        if (!is_zsh && strcmp(options.shell, "bash") != 0) {
                (void)fprintf(stderr, "skafuctl: SHELL is bash or zsh, not \"%s\"\n",
                              options.shell);
                return EXIT_BAD_USAGE;
        }
        (void)printf("%s%s", is_zsh ? zsh : "", bash);
        return EXIT_OK;
}
