# SPDX-License-Identifier: Apache-2.0
"""The registry does what the headers say, whatever is done to it and in whichever order.

MR_TEST_SCALE makes fewer or more sequences; MR_TEST_SEED makes others than those of every day.
"""

from __future__ import annotations

import concurrent.futures
import os
import sys
import tempfile

import hypothesis
import hypothesis.configuration
import pytest
from hypothesis.stateful import run_state_machine_as_test
from registry_machine import RegistryMachine

# Nothing is left in the tree.
hypothesis.configuration.set_hypothesis_home_dir(f"{tempfile.gettempdir()}/modelreg-hypothesis")

SCALE = float(os.environ.get("MR_TEST_SCALE", "1"))
SEED = int(os.environ.get("MR_TEST_SEED", "0"))


def test_a_registry_is_what_its_model_says(capsys: pytest.CaptureFixture[str]) -> None:
    settings = hypothesis.settings(
        max_examples=max(100, int(2000 * SCALE)),
        stateful_step_count=20,
        database=None,
        deadline=None,
        print_blob=False,
        # Without the phase that explains a failure, for which every line would be traced.
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    # In the main thread every call with a clock puts the handlers of signals aside.
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        machine = hypothesis.seed(SEED)(RegistryMachine)
        thread.submit(run_state_machine_as_test, machine, settings=settings).result()
    tally = RegistryMachine.tally
    with capsys.disabled():
        print(f"\n{tally.text()}", file=sys.stderr)
    never = [name for name in tally.ran if not tally.succeeded[name]]
    assert not never, f"never went well: {never}"
