"""Moodle XML: texts as plain text, as HTML only where a picture stands with them."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping, Sequence

from lxml import etree

from quiz.banks.files import ItemDraft
from quiz.banks.question import ALTERNATIVE, BLANK
from quiz.exchange.categories import path_of
from quiz.exchange.domain import Picture
from quiz.exchange.markup_text import escape_html, one_line
from quiz.exchange.readers import moodle_xml as reader
from quiz.exchange.side_fields import labels_of
from quiz.exchange.writers.held import Held, judge
from quiz.exchange.writers.picture_names import file_name
from quiz.exchange.xml_tree import Element
from quiz.vocabulary import ItemType

_KINDS = {ItemType.CASE: "Moodle XML 不能保存案例题"}
_TYPES = {
    ItemType.SINGLE: "multichoice", ItemType.MULTIPLE: "multichoice", ItemType.TRUE_FALSE: "truefalse", ItemType.NUMERIC: "numerical",
    ItemType.BLANK: "shortanswer", ItemType.ORDERING: "ordering", ItemType.MATCHING: "matching",
}  # fmt: skip


def write(title: str, items: Sequence[ItemDraft], pictures: Mapping[str, Picture]) -> bytes:
    """The file. Items that the format cannot hold are left out: `left_out` says which and why."""
    return _document(title, [item for item in items if not left_out(item)], pictures)


def cannot_hold(item: ItemDraft) -> list[str]:
    """What is lost of the item, or why it is left out, in Chinese."""
    return _held(item).reasons


def left_out(item: ItemDraft) -> list[str]:
    """Why the item cannot be written at all; empty when it can."""
    return _held(item).left_out


def _held(item: ItemDraft) -> Held:
    return judge(item, format="Moodle XML", kinds=_KINDS, write=_document, read=reader.read)


def _document(title: str, items: Sequence[ItemDraft], pictures: Mapping[str, Picture]) -> bytes:
    quiz = etree.Element("quiz")
    topic = ""
    for item in items:
        if item.topic != topic:
            topic = item.topic
            category = etree.SubElement(quiz, "question", type="category")
            _leaf(etree.SubElement(category, "category"), "text", html.escape(path_of(topic), quote=False))
            _leaf(etree.SubElement(category, "info", format="plain_text"), "text", "")
            _leaf(category, "idnumber", "")
        quiz.append(_Question(item, pictures).element())
    data: bytes = etree.tostring(quiz, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return data


def _leaf(parent: Element, tag: str, text: str, /, **attributes: str) -> Element:
    element = etree.SubElement(parent, tag, attributes)
    element.text = text
    return element


class _Question:
    """One item as a question element."""

    def __init__(self, item: ItemDraft, pictures: Mapping[str, Picture]) -> None:
        self.item = item
        self.pictures = pictures
        self.is_cloze = item.type is ItemType.BLANK and len(item.key) > 1
        self.root = etree.Element("question", type="cloze" if self.is_cloze else _TYPES[item.type])

    def element(self) -> Element:
        item = self.item
        _leaf(etree.SubElement(self.root, "name"), "text", item.code or one_line(item.stem)[:60])
        if self.is_cloze:
            self._cloze_text()
        else:
            self._text(self.root, "questiontext", item.stem, "stem")
        self._text(self.root, "generalfeedback", item.explanation, "explanation")
        _leaf(self.root, "defaultgrade", "1")
        _leaf(self.root, "penalty", "0.3333333")
        _leaf(self.root, "hidden", "0")
        _leaf(self.root, "idnumber", item.code)
        self._answers()
        labels = labels_of(item)
        if labels:
            tags = etree.SubElement(self.root, "tags")
            for label in labels:
                _leaf(etree.SubElement(tags, "tag"), "text", label)
        return self.root

    def _text(self, parent: Element, name: str, text: str, where: str = "", **attributes: str) -> Element:
        """A text with its pictures, which make it HTML."""
        refs = [ref for ref in self.item.pictures if where and ref.where == where]
        element = etree.SubElement(parent, name, {"format": "html" if refs else "plain_text"} | attributes)
        if not refs:
            _leaf(element, "text", text)
            return element
        names = {ref.digest: file_name(self.pictures[ref.digest]) for ref in refs}
        shown = "".join(f'<br/><img src="@@PLUGINFILE@@/{names[ref.digest]}" alt=""/>' for ref in refs)
        _leaf(element, "text", f"<p>{escape_html(text)}{shown}</p>")
        for ref in refs:
            data = base64.b64encode(self.pictures[ref.digest].data).decode()
            _leaf(element, "file", data, name=names[ref.digest], path="/", encoding="base64")
        return element

    def _answers(self) -> None:
        match self.item.type:
            case ItemType.SINGLE | ItemType.MULTIPLE:
                self._choices()
            case ItemType.TRUE_FALSE:
                for letter, truth in (("A", "true"), ("B", "false")):
                    self._answer(
                        truth, 100 if letter in self.item.key else 0, self.item.rationales.get(letter, ""), format="moodle_auto_format"
                    )
            case ItemType.NUMERIC:
                answer = self._answer(self.item.key[0], 100, format="moodle_auto_format")
                _leaf(answer, "tolerance", self.item.tolerance or "0")
                if self.item.unit:
                    unit = etree.SubElement(etree.SubElement(self.root, "units"), "unit")
                    _leaf(unit, "multiplier", "1")
                    _leaf(unit, "unit_name", self.item.unit)
                for name, value in (
                    ("unitgradingtype", "0"),
                    ("unitpenalty", "0.1"),
                    ("showunits", "2" if self.item.unit else "3"),
                    ("unitsleft", "0"),
                ):
                    _leaf(self.root, name, value)
            case ItemType.BLANK if not self.is_cloze:
                _leaf(self.root, "usecase", "0")
                for text in self.item.key[0].split(ALTERNATIVE):
                    self._answer(text.replace("*", "\\*"), 100, format="moodle_auto_format")
            case ItemType.MATCHING:
                self._pairs()
            case ItemType.ORDERING:
                for name, value in (
                    ("layouttype", "VERTICAL"),
                    ("selecttype", "ALL"),
                    ("selectcount", "0"),
                    ("gradingtype", "ALL_OR_NOTHING"),
                ):
                    _leaf(self.root, name, value)
                for place, letter in enumerate(self.item.key, 1):
                    self._text(self.root, "answer", self.item.options[letter], letter, fraction=f"{place}.0000000")

    def _answer(self, text: str, share: float, feedback: str = "", *, format: str) -> Element:
        fraction = f"{share:.5f}".rstrip("0").rstrip(".")
        answer = etree.SubElement(self.root, "answer", fraction=fraction, format=format)
        _leaf(answer, "text", text)
        self._text(answer, "feedback", feedback)
        return answer

    def _choices(self) -> None:
        item = self.item
        multiple = item.type is ItemType.MULTIPLE
        for name, value in (("single", str(not multiple).lower()), ("shuffleanswers", "1"), ("answernumbering", "ABCD")):
            _leaf(self.root, name, value)
        for letter, text in item.options.items():
            share = 100 / len(item.key) if letter in item.key else -100 if multiple else 0
            fraction = f"{share:.5f}".rstrip("0").rstrip(".") if share else "0"
            answer = self._text(self.root, "answer", text, letter, fraction=fraction)
            self._text(answer, "feedback", item.rationales.get(letter, ""))

    def _pairs(self) -> None:
        _leaf(self.root, "shuffleanswers", "1")
        used = {pair[-1] for pair in self.item.key}
        pairs = [(self.item.prompts[pair[:-1]], self.item.options[pair[-1]]) for pair in self.item.key]
        pairs += [("", text) for letter, text in self.item.options.items() if letter not in used]
        for prompt, text in pairs:
            sub = self._text(self.root, "subquestion", prompt)
            _leaf(etree.SubElement(sub, "answer"), "text", text)

    def _cloze_text(self) -> None:
        """Several blanks: a text with the accepted answers embedded."""
        pieces = [escape_html(piece) for piece in self.item.stem.split(BLANK)]
        gaps = [f"{{1:SHORTANSWER:{'~'.join('=' + _embedded(text) for text in key.split(ALTERNATIVE))}}}" for key in self.item.key]
        text = "".join(piece + gap for piece, gap in zip(pieces, [*gaps, ""], strict=True))
        element = self._text(self.root, "questiontext", "", "stem")
        shown = element[0].text or ""
        element.set("format", "html")
        element[0].text = f"<p>{text}</p>{shown if len(element) > 1 else ''}"


def _embedded(text: str) -> str:
    return re.sub(r"[\\{}~#]", r"\\\g<0>", html.escape(text, quote=False))
