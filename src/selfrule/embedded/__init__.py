"""The embedded judge and screen: rates conversations with nothing but the package. See docs/judge.md for how well.

>>> model = load()
>>> analysis = model.analyse(conversation.turns)  # doctest: +SKIP
"""

from __future__ import annotations

from selfrule.embedded.model import Analysis, Model, load

__all__ = ["Analysis", "Model", "load"]
