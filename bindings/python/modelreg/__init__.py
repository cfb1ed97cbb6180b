# SPDX-License-Identifier: Apache-2.0
"""The whole life of a machine-learning model: data, runs, gates, versions, channels.

    with modelreg.Registry.open("registry.db", flags=modelreg.OpenFlags.CREATE) as registry:
        experiment = registry.open_experiment("digits")
        run = experiment.start_run(name="first")
        run.log_metric("accuracy", 0.92, 1)
        run.finish(modelreg.RunStatus.FINISHED)

Importing this package loads the C library libmodelreg: the one that MODELREG_LIBRARY names, else
one inside the package, else the one that the dynamic loader finds.

Handles such as Registry and Run are context managers; close() may also be left to the garbage
collector. A registry, a run, a metric and a cancel token take calls of many threads at once; on
other handles calls wait for each other. A failed call raises a subclass of ModelregError.
"""

from ._generated import *  # noqa: F403  its __all__ says what
from ._generated import VERSION
from ._library import LibraryError as LibraryError
from ._runtime import Handle as Handle
from ._runtime import ModelregError as ModelregError
from ._runtime import Page as Page
from ._runtime import Rows as Rows

__version__ = VERSION
