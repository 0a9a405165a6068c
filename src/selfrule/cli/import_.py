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
    sampled: options.Sampled = None,
    population: options.Population = None,
    between_people: options.BetweenPeople = False,
    no_text: options.NoText = False,
    encrypt: options.Encrypt = False,
    strict: options.Strict = False,
    workers: options.Workers = None,
) -> None:
    """Import alone."""
    from selfrule.cli.reading import read
    from selfrule.cli.summary import print_problems

    study, _ = read(
        inputs, output, map_, reader, workers, sampled, population, between_people, no_text=no_text, encrypt=encrypt
    )
    skipped = print_problems(study)
    typer.echo(f"{study.count():,} conversations in {study.path}")
    if strict and skipped:
        raise typer.Exit(1)
