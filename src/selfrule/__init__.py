"""selfrule measures when conversations with AI assistants take over a person's beliefs, values or actions.

    import selfrule
    study = selfrule.audit("export.zip")
    study.ratings()     # an Arrow table: .to_pandas(), polars.from_arrow(...)
    study.estimates()
    study.report()

Names are loaded when first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from selfrule.version import VERSION

if TYPE_CHECKING:
    from selfrule.errors import SelfruleError
    from selfrule.study.study import Study, audit, create

__all__ = ["SelfruleError", "Study", "__version__", "audit", "create"]

__version__ = VERSION
_HOMES = {"Study": "study.study", "audit": "study.study", "create": "study.study", "SelfruleError": "errors"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'selfrule' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"selfrule.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
