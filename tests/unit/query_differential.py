#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The library's query language against the model of it in query_model.py.

    query_differential.py QUERY_ANSWERS [SEED [COUNT]]

QUERY_ANSWERS is the program built from query_answers.c. COUNT expressions (200,000 times
MR_TEST_SCALE, at least 20,000) of a random SEED, which is printed, are made as trees, written in a
spelling of their own, and judged by the model over values of their own. The library reads the text
and must come to the same truth, and to the same answer whether it may still become true.
"""

from __future__ import annotations

import collections
import itertools
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator

from query_drawing import HOLDS, Maker, TESTS, Writer
from query_model import Node, World, escape, judge

CHUNK = 20000


def ask(program: str, lines: list[str]) -> list[str]:
    """The program's answers."""
    text = "".join(line + "\n" for line in lines)
    done = subprocess.run([program], input=text.encode(), stdout=subprocess.PIPE, check=True)
    answers = done.stdout.decode().splitlines()
    if len(answers) != len(lines):
        raise SystemExit(f"{len(lines)} questions, {len(answers)} answers")
    return answers


def draw(rng: random.Random) -> tuple[str, str, Node]:
    """A question, its answer, and the tree."""
    node = Maker(rng).truth(rng.choice((0, 1, 1, 2, 3)))
    world = World(rng)
    outcome = judge(node, world)
    wanted = {True: "TRUE", False: "FALSE", None: "UNKNOWN"}[outcome.truth]
    if outcome.truth is not True and outcome.may_be_true:
        wanted += " open"
    text = Writer(rng).write(node, 0)
    return "\t".join([escape(text), *world.facts()]), wanted, node


def kinds_of(node: Node) -> Iterator[str]:
    """What a tree is made of, for counting."""
    yield node.kind
    if node.kind == "path":
        if node.path.star >= 0:
            yield "star"
        if node.path.some():
            yield "some"
        if node.path.summary:
            yield "summary"
    for child in node.children:
        yield from kinds_of(child)


def main(program: str, seed: int, count: int) -> int:
    """Asks, compares and counts."""
    rng = random.Random(seed)
    counts: collections.Counter[str] = collections.Counter()
    wrong: list[str] = []
    for start in range(0, count, CHUNK):
        drawn = [draw(rng) for _ in range(min(CHUNK, count - start))]
        answers = ask(program, [question for question, _, _ in drawn])
        for (question, wanted, node), answer in zip(drawn, answers):
            counts.update({wanted, *kinds_of(node)})
            if wanted != answer:
                wrong.append(f"{question}\n  the model {wanted}, the library {answer}")
    print(f"seed {seed}, {count} expressions: {dict(counts)}")
    for text in itertools.islice(wrong, 10):
        print(text)
    everything = ("TRUE", "FALSE", "UNKNOWN", "FALSE open", "UNKNOWN open", "star", "some",
                  "summary", "number", "text", "path", "abs", *HOLDS, *TESTS)
    little = [kind for kind in everything if counts[kind] < count / 100]
    if little:
        print(f"too little asked: {', '.join(little)}")
    print(f"{len(wrong)} mismatches")
    return 1 if wrong or little else 0


if __name__ == "__main__":
    SCALE = float(os.environ.get("MR_TEST_SCALE") or 1)
    SEED = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 2**32
    COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else max(20000, round(200000 * SCALE))
    sys.exit(main(sys.argv[1], SEED, COUNT))
