/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg(1): the registry from the command line. */
#include "cli/cli_color.h"
#include "cli/cli_commands.h"
#include "cli/cli_help.h"
#include "cli/cli_open.h"
#include "cli/cli_options.h"
#include "cli/cli_progress.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file that is opened while a standard stream is closed would take its place, and be written to.
 * What takes it here cannot be used the way that stream is, so that an error is still noticed. */
static void fill_standard_streams(void) {
  static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};
  for (int i = 0; i < 3; i++)
    if (fcntl(i, F_GETFD) < 0 && open("/dev/null", modes[i]) < 0) _exit(CLI_REGISTRY);
}

static int print_version(void) {
  printf("modelreg %d.%d.%d (libmodelreg %s)\n", MR_LIBRARY_VERSION_MAJOR, MR_LIBRARY_VERSION_MINOR,
         MR_LIBRARY_VERSION_PATCH, mr_library_version());
  return CLI_DONE;
}

/* What the terminal can do and the user wants of it. */
static void look_at_terminal(const cli_context *cli) {
  cli_color_decide(cli->color, getenv("NO_COLOR"), getenv("TERM"), isatty(STDOUT_FILENO));
  cli_assume_columns(getenv("COLUMNS"));
  if (isatty(STDERR_FILENO) && !cli->quiet) cli_progress_allow();
}

static int run(cli_context *cli, int argc, char **argv) {
  const cli_command *commands = cli_commands();
  cli_parsed parsed = cli_options_parse(cli, commands, argc, argv);
  look_at_terminal(cli);
  switch (parsed) {
  case CLI_PARSED_HELP:
    cli_help(cli, commands, stdout);
    return CLI_DONE;
  case CLI_PARSED_VERSION:
    return print_version();
  case CLI_PARSED_COMMAND:
    break;
  case CLI_PARSED_WRONG:
  default:
    return CLI_USAGE;
  }
  if (mr_abi_level() != MR_ABI_LEVEL) {
    cli_complain("libmodelreg %s has ABI level %u, and this program needs %d; install the library "
                 "that came with it",
                 mr_library_version(), (unsigned)mr_abi_level(), MR_ABI_LEVEL);
    return CLI_REGISTRY;
  }
  cli_take_environment(cli, getenv(CLI_REGISTRY_VARIABLE));
  return cli->command->run(cli);
}

int main(int argc, char **argv) {
  cli_context cli;
  memset(&cli, 0, sizeof cli);
  fill_standard_streams();
  /* A reader that has gone away is an error like a full disk. */
  signal(SIGPIPE, SIG_IGN);
  int exit_code = run(&cli, argc, argv);
  cli_end_interruptible(exit_code);
  mr_registry_close(cli.registry);
  cli_options_free(&cli);
  bool is_lost = ferror(stdout) != 0;
  errno = 0;
  if (fclose(stdout) != 0 || is_lost) {
    cli_complain("cannot write to standard output%s%s", errno ? ": " : "",
                 errno ? strerror(errno) : "");
    if (exit_code == CLI_DONE) exit_code = CLI_REGISTRY;
  }
  return exit_code;
}
