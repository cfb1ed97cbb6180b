# SPDX-License-Identifier: Apache-2.0
"""Writes the library that stands before libmodelreg and notes which functions are called."""

from __future__ import annotations

from c_code import HEAD, UNFORMATTED, declare, parameters, pointer_type
from model import Api, Function

PATH = "tests/abi/count_calls.c"

START = """\
/* Stands before the real library, notes the name of each function when it is first called in the
 * process, and hands the call on. The name is appended to the file that MODELREG_CALLS names, at
 * once and by one write, so that neither _exit() nor fork() nor several processes lose one. The
 * real library is the one that MODELREG_COUNTED_LIBRARY names, else the next one in the process,
 * as with LD_PRELOAD. check_calls.py says how a test suite uses it. */
#define _GNU_SOURCE
#include <modelreg/modelreg.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

typedef void (*any_function)(void);

static const char *const counted_names[] = {
"""

RUNTIME = """\
};

enum { COUNTED = sizeof counted_names / sizeof counted_names[0] };

static _Atomic(any_function) counted_real[COUNTED];
static atomic_bool counted_called[COUNTED];
static void *counted_library = RTLD_NEXT;

static any_function counted_find(size_t index) {
  any_function found = atomic_load(&counted_real[index]);
  if (found == NULL) {
    found = (any_function)dlsym(counted_library, counted_names[index]);
    atomic_store(&counted_real[index], found);
  }
  return found;
}

/* Early, since what may be called in a signal handler must not search for its function there. */
__attribute__((constructor)) static void counted_start(void) {
  const char *path = getenv("MODELREG_COUNTED_LIBRARY");
  if (path != NULL && *path != '\\0') {
    counted_library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (counted_library == NULL) {
      fprintf(stderr, "count_calls: %s\\n", dlerror());
      exit(127);
    }
  }
  for (size_t i = 0; i < COUNTED; i++) (void)counted_find(i);
}

static void counted_note(const char *name) {
  const char *path = getenv("MODELREG_CALLS");
  if (path == NULL) return;
  int before = errno;
  char line[128];
  size_t size = strlen(name);
  memcpy(line, name, size);
  line[size++] = '\\n';
  int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0 || write(file, line, size) != (ssize_t)size || close(file) != 0) {
    perror("count_calls: MODELREG_CALLS");
    abort();
  }
  errno = before;
}

static any_function counted(size_t index) {
  if (!atomic_load_explicit(&counted_called[index], memory_order_relaxed) &&
      !atomic_exchange(&counted_called[index], 1))
    counted_note(counted_names[index]);
  any_function found = counted_find(index);
  if (found == NULL) {
    fprintf(stderr, "count_calls: the library has no %s\\n", counted_names[index]);
    abort();
  }
  return found;
}

"""


def write_function(function: Function, index: int) -> str:
    arguments = ", ".join(p.name for p in function.params)
    call = f"(({pointer_type(function)})counted({index}))({arguments})"
    start = "" if function.returns == "void" else "return "
    head = declare(function.returns, function.name)
    return f"SHOWN {head}({parameters(function)}) {{ {start}{call}; }}\n"


def write_count_calls(api: Api) -> dict[str, str]:
    text = HEAD + START + "".join(f'    "{function.name}",\n' for function in api.functions)
    text += RUNTIME + UNFORMATTED
    for index, function in enumerate(api.functions):
        text += write_function(function, index)
    return {PATH: text}
