"""The parts of a page, as plain data: sections hold paragraphs, figures and tables; the template only sets them."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import Markup

from selfrule.report.charts.svg import Chart

LONG_TABLE = 12  # rows above which a table under a chart starts closed; print opens it


@dataclass(frozen=True)
class Td:
    """A table cell: its text, and the number to sort by where the text is one."""

    text: str
    sort: float | None = None


@dataclass(frozen=True)
class Body:
    """Rows of a table under one heading ("" where there is none). The first cell of a row is its header."""

    heading: str
    rows: list[list[Td]]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table: caption, column names, bodies. `text_columns` are set as text, the others as figures."""

    caption: str
    columns: list[str]
    bodies: list[Body]
    text_columns: frozenset[int] = frozenset({0})
    note: str = ""

    @property
    def size(self) -> int:
        """How many rows it has."""
        return sum(len(b.rows) for b in self.bodies)

    @property
    def sortable(self) -> bool:
        """Whether sorting it by a column makes sense: one body, more than a handful of rows."""
        return len(self.bodies) == 1 and self.size > 4

    @property
    def long(self) -> bool:
        """Whether it starts closed under its chart."""
        return self.size > LONG_TABLE


@dataclass(frozen=True)
class Key:
    """A line of a chart's legend: the mark's shape and class, and what it stands for."""

    shape: str
    cls: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A chart with its legend and caption, and the table of the same figures under it. Either may stand alone.

    A long table under a chart starts closed unless `keep_open`; one without a chart only if `folded`.
    """

    caption: str = ""
    chart: Chart | None = None
    legend: list[Key] = field(default_factory=list)
    table: Table | None = None
    keep_open: bool = False
    folded: bool = False


@dataclass(frozen=True, kw_only=True)
class Branch:
    """A line of a tree that opens: what stands in the line, what it opens to, and the lines below it.

    Attributes:
        anchor: The id of what it opens to, for links; "" where it opens to nothing but `children`.
        name: What it is.
        about: A few words under the name.
        figures: What stands beside it: a small picture or none, and words.
        said: Sentences with what stands behind each.
        terms: Definitions.
        notes: Plain sentences after them.
        listed: A closed list: its heading and its entries; private alone.
        children: The lines below.
        left: What is said where some of them are not listed.
    """

    anchor: str
    name: str
    about: str = ""
    figures: list[tuple[Markup | None, str]] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)
    terms: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    listed: tuple[str, list[str]] | None = None
    children: list[Branch] = field(default_factory=list)
    left: str = ""


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Lines that open, the column heads of what stands beside them, and whether print opens the lowest of them.

    Of one place in the tree the first `at_once` lines are there at once; the rest opens together.
    """

    heads: list[str]
    branches: list[Branch]
    printed: bool = True
    left: str = ""
    at_once: int = 30


@dataclass(frozen=True, kw_only=True)
class Part:
    """A piece of a section: a heading of its own (or none), paragraphs, a list, definitions, a figure, a tree."""

    title: str = ""
    paragraphs: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    terms: list[tuple[str, str]] = field(default_factory=list)
    figure: Figure | None = None
    tree: Tree | None = None


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of the page, with an anchor and a title."""

    anchor: str
    title: str
    parts: list[Part]
    quotes: bool = False
