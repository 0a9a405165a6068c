"""Split the difference between two periods, models or products: how much goes with another mix, how much with other rates.

The mix is of domains, of lengths and of how much people talk; rates are compared in conversations that are alike in these.
Unless told, the first half of the complete months is set against the second. Private: every group is printed. Add --shareable
for what passes the release gate.

Example: selfrule change my-study --between 2026-01..2026-03 --and 2026-04..2026-06
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from selfrule.cli import analysed, options
from selfrule.privacy import K

if TYPE_CHECKING:
    from selfrule.analyses.change_records import By

Between = Annotated[
    str | None,
    typer.Option("--between", help="The first period: months or days, both ends in it.", metavar="FROM..TO"),
]
And = Annotated[str | None, typer.Option("--and", help="The second period.", metavar="FROM..TO")]
Models = Annotated[tuple[str, str] | None, typer.Option("--models", help="Two models instead.", metavar="A B")]
Products = Annotated[tuple[str, str] | None, typer.Option("--products", help="Two products instead.", metavar="A B")]


def command(
    study: options.StudyPath,
    between: Between = None,
    and_: And = None,
    models: Models = None,
    products: Products = None,
    construct: analysed.Construct = "flagged",
    level: analysed.Level = None,
    shareable: analysed.Shareable = False,
    k: options.Smallest = K,
    format_: analysed.FormatOption = analysed.Format.table,
    json: options.Json = False,
) -> None:
    """Print a change."""
    from selfrule.errors import UsageError
    from selfrule.report.analyses import section
    from selfrule.study.study import Study

    pairs: dict[By, tuple[str | None, str | None] | None] = {
        "period": (between, and_) if between is not None or and_ is not None else None,
        "model": models,
        "product": products,
    }
    given = [by for by, pair in pairs.items() if pair is not None]
    if len(given) > 1:
        raise UsageError("Name two periods, two models or two products, not several of these.")
    by: By = given[0] if given else "period"
    first, second = pairs[by] or (None, None)
    result = Study.open(study).change(first, second, by=by, construct=construct, level=level, shareable=shareable, k=k)
    analysed.show(result, section(result), json=json or format_ is analysed.Format.json)
