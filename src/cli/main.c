/* SPDX-License-Identifier: Apache-2.0 */
/* modelreg(1): the registry from the command line. */
#include "cli/cli.h"
#include "cli/cli_help.h"
#include "cli/cli_options.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const cli_command commands[] = {
    {"init", "[URI]", 0, 1, "Create a registry",
     "A registry that is there already stays as it is. Anything else at that place is an error.\n",
     "modelreg init registry.db", NULL, cli_init},
    {"run list", "", 0, 0, "List runs, the newest first", "",
     "modelreg -r registry.db run list --experiment digits --status finished", cli_run_list_options,
     cli_run_list},
    {"run show", "ID", 1, 1, "Show a run with its params, tags, metrics, inputs and artifacts", "",
     "modelreg -r registry.db run show 01980000-0000-7000-8000-000000000000", NULL, cli_run_show},
    {"version list", "MODEL", 1, 1, "List the versions of a model, the highest first", "",
     "modelreg -r registry.db version list digits", cli_version_list_options, cli_version_list},
    {"version show", "MODEL@NUMBER", 1, 1, "Show a version with where it comes from",
     "Build metadata of the number may be left out.\n",
     "modelreg -r registry.db version show digits@1.0.0", NULL, cli_version_show},
    {"resolve", "REFERENCE", 1, 1, "Print the version that a reference names",
     "A reference is MODEL or MODEL@SELECTOR; the selector is latest (the default), a number, a\n"
     "range in npm's syntax such as '^1.2', a channel, or 12 and more digits of the digest of the\n"
     "artifacts. What a consumer should know about the version goes to standard error.\n",
     "modelreg -r registry.db resolve digits@production --json", cli_resolve_options, cli_resolve},
    {"fetch", "REFERENCE -o FOLDER", 1, 1, "Write the artifacts of a version into a folder",
     "Every file is verified while it is copied. Files that are right already stay; others in the\n"
     "folder are left alone.\n",
     "modelreg -r registry.db fetch digits@production -o model/", cli_fetch_options, cli_fetch},
    {"verify", "REFERENCE [FOLDER]", 1, 2, "Compare a folder with a version",
     "Without a folder the copies that the registry keeps are read and verified. Exits with 6 "
     "when\n"
     "a file is missing, changed, unreadable or extra.\n",
     "modelreg -r registry.db verify digits@production model/", cli_verify_options, cli_verify},
    {NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};

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

static int run(cli_context *cli, int argc, char **argv) {
  switch (cli_options_parse(cli, commands, argc, argv)) {
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
  const char *from_environment = getenv("MODELREG_REGISTRY");
  if (!cli->registry_uri && from_environment && from_environment[0])
    cli->registry_uri = from_environment;
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
