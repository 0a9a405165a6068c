"""Encrypt the words of a study at rest: turns, descriptions of facets, what models answered. What is added later too.

The passphrase comes from the environment, as SELFRULE_PASSPHRASE, and is written nowhere: without it nobody can read the words
again. Every later command on the study needs it. See docs/privacy.md.

Example: selfrule encrypt my-study
"""

from __future__ import annotations

import typer

from selfrule.cli import options


def command(study: options.StudyPath) -> None:
    """Encrypt what is not encrypted yet."""
    from selfrule.study.study import Study

    count = Study.open(study).encrypt()
    typer.echo(f"{count:,} parts encrypted. Keep the passphrase: without it nobody can read the words again.")
    typer.echo(
        "Not encrypted: ids, times, levels, labels, figures, secret.key, and reports. A private report was removed."
    )
