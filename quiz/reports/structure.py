"""What a document consists of, before anybody decides how it is set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of plain words."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table with its caption; cells are shown as they are, columns named in `numeric` stand to the right."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[str] = frozenset()
    last_is_total: bool = False
    widths: tuple[float, ...] = ()
    """Shares of the width; equal ones when empty."""


@dataclass(frozen=True)
class Bars:
    """One bar a group: label, part, whole; with the average of all."""

    caption: str
    bars: tuple[tuple[str, int, int], ...]
    part: int
    whole: int


Block = Paragraph | Table | Bars


@dataclass(frozen=True)
class Section:
    """A heading (`一、总体情况`) and what stands below it."""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """An official document."""

    title: str
    addressees: str
    opening: str
    sections: tuple[Section, ...]
    signed_by: str
    signed_on: str
    source: str
    """Snapshot number, day and policy: printed at the foot of every page."""
    annexes: tuple[Section, ...] = field(default=())

    @property
    def blocks(self) -> Sequence[Block]:
        """All blocks of all sections and annexes."""
        return [block for section in (*self.sections, *self.annexes) for block in section.blocks]
