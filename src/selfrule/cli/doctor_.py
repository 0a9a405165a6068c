"""Show what is installed, how well the embedded judge agrees with labels, and whether a study is sound.

Example: selfrule doctor my-study
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from selfrule.cli import options

_PACKAGES = ("jinja2", "loky", "msgspec", "numpy", "pyarrow", "rich", "scipy", "typer", "xxhash")


def facts() -> dict[str, Any]:
    """Versions, rubric, judge and the judge's card."""
    from importlib.metadata import PackageNotFoundError, version

    from selfrule import rubric
    from selfrule.embedded import load
    from selfrule.engine import cores
    from selfrule.version import VERSION

    def installed(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return "missing"

    model = load()
    return {
        "selfrule": VERSION,
        "python": sys.version.split()[0],
        "cores": cores(),
        "packages": {name: installed(name) for name in _PACKAGES},
        "rubric": rubric.load().label,
        "judge": model.label,
        "network": "none: nothing in this version opens a connection",
        "card": model.card,
    }


def _figure(value: list[float | None]) -> str:
    share, low, high = value
    if share is None:
        return "not measured"
    return f"{share:.2f}" + (f" ({low:.2f} to {high:.2f})" if low is not None and high is not None else "")


def _print(known: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
    console.print(f"selfrule {known['selfrule']}, Python {known['python']}, {known['cores']} cores")
    console.print("Packages: " + ", ".join(f"{k} {v}" for k, v in known["packages"].items()))
    console.print(f"Network: {known['network']}")
    console.print(f"Rubric {known['rubric']}; judge {known['judge']}, which is no language model")
    card = known["card"]
    table = Table(
        box=None, pad_edge=False, title="How well the embedded judge agrees with labels", title_justify="left"
    )
    for name in ("construct", "weighted kappa", "exact", "within one", "labelled", "above none"):
        table.add_column(name, justify="left" if name == "construct" else "right")
    for construct, row in card["constructs"].items():
        table.add_row(
            construct,
            _figure(row["kappa"]),
            _figure(row["exact"]),
            _figure(row["within_one"]),
            f"{row['n']:,}",
            f"{row['positive']:,}",
        )
    console.print(table)
    for name, row in card["flagged"].items():
        console.print(f"Flagged against not, {name}: area under the curve {_figure(row['auroc'])}")
    console.print("The screen keeps, of conversations not flagged, at each share of flagged ones kept:")
    console.print("  " + ", ".join(f"{p['recall']:.0%}: {p['kept']:.0%}" for p in card["screen"]))
    console.print(card["labels"])
    console.print(card["plain"])


def command(
    study: Annotated[Path | None, typer.Argument(help="A study to check.", metavar="[STUDY]")] = None,
    json: options.Json = False,
) -> None:
    """Say what is there, and what is wrong."""
    from selfrule.store.folder import FORGETTING
    from selfrule.study.study import Study

    known = facts()
    wrong = []
    if study is not None and (study / FORGETTING).exists():  # opening it would finish what is only to be looked at
        wrong = [f"Forgetting somebody was interrupted. Finish it with: selfrule forget {study}"]
    elif study is not None:
        wrong = Study.open(study).check()
    if json:
        import msgspec

        known |= {"study": None if study is None else {"path": str(study), "problems": wrong}}
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(known), indent=1) + b"\n")
    else:
        _print(known)
        if study is not None:
            typer.echo(f"Study {study}: " + ("sound." if not wrong else f"{len(wrong)} problems"))
            for line in wrong:
                typer.echo(f"  {line}")
    if wrong or "missing" in known["packages"].values():
        raise typer.Exit(1)
