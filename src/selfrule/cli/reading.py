"""What `audit` and `import` begin with: a study, and the inputs read into it."""

from __future__ import annotations

from pathlib import Path

from selfrule.cli.stdin import spooled
from selfrule.cli.view import watcher
from selfrule.study.study import Study, Watcher, create, default_folder, existing


def read(
    inputs: list[Path],
    output: Path | None,
    map_: list[str] | None,
    reader: str | None,
    workers: int | None,
    sampled: float | None = None,
    population: int | None = None,
    between_people: bool = False,
    *,
    no_text: bool = False,
    encrypt: bool = False,
) -> tuple[Study, Watcher]:
    """Read inputs into the study named, or into one named after the first of them. Gives the study and its watcher."""
    existing(inputs)
    study = create(output or default_folder(inputs))
    watch = watcher()
    try:
        with spooled(inputs, study.path) as paths:
            study.import_(
                paths,
                map=map_,
                reader=reader,
                sampled=sampled,
                population=population,
                between_people=between_people,
                workers=workers,
                watcher=watch,
                no_text=no_text,
                encrypt=encrypt,
            )
    finally:
        watch.done()
    return study, watch
