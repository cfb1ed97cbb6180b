# SPDX-License-Identifier: Apache-2.0
"""The whole life of a digits model in Python: snapshot, train, evaluate, promote, classify.

    python3 examples/digits/lifecycle.py WORKDIR

Needs the package modelreg, the library below it, and nothing else. The registry is
WORKDIR/python.db; running again in the same folder adds to it. The images are dealt out as in
common.c and the weights have the format of weights.c, so the programs in C can read them, too.
"""

from __future__ import annotations

import array
import gzip
import json
import math
import operator
import os
import pathlib
import platform
import struct
import sys
from collections.abc import Iterator
from typing import NamedTuple

import modelreg

HERE = pathlib.Path(__file__).resolve().parent
PIXELS, CLASSES = 64, 10
TRAINING, VALIDATION = 1200, 197  # the other 400 images judge the chosen model
EPOCHS = 8
WEIGHTS = "weights.safetensors"
# Name, learning rate and how strongly weights are pulled to zero. Such a pull as the last one
# leaves little to learn: it is bad on purpose.
SETTINGS = [("medium", "0.05", "0"), ("slow", "0.02", "0.0001"), ("crushed", "0.05", "0.1")]


class Image(NamedTuple):
    pixels: list[float]  # 0 is white, 1 is black
    label: int


def load_images(path: pathlib.Path) -> list[Image]:
    """A gzipped CSV file: a row an image, 64 numbers from 0 to 16 and the label. Shuffled."""
    images = []
    with gzip.open(path, "rt") as file:
        for row in file:
            numbers = [int(number) for number in row.split(",")]
            images.append(Image([number / 16 for number in numbers[:PIXELS]], numbers[PIXELS]))
    shuffle(images)
    return images


def shuffle(images: list[Image]) -> None:
    """Fisher and Yates, with the generator SplitMix64: the same order on every machine."""
    state = 1
    for last in range(len(images) - 1, 0, -1):
        state = state + 0x9E3779B97F4A7C15 & 2**64 - 1
        z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & 2**64 - 1
        z = (z ^ z >> 27) * 0x94D049BB133111EB & 2**64 - 1
        other = (z ^ z >> 31) % (last + 1)
        images[last], images[other] = images[other], images[last]


class Softmax:
    """Softmax regression: a score for each class, linear in the pixels."""

    def __init__(self) -> None:
        self.weights = [[0.0] * PIXELS for _ in range(CLASSES)]
        self.bias = [0.0] * CLASSES

    def predict(self, pixels: list[float]) -> list[float]:
        """The probability of each class."""
        scores = [
            bias + sum(map(operator.mul, weights, pixels))
            for weights, bias in zip(self.weights, self.bias)
        ]
        highest = max(scores)
        powers = [math.exp(score - highest) for score in scores]
        total = sum(powers)
        return [power / total for power in powers]

    def classify(self, image: Image) -> int:
        probabilities = self.predict(image.pixels)
        return probabilities.index(max(probabilities))

    def measure(self, images: list[Image]) -> tuple[float, float]:
        """Mean cross entropy and the share of right answers."""
        loss, right = 0.0, 0
        for image in images:
            probabilities = self.predict(image.pixels)
            loss -= math.log(max(probabilities[image.label], 1e-12))
            right += probabilities.index(max(probabilities)) == image.label
        return loss / len(images), right / len(images)

    def learn(self, images: list[Image], rate: float, pull: float) -> None:
        """Stochastic gradient descent, one pass over the images in their order."""
        keep = 1 - rate * pull
        for image in images:
            probabilities = self.predict(image.pixels)
            for digit, probability in enumerate(probabilities):
                step = rate * (probability - (digit == image.label))
                self.bias[digit] -= step
                self.weights[digit] = [
                    keep * weight - step * pixel
                    for weight, pixel in zip(self.weights[digit], image.pixels)
                ]

    def encode(self) -> bytes:
        """A safetensors file: the size of a JSON header, the header, the numbers as float32."""
        header = (
            b'{"weights":{"dtype":"F32","shape":[10,64],"data_offsets":[0,2560]},'
            b'"bias":{"dtype":"F32","shape":[10],"data_offsets":[2560,2600]}}      '
        )
        numbers = [*(weight for row in self.weights for weight in row), *self.bias]
        return struct.pack("<Q", len(header)) + header + struct.pack("<650f", *numbers)

    @classmethod
    def decode(cls, data: memoryview) -> Softmax:
        (size,) = struct.unpack_from("<Q", data)
        if json.loads(bytes(data[8 : 8 + size]))["weights"]["shape"] != [CLASSES, PIXELS]:
            raise ValueError("not the weights of a digits model")
        numbers = list(struct.unpack_from("<650f", data, 8 + size))
        model = cls()
        model.weights = [numbers[at : at + PIXELS] for at in range(0, CLASSES * PIXELS, PIXELS)]
        model.bias = numbers[CLASSES * PIXELS :]
        return model


