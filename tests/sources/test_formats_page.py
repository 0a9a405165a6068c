"""docs/formats.md says what the readers do."""

from __future__ import annotations

import re
from pathlib import Path

from selfrule.sources import READERS, mapping_from_toml, parse_mapping
from selfrule.sources.fields import NAMES
from selfrule.sources.mapping import KEYS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text("utf-8")


def test_every_format_has_its_row() -> None:
    assert re.findall(r"^\| `(\w+)` \| ", PAGE.partition("The usual fields")[0], re.MULTILINE) == [
        r.name for r in READERS
    ]


def test_every_name_of_a_field_is_there() -> None:
    for names in NAMES.values():
        for name in names:
            assert f"`{name}`" in PAGE


def test_every_key_of_a_mapping_is_there() -> None:
    for key in KEYS:
        assert f"`{key}`" in PAGE.partition("## A format of your own")[2]


def test_the_three_examples_are_valid() -> None:
    examples = re.findall(r'--map "([^"]+)"', PAGE)
    assert len(examples) == 2
    for example in examples:
        parse_mapping(example)
    (toml,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert mapping_from_toml(toml).roles == {"helpdesk": "assistant", "requester": "user"}
