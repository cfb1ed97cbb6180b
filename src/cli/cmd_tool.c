/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg completion and man: what is installed beside the program. */
#include "cli/cli_commands.h"
#include "cli/cli_completion.h"
#include "cli/cli_man.h"

#include <stdio.h>
#include <string.h>

/* Neither is data. */
static int refuse_json(const cli_context *cli) {
  if (!cli->json) return CLI_DONE;
  return cli_usage_error(cli, "--json does not go with '%s'", cli->command->name);
}

static int completion(cli_context *cli) {
  const char *shell = cli->operands[0];
  const char *more = cli->operand_count > 1 ? cli->operands[1] : NULL;
  bool is_bash = strcmp(shell, "bash") == 0, is_zsh = strcmp(shell, "zsh") == 0;
  int exit_code = refuse_json(cli);
  if (exit_code) return exit_code;
  /* What the scripts ask for. */
  if (!is_bash && !is_zsh) return cli_completion_names(cli, shell, more);
  if (more) return cli_usage_error(cli, "there are too many operands: '%s'", more);
  if (is_bash) cli_completion_bash(cli_commands(), stdout);
  if (is_zsh) cli_completion_zsh(cli_commands(), stdout);
  return CLI_DONE;
}

static int man(cli_context *cli) {
  int exit_code = refuse_json(cli);
  if (exit_code) return exit_code;
  cli_man(cli_commands(), stdout);
  return CLI_DONE;
}

const cli_command cli_tool_commands[] = {
    {"completion", "SHELL", 1, 2, "Print a script that completes command lines in bash or zsh",
     "An installed modelreg has it in place already. Else, for bash, put this into ~/.bashrc:\n"
     "source <(modelreg completion bash). For zsh, write the output to a file _modelreg in a\n"
     "folder of $fpath, or put this behind compinit in ~/.zshrc: source <(modelreg completion "
     "zsh).\n",
     "modelreg completion bash", NULL, completion},
    {"man", "", 0, 0, "Print the manual page, as a source for man(1)",
     "To read it without installing it: modelreg man | man -l -\n", "modelreg man", NULL, man},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
