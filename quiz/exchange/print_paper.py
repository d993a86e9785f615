"""A paper on paper: one form drawn, and its two documents, for the candidates and for whoever marks."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from quiz.exchange.domain import Picture
from quiz.exchange.writers import printed
from quiz.exchange.writers.printed_page import A3, A4
from quiz.models.banks import PictureFile
from quiz.papers import editing
from quiz.papers.print_form import Sheet, sheet_of
from quiz.papers.queries import PaperView
from quiz.vocabulary import Labelled


class PaperSize(Labelled):
    """What the school's printer takes."""

    A4 = "a4", "A4 竖排"
    A3 = "a3", "A3 横排双栏"


_PAGES = {PaperSize.A4: A4, PaperSize.A3: A3}


@dataclass(frozen=True)
class Printout:
    """A form and the pictures its items show."""

    sheet: Sheet
    pictures: dict[str, Picture]

    def paper(self, size: PaperSize = PaperSize.A4) -> bytes:
        """The document for candidates."""
        return printed.paper(self.sheet, self.pictures, page=_PAGES[size])

    def key(self) -> bytes:
        """The document to mark by."""
        return printed.key(self.sheet, self.pictures)


def draw(session: Session, *, paper: PaperView, seed: int) -> Printout:
    """The form that this seed gives; the same seed gives paper and key that belong together. Nothing is stored.

    Raises:
        PoolTooSmall: the banks cannot fill the blueprint.
    """
    sheet = sheet_of(paper, editing.preview(session, paper=paper, seed=seed), number=f"{seed:06d}")
    digests = {picture.digest for printed_item in sheet.items for picture in printed_item.item.pictures}
    rows = session.scalars(select(PictureFile).where(col(PictureFile.digest).in_(digests))) if digests else ()
    return Printout(sheet, {row.digest: Picture(row.data, row.media_type) for row in rows})
