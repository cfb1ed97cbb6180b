# SPDX-License-Identifier: Apache-2.0
"""The C between Go and the library: a function for each that can run callbacks, with its result by
value."""

from __future__ import annotations

import model
from c_code import HEAD, UNFORMATTED, declare
from go_build import output, shim_name, splits


def shim_parameters(function: model.Function) -> tuple[str, list[str]]:
    """Parameters of the C between and arguments of the function, without what goes into the
    result."""
    into = {
        "error": "&call.error",
        "out_string": "(const char **)&call.result.out",
        "out_bytes": "(const uint8_t **)&call.result.out",
        "out_count": "&call.result.size",
    }
    parameters, arguments = [], []
    for value in function.params:
        if value.kind == "out_handle":
            arguments.append(f"({value.ctype})&call.result.out")
        elif value.kind in into:
            arguments.append(into[value.kind])
        else:
            parameters.append(declare(value.ctype, value.name))
            arguments.append(value.name)
    return ", ".join(parameters) or "void", arguments


def shims(api: model.Api) -> list[tuple[str, str]]:
    """Prototype and statement of the C between, for all that can run callbacks."""
    out = []
    for function in api.functions:
        if function.kind not in ("call", "destructor") or function.skip:
            continue
        parameters, arguments = shim_parameters(function)
        name = shim_name(function)
        if function.kind == "destructor":
            statement = f"{function.name}({', '.join(arguments)})"
            out.append((f"uint64_t {name}({parameters})", statement))
            continue
        statement = f"call.result.status = {function.name}"
        out.append((f"mrgo_result {name}({parameters})", f"{statement}({', '.join(arguments)})"))
        value = output(function)
        if value is not None and splits(function):
            without = [
                "NULL" if each.startswith(f"({value.ctype})") else each for each in arguments
            ]
            out.append(
                (f"mrgo_result {name}_only({parameters})", f"{statement}({', '.join(without)})")
            )
    return out


def write_c_header(api: model.Api) -> str:
    out = (
        HEAD + UNFORMATTED + "#ifndef MODELREG_GO_GENERATED_H\n#define MODELREG_GO_GENERATED_H\n\n"
    )
    out += '#include "go_runtime.h"\n\n'
    out += f"#if MR_ABI_LEVEL != {api.abi_level}\n"
    out += f'#error "this Go package is for headers of ABI level {api.abi_level}"\n#endif\n\n'
    out += "".join(f"{prototype};\n" for prototype, _ in shims(api))
    return out + "\n#endif\n"


def write_c_source(api: model.Api) -> str:
    out = HEAD + UNFORMATTED + '#include "go_generated.h"\n'
    for prototype, statement in shims(api):
        end = "mrgo_end(&call)" + (".panicked" if prototype.startswith("uint64_t") else "")
        out += f"\n{prototype} {{\n  mrgo_call call;\n  mrgo_begin(&call);\n  {statement};\n"
        out += f"  return {end};\n}}\n"
    return out
