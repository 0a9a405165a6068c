"""A mapping as the user gives it: pairs, or the path of a TOML file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from selfrule.errors import InputError
from selfrule.sources.mapping import Mapping, mapping_from_toml, parse_mapping

Given = dict[str, str] | Sequence[str] | str | os.PathLike[str] | None


def mapping_of(given: Given) -> Mapping | None:
    """The mapping that was given, or None.

    Args:
        given: Pairs as a dict ({"text": "body", "role": "sender"}), as text ("text=body,role=sender", or a list of
            these), or the path of a TOML file.

    Raises:
        UsageError: a key is unknown, or the pairs do not say where the turns are.
        InputError: the TOML file cannot be read.
    """
    if not given:
        return None
    if isinstance(given, dict):
        return parse_mapping([f"{key}={path}" for key, path in given.items()])
    texts = [os.fspath(given)] if isinstance(given, str | os.PathLike) else [os.fspath(g) for g in given]
    if len(texts) == 1 and texts[0].endswith(".toml"):
        path = Path(texts[0])
        try:
            return mapping_from_toml(path.read_text("utf-8"), path.name)
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: cannot be read as a mapping ({error}).") from error
    return parse_mapping(texts)
