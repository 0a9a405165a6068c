"""Decrypt the words of a study that selfrule encrypt, or --encrypt, encrypted.

The passphrase comes from the environment, as SELFRULE_PASSPHRASE. To change it: decrypt, then encrypt with another.

Example: selfrule decrypt my-study
"""

from __future__ import annotations

import typer

from selfrule.cli import options


def command(study: options.StudyPath) -> None:
    """Write everything plain again."""
    from selfrule.study.study import Study

    count = Study.open(study).decrypt()
    typer.echo(f"{count:,} parts decrypted. The words lie in {study} as they are.")
