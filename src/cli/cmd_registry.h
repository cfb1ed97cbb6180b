/* SPDX-License-Identifier: Apache-2.0 */
/* What a command on the registry itself prints, where no command line leads to all of it. */
#ifndef MRI_CMD_REGISTRY_H
#define MRI_CMD_REGISTRY_H

#include <modelreg/modelreg.h>
#include <stdbool.h>
#include <stdio.h>

/* Which schema a registry has now, and which one it had before. As long as there is one schema no
 * registry has had another. */
void cli_migrated_print(FILE *out, bool as_json, const mr_registry_record *record);

#endif
