"""A report as one HTML file that loads nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from selfrule.report.context import ReportContext
from selfrule.report.numbers import typeset
from selfrule.report.page import build
from selfrule.report.text import clean

if TYPE_CHECKING:
    from jinja2 import Template


def _asset(name: str) -> str:
    return (resources.files("selfrule.report") / "templates" / name).read_text(encoding="utf-8")


def _source_hash(text: str) -> str:
    """A CSP source for an inline style or script: base64 of the SHA-256 of its text (W3C CSP Level 3, 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _finalize(value: object) -> object:
    """Clean plain text on its way into the page; what is already markup was cleaned when it was made."""
    from markupsafe import Markup

    return value if isinstance(value, Markup) or not isinstance(value, str) else clean(value, 100_000)


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters["typeset"] = typeset
    return environment.get_template("report.html.j2")


def render(context: ReportContext) -> str:
    """The report as HTML.

    Args:
        context: What to report; see docs/report.md for every key. A context of kind "shareable" is stripped of
            quotes, file names and groups under `k` before anything is laid out.

    Returns:
        One self-contained HTML document of less than 2 MB: styles and a script of a few lines inline, allowed by
        their hashes in a Content-Security-Policy that forbids everything else. It can be encoded as UTF-8 whatever
        text the context holds.
    """
    from markupsafe import Markup

    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        f"default-src 'none'; style-src {_source_hash(style)}; script-src {_source_hash(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return _template().render(
        page=build(context),
        policy=Markup(policy),  # noqa: S704 - made of constants and base64
        style=Markup(style),  # noqa: S704 - a file of this package
        script=Markup(script),  # noqa: S704 - a file of this package
    )
