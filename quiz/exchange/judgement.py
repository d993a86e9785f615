"""The record kept while a question is judged: what was repaired, what is worth knowing, and why it is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from quiz.exchange.domain import Fate, Picture, Place, RawQuestion, ReadRow, Remark, Severity
from quiz.vocabulary import ItemType

EXCERPT = 60


class Refused(Exception):
    """The question cannot become an item; the remark says why."""

    def __init__(self, remark: Remark) -> None:
        super().__init__(remark.message)
        self.remark = remark


@dataclass
class Judgement:
    """Remarks on one question, gathered in the order they were found."""

    raw: RawQuestion
    remarks: list[Remark] = field(default_factory=list)
    repaired: bool = False

    def repair(self, code: str, message: str, *, at: str = "stem", action: str = "", severity: Severity = Severity.INFO) -> None:
        """Something a person should know was changed to understand the question."""
        self.repaired = True
        self.note(code, message, at=at, action=action, severity=severity)

    def note(self, code: str, message: str, *, at: str = "stem", action: str = "", severity: Severity = Severity.INFO) -> None:
        """Nothing was changed, but it is worth knowing."""
        if not any(known.code == code and known.message == message for known in self.remarks):
            self.remarks.append(Remark(severity, code, message, action, self.place(at)))

    def refuse(self, code: str, message: str, *, at: str = "stem", action: str = "") -> NoReturn:
        """Raises Refused."""
        raise Refused(Remark(Severity.ERROR, code, message, action, self.place(at)))

    def kind_unsupported(self, name: str) -> NoReturn:
        """Raises Refused, with the name of the kind."""
        message = f"{name}：安考不收这种题型"
        self.refuse("kind_unsupported", message, at="type", action="请改写为选择、判断、填空、计算、排序或配对题，或从文件中删去")

    def place(self, at: str) -> Place:
        """Of the field, or of the whole row where the field has no place of its own."""
        return self.raw.places.get(at) or self.raw.place


@dataclass(frozen=True)
class Settled:
    """What a question asks and what answers it, as its type writes it."""

    type: ItemType
    key: list[str]
    options: dict[str, str] = field(default_factory=dict)
    stem: str = ""
    """Only where settling the answer changed the stem."""
    unit: str = ""
    tolerance: str = ""
    prompts: dict[str, str] = field(default_factory=dict)


def excerpt_of(*texts: str) -> str:
    """The beginning of what stands there."""
    return " ".join(" ".join(texts).split())[:EXCERPT]


def refused(raw: RawQuestion, remarks: list[Remark], pictures: tuple[Picture, ...] = ()) -> ReadRow:
    """The row of a question that cannot become an item."""
    options = [text for _, text in raw.options]
    excerpt = excerpt_of(raw.stem, *options, raw.options_text, raw.answer_text)
    return ReadRow(raw.place, Fate.REFUSED, None, tuple(remarks), pictures or raw.pictures, raw.extra.get("clause", ""), excerpt)
