#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the library asks of the C library: nothing that belongs to the process.

Reads the undefined symbols of every object of the library, so that also a call on a path that no
test takes is seen. `assert` is let through, which a release does not have.
"""

from __future__ import annotations

import argparse
import pathlib
import re
import subprocess
import sys

FORBIDDEN = {
    "stdio": r"f?printf|v?f?printf|(__)?v?f?printf_chk|f?put[cs]|putchar|fwrite|fopen(64)?|fdopen|"
             r"freopen(64)?|popen|tmpfile(64)?|perror|stdout|stderr|stdin|fflush|getline|fgets",
    "ending the process": r"exit|_exit|_Exit|quick_exit|abort|atexit|at_quick_exit|raise|kill|err|"
                          r"errx|warn|warnx",
    "signals": r"signal|sigaction|sigprocmask|pthread_kill|sigaltstack|sigset|siginterrupt|alarm|"
               r"setitimer|timer_create|pause|sigwait",
    "the environment": r"getenv|setenv|putenv|unsetenv|clearenv|environ|__environ|_environ",
    "the state of the process": r"setlocale|uselocale|umask|f?chdir|chroot|set[er]?[eu]?[ug]id|"
                                r"setrlimit(64)?|setpriority|nice|prctl|setpgid|setsid|srandom|"
                                r"srand|rand|random|tzset|localtime|gmtime|ctime|asctime|"
                                r"strtok|strerror|fesetround|mlockall|mallopt|malloc_trim|dlopen",
    "other processes": r"fork|vfork|system|execv[pe]*|execl[pe]*|posix_spawnp?|clone|wait(pid)?",
    "the network": r"socket|socketpair|connect|bind|listen|accept4?|send(to|msg)?|recv(from|msg)?|"
                   r"getaddrinfo|gethostbyname(_r)?",
    "SQLite's settings of the process": r"sqlite3_(config|shutdown|auto_extension|initialize|"
                                        r"reset_auto_extension|soft_heap_limit64|"
                                        r"hard_heap_limit64|vfs_unregister|temp_directory|"
                                        r"enable_shared_cache|release_memory)",
}
# What must be there, or the list above was matched with nothing.
EXPECTED = {"sqlite3_step", "fsync", "secure_getenv"}
LINE = re.compile(r"^\s+U (\S+)$", re.M)


def undefined(library: pathlib.Path) -> set[str]:
    done = subprocess.run(
        ["nm", "--undefined-only", str(library)], text=True, capture_output=True, check=True
    )
    return {name.split("@")[0] for name in LINE.findall(done.stdout)}


def judge(names: set[str]) -> list[str]:
    """One line for each name that is not allowed."""
    errors = []
    for what, pattern in FORBIDDEN.items():
        errors += [f"{name}: {what}" for name in sorted(names) if re.fullmatch(pattern, name)]
    return errors


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", nargs="+", type=pathlib.Path)
    names: set[str] = set()
    for library in parser.parse_args().library:
        names |= undefined(library)
    errors = judge(names)
    errors += [f"{name} is not called, so what was read?" for name in sorted(EXPECTED - names)]
    # Each pattern catches what it is for.
    probe = {"vfprintf", "__printf_chk", "abort", "sigaction", "getenv", "umask", "fork", "socket",
             "sqlite3_config"}
    caught = {line.split(":")[0] for line in judge(probe | {"snprintf", "__vsnprintf_chk"})}
    if caught != probe:
        errors.append(f"the patterns caught {sorted(caught)}")
    print("\n".join(errors) if errors else f"{len(names)} imported names are in order")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