def snapshot(experiment: modelreg.Experiment) -> modelreg.Dataset:
    """Records exactly which data the models will be made from, and keeps its bytes."""
    manifest = modelreg.Manifest()
    manifest.add_folder(HERE / "data", include=["*.csv.gz"])
    dataset = experiment.log_dataset(
        "digits",
        manifest,
        freeze=True,
        sample_count=1797,
        schema="64 pixels of an image of 8 x 8, row by row, 0 to 16; the label, 0 to 9",
        source_uri="https://doi.org/10.24432/C50P49",
    )
    print(f"dataset {dataset.info.digest[:16]}...: {dataset.info.total_size} bytes, frozen")
    return dataset


def source() -> modelreg.SourceState:
    """Whoever starts this program knows the state of its source."""
    states = {"0": modelreg.SourceState.CLEAN, "1": modelreg.SourceState.DIRTY}
    return states.get(os.environ.get("SOURCE_DIRTY", ""), modelreg.SourceState.UNKNOWN)


def train(
    experiment: modelreg.Experiment, images: list[Image], dataset_run_id: str
) -> Iterator[tuple[str, float]]:
    """Trains a model for each setting; gives the run's id and its accuracy in validation."""
    training, validation = images[:TRAINING], images[TRAINING : TRAINING + VALIDATION]
    held_out = images[TRAINING + VALIDATION :]
    for name, rate, pull in SETTINGS:
        with experiment.start_run(
            name=name,
            source_commit=os.environ.get("SOURCE_COMMIT") or None,
            source_state=source(),
            source_entry_point="examples/digits/lifecycle.py",
            environment_host=platform.node() or None,
            tags={"language": "Python"},
        ) as run:
            run.log_params({"learning_rate": rate, "l2": pull, "epochs": str(EPOCHS)})
            run.log_input(role="training", dataset_run_id=dataset_run_id)
            model = Softmax()
            curve = array.array("d")
            for epoch in range(1, EPOCHS + 1):
                model.learn(training, float(rate), float(pull))
                loss, accuracy = model.measure(validation)
                run.log_metrics(epoch, {"validation.loss": loss, "validation.accuracy": accuracy})
                loss, accuracy = model.measure(training)
                run.log_metric("training.accuracy", accuracy, epoch)
                curve.append(loss)
            # A whole column at once, without copying.
            run.metric("training.loss").log_many(curve, range(1, EPOCHS + 1))
            run.log_artifact_bytes(WEIGHTS, model.encode())
            run.finish(modelreg.RunStatus.FINISHED)
            # A finished run still takes the result of an evaluation, until a request seals it.
            evaluate(experiment, run, held_out, dataset_run_id)
            best = run.history("validation.accuracy", from_step=EPOCHS).values[0]
            print(f"run {run.info.id} {name:8} loss={curve[-1]:.4f} validation.accuracy={best:.4f}")
            yield run.info.id, best


def evaluate(
    experiment: modelreg.Experiment, run: modelreg.Run, held_out: list[Image], dataset_run_id: str
) -> None:
    """Measures a model on images that neither training nor choosing has seen."""
    with run.open_artifact(WEIGHTS) as blob:
        model = Softmax.decode(blob.map())
    _, accuracy = model.measure(held_out)
    with experiment.start_run(kind=modelreg.RunKind.EVALUATION, name="held-out") as evaluation:
        evaluation.log_input(role="model", run_id=run.info.id)
        evaluation.log_input(role="test", dataset_run_id=dataset_run_id)
        evaluation.log_metric("test.accuracy", accuracy, 0)
        evaluation.finish(modelreg.RunStatus.FINISHED)
    run.log_metric("test.accuracy", accuracy, 0)
    run.flush()
    finite = all(map(math.isfinite, model.bias)) and all(
        all(map(math.isfinite, row)) for row in model.weights
    )
    result = modelreg.CheckResult.PASSED if finite else modelreg.CheckResult.FAILED
    run.log_check("finite_weights", result, reporter="examples/digits/lifecycle.py")


