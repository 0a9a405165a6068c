"""The embedded judge and screen: rates conversations with nothing but the package. See docs/judge.md for how well.

>>> from selfrule.records import Turn
>>> analysis = load().analyse([Turn("user", "What is 2 + 2?"), Turn("assistant", "4, which is two more than 2.")])
>>> analysis.status, analysis.language
('rated', 'en')
"""

from __future__ import annotations

from selfrule.embedded.model import Analysis, Model, load

__all__ = ["Analysis", "Model", "load"]
