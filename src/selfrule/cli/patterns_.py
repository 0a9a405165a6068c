"""What happens in flagged conversations: kinds of them, with names, sizes and summaries, and nobody in them.

Flagged conversations are described, clustered and named on this machine. What passes the release gate stands in
patterns-released.json and in the report; the rest is counted as withheld. Private: every pattern is printed. Add --shareable
for what passes the gate.

Example: selfrule patterns my-study --shareable
"""

from __future__ import annotations

from typing import Annotated

import typer

from selfrule.cli import analysed, options

Per = Annotated[int, typer.Option("--per", help="Conversations a pattern, on average.", metavar="N", min=1)]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same patterns.", min=0)]
Embedding = Annotated[
    str | None,
    typer.Option(
        "--embedding",
        help="Folder of a sentence-transformers model on this machine. [default: vectors of words, built in]",
        metavar="FOLDER",
    ),
]
Epsilon = Annotated[
    float | None,
    typer.Option(
        "--epsilon",
        help="Privacy budget: released counts get noise that hides any one person (needs selfrule[dp]).",
        metavar="E",
    ),
]
Again = Annotated[bool, typer.Option("--again", help="Make them anew though they are there.")]
Smallest = Annotated[
    int, typer.Option("--k", help="Smallest pattern to release, in conversations and in people.", min=2)
]


def command(
    study: options.StudyPath,
    per: Per = 55,
    seed: Seed = 0,
    embedding: Embedding = None,
    k: Smallest = 10,
    epsilon: Epsilon = None,
    again: Again = False,
    shareable: analysed.Shareable = False,
    format_: analysed.FormatOption = analysed.Format.table,
    json: options.Json = False,
) -> None:
    """Make patterns and print them."""
    from selfrule.cli import patterned
    from selfrule.study.study import Study

    opened = Study.open(study)
    found = opened.patterns(
        per=per, seed=seed, embedding=embedding, shareable=shareable, k=k, epsilon=epsilon, again=again
    )
    patterned.show(found, json=json or format_ is analysed.Format.json)
    if not (json or format_ is analysed.Format.json):
        patterned.say_where(opened.path)