def ensure_model(registry: modelreg.Registry) -> modelreg.Model:
    """Creates what is not there yet, so that this program can run again and again."""
    try:
        model = registry.create_model("digits", description="Reads one handwritten digit")
        model.create_channel("production")
    except modelreg.AlreadyExistsError:
        model = registry.open_model("digits")
    gate = modelreg.Gate.parse((HERE / "gate.txt").read_text())
    registry.attach_gate(gate, model="digits")
    return model


def promote(model: modelreg.Model, run_id: str) -> modelreg.Version | None:
    """Proposes a run as a version. The gate decides at once; None is its no."""
    request = model.promote(run_id, op_id=f"promote-{run_id}")
    try:
        return request.version()
    except modelreg.GateFailedError as refusal:
        print(request.decision().text(), end="")
        print(f"refused: {refusal}")
        return None


def release(model: modelreg.Model, version: modelreg.Version) -> None:
    """Moves the channel by compare-and-set: had somebody else moved it, nothing would change."""
    channels = {channel.name: channel.version for channel in model.list_channels()}
    expected = channels["production"] or "none"
    number = version.info.number
    model.move_channel(channel="production", version=number, expected=expected).version()
    print(f"production: {expected} -> {number}")


def take_back(registry: modelreg.Registry, model: modelreg.Model, run_id: str) -> None:
    """A fix goes into production, turns out to be bad and is yanked; nothing of it is forgotten."""
    before = registry.resolve("digits@production").info
    fix = model.promote(run_id, bump=modelreg.Bump.PATCH).version()
    release(model, fix)
    moves = model.list_channel_moves(channel="production")
    then_us = next(moves).moved_us  # the newest comes first
    fix.yank(reason="reads a 7 as a 1 when the light is bad", replacement=before.number)
    now = registry.resolve("digits@production").info
    print(f"yanked {fix.info.number}; production: {now.number}")
    for warning in registry.resolve(f"digits@{fix.info.number}").info.warnings:
        print(f"whoever pins it is told: {warning}")
    then = registry.resolve("digits@production", as_of_us=then_us).info
    print(f"production then: {then.number}")
    for move in model.list_channel_moves(channel="production"):
        print(f"  {move.sequence}. {move.kind.name.lower()} {move.version}: {move.reason or '-'}")


def classify(path: pathlib.Path, images: list[Image]) -> float:
    """The consumer: knows a name and a channel, nothing about runs, and only reads."""
    with modelreg.Registry.open(path, flags=modelreg.OpenFlags.READ_ONLY) as registry:
        version = registry.resolve("digits@production")
        for warning in version.info.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        version.verify_or_raise()
        with version.open_artifact() as blob:
            print(f"verified {blob.info.path}: {blob.size} bytes, {blob.info.format}")
            model = Softmax.decode(blob.map())
        print("; ".join(f"read {model.classify(each)}, is {each.label}" for each in images[:10]))
        _, accuracy = model.measure(images)
        number = version.info.number
    print(f"resolved digits@{number} accuracy={accuracy:.4f} on {len(images)} images")
    return accuracy


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: lifecycle.py WORKDIR", file=sys.stderr)
        return 2
    work = pathlib.Path(sys.argv[1])
    path = work / "python.db"
    with modelreg.Registry.open(path, flags=modelreg.OpenFlags.CREATE) as registry:
        experiment = registry.open_experiment("digits")
        dataset = snapshot(experiment)
        # What was recorded is what is used: the images come back from the registry.
        dataset.fetch(work / "python-data")
        images = load_images(work / "python-data" / "digits.csv.gz")
        runs = sorted(train(experiment, images, dataset.info.run_id), key=operator.itemgetter(1))
        model = ensure_model(registry)
        print("the worst run in validation:")
        if promote(model, runs[0][0]) is not None:
            raise RuntimeError("the gate let it pass: look at its rules")
        print("the best run in validation:")
        version = promote(model, runs[-1][0])
        if version is None:
            return 1
        print(f"accepted: digits@{version.info.number}, {version.info.total_size} bytes")
        release(model, version)
        take_back(registry, model, runs[-2][0])
    accuracy = classify(path, images[TRAINING + VALIDATION :])
    return 0 if accuracy >= 0.93 else 1


if __name__ == "__main__":
    sys.exit(main())
