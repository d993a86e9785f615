"""The body of a QTI 2.x or 3.0 item as text: interactions stand as marks, what only appears after answering is left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from quiz.banks.question import BLANK
from quiz.exchange.markup_text import Plain, TextBuilder
from quiz.exchange.xml_tree import Element

MARK = "\ue0f7"
UNIT_CLASS = "ankao-unit"
_INLINE = frozenset(("textEntryInteraction", "inlineChoiceInteraction", "endAttemptInteraction"))
_AFTER_ANSWERING = frozenset(("feedbackInline", "feedbackBlock", "modalFeedback", "infoControl", "templateBlock", "templateInline"))
_IGNORED = frozenset(("stylesheet", "prompt", "catalogInfo", "companionMaterialsInfo", "responseProcessing"))


@dataclass
class Body:
    """Text with a mark for each interaction, in their order."""

    plain: Plain
    interactions: list[Element] = field(default_factory=list)
    unit: str = ""
    tutor: list[str] = field(default_factory=list)
    """Notes for whoever marks or teaches."""


def read_body(root: Element) -> Body:
    """The text inside an element."""
    builder = TextBuilder()
    body = Body(builder.plain())
    _walk(root, builder, body, is_root=True)
    body.plain = builder.plain()
    return body


def _walk(element: Element, builder: TextBuilder, body: Body, *, is_root: bool = False) -> None:
    tag = element.tag if isinstance(element.tag, str) else ""
    if not tag:
        builder.unsupported.append("未知的 XML 实体")
        builder.data(element.tail or "")
        return
    if is_root:
        _inside(element, builder, body)
        return
    if tag.endswith("Interaction"):
        body.interactions.append(element)
        builder.data(MARK) if tag in _INLINE else builder.parts.append(f"\n{MARK}\n")
    elif tag == "rubricBlock" and "candidate" not in (element.get("view") or "candidate"):
        body.tutor.append(read_body(element).plain.text)
    elif UNIT_CLASS in (element.get("class") or "").split():
        body.unit = read_body(element).plain.text
    elif tag not in _AFTER_ANSWERING and tag not in _IGNORED:
        name = tag.lower()
        builder.start(name, {str(key): str(value) for key, value in element.items()})
        _inside(element, builder, body)
        builder.end(name)
    builder.data(element.tail or "")


def _inside(element: Element, builder: TextBuilder, body: Body) -> None:
    builder.data(element.text or "")
    for child in element:
        _walk(child, builder, body)


def without_mark(text: str) -> str:
    """The text of a question with one interaction: nothing where it stands alone in its line, a blank within a sentence."""
    lines = text.split("\n")
    kept: Iterable[str] = (line for line in lines if line.strip() != MARK)
    return "\n".join(kept).replace(MARK, BLANK).strip()


def with_blanks(text: str) -> str:
    """The text of a question with blanks to fill."""
    return text.replace(MARK, BLANK)
