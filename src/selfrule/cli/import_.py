"""Read logs into a study, without rating them.

Example: selfrule import logs/ -o my-study
"""

from __future__ import annotations

import typer

from selfrule.cli import options


def command(
    inputs: options.Inputs,
    output: options.Output = None,
    map_: options.Map = None,
    reader: options.Reader = None,
    strict: options.Strict = False,
    workers: options.Workers = None,
) -> None:
    """Import alone."""
    from selfrule.cli.stdin import spooled
    from selfrule.cli.summary import print_problems
    from selfrule.cli.view import watcher
    from selfrule.study.study import create, default_folder, existing

    existing(inputs)
    study = create(output or default_folder(inputs))
    watch = watcher()
    try:
        with spooled(inputs, study.path) as paths:
            study.import_(paths, map=map_, reader=reader, workers=workers, watcher=watch)
    finally:
        watch.done()
    skipped = print_problems(study)
    typer.echo(f"{study.count():,} conversations in {study.path}")
    if strict and skipped:
        raise typer.Exit(1)
