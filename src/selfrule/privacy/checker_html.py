"""A released report, checked: the numbers in its tables, read as anybody reads them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

Found = list[tuple[str, str]]

_SIZES = {"Rated", "Conversations", "Pairs", "Still followed", "How many", "People", "Labelled"}
"""Heads of columns that count a group."""
_PARTS = {"Model", "Month", "Language", "Product"}
"""Heads of first columns whose rows part the whole."""
_OF = re.compile(r"^(\d[\d,]*) of (\d[\d,]*)$")
_WHOLE = re.compile(r"^\d[\d,\u202f ]*$")
_INPUTS = {"Input", "Kind"}  # tables about files and records, not about people


class _Tables(HTMLParser):
    """Every table as rows of texts; tables in tables are none of ours."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[str]]] = []
        self._in = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self.tables[-1][-1].append("")
            self._in = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "table"):
            self._in = False

    def handle_data(self, data: str) -> None:
        if self._in and self.tables[-1] and self.tables[-1][-1]:
            self.tables[-1][-1][-1] += data


def _integer(text: str) -> int | None:
    text = text.strip()
    return int(re.sub(r"\D", "", text)) if _WHOLE.match(text) else None


def violations(page: str, k: int) -> Found:
    """What the tables of a report tell of fewer than k: in sizes of groups, in "so many of so few", and by subtraction.

    Args:
        page: The report.
        k: The smallest group that may be told of.
    """
    reader = _Tables()
    reader.feed(page)
    reader.close()
    found: Found = []
    whole = 0
    for at, table in enumerate(reader.tables):
        if not table or not table[0]:
            continue
        head = [" ".join(cell.split()) for cell in table[0]]
        where = f"table {at + 1} ({head[0]})"
        if head[0] in _INPUTS:
            continue
        total, covered = 0, True
        for row in table[1:]:
            rated = 0
            for name, cell in zip(head, row, strict=False):
                pair = _OF.match(" ".join(cell.split()))
                if pair:
                    of = int(pair[2].replace(",", ""))
                    whole = max(whole, of)
                    if 0 < of < k:
                        found.append((where, "so many of few"))
                number = _integer(cell)
                if name in _SIZES and number is not None and 0 < number < k:
                    found.append((where, f"few under {name!r}"))
                if name in ("Rated", "Not rated") and number is not None:
                    rated += number
            total += rated
            covered = covered and len(row) == len(head)
        if head[0] in _PARTS and "Rated" in head and covered and whole and 0 < whole - total < k:
            found.append((where, "few are left when its rows are taken from the whole"))
    return found
