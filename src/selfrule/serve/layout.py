"""The labelling page as one document: markup, style and script together, nothing to load."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from selfrule.rubric import LEVELS, load
from selfrule.serve.wording import weighing, words

if TYPE_CHECKING:
    from jinja2 import Template

SCRIPTS = ("server.js", "turns.js", "form.js", "desk.js", "keys.js")


def _file(name: str) -> str:
    return (resources.files("selfrule.serve") / "page" / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_file), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("label.html.j2")


def page(nonce: str, labeller: str | None) -> str:
    """The page as HTML: the same for every conversation, and with none in it.

    Args:
        nonce: Of this reply's Content-Security-Policy.
        labeller: Who labels, where the command line said so; else the page asks.
    """
    from markupsafe import Markup

    script = "\n".join(["'use strict';", *(_file(name) for name in SCRIPTS)])
    setup = {
        "labeller": labeller,
        "levels": list(LEVELS),
        "constructs": [{"id": w.id, "name": w.name, "marker": w.marker} for w in words()],
    }
    return _template().render(
        nonce=nonce,
        words=words(),
        weighing=weighing(),
        levels=LEVELS,
        rubric=load(),
        setup=json.dumps(setup, ensure_ascii=True),
        style=Markup(_file("label.css")),  # noqa: S704 - a file of this package
        script=Markup(script),  # noqa: S704 - files of this package
    )
