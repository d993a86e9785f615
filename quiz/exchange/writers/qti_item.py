"""One item as a QTI 2.1 element: body, declarations, processing and feedback. QTI 3.0 is the same under other names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_uppercase

from lxml import etree

from quiz.banks.files import ItemDraft
from quiz.banks.question import ALTERNATIVE, BLANK, Question
from quiz.exchange.domain import Picture
from quiz.exchange.markup_text import one_line
from quiz.exchange.writers.picture_names import file_name
from quiz.exchange.xml_tree import Element
from quiz.vocabulary import ItemType

SCORE, FEEDBACK, EXPLANATION = "SCORE", "FEEDBACK", "EXPLANATION"
PART_CLASS, UNIT_CLASS = "ankao-part", "ankao-unit"


def item_element(item: ItemDraft, identifier: str, pictures: Mapping[str, Picture], *, image_folder: str) -> Element:
    """The `assessmentItem`, in names of QTI 2.1 without namespace; pictures are referred to below `image_folder`."""
    return _Item(item, identifier, pictures, image_folder).element()


class _Item:
    """An item on its way into XML."""

    def __init__(self, item: ItemDraft, identifier: str, pictures: Mapping[str, Picture], image_folder: str) -> None:
        self.item = item
        self.pictures = pictures
        self.image_folder = image_folder
        title = one_line(item.code or item.stem)[:80] or identifier
        self.root = etree.Element("assessmentItem", identifier=identifier, title=title, adaptive="false", timeDependent="false")
        self.body = etree.Element("itemBody")
        self.rules: list[Element] = []
        self.shows_reasons = item.type.is_choice and bool(item.rationales)

    def element(self) -> Element:
        item = self.item
        if item.type is ItemType.CASE:
            self._text(self.body, item.stem, "stem")
            for number, part in enumerate(item.parts, 1):
                self._question(etree.SubElement(self.body, "div", {"class": PART_CLASS}), part, f"RESPONSE_{number}", is_part=True)
        else:
            self._question(self.body, item, "RESPONSE")
        self._outcome(SCORE, "single", "float")
        if item.explanation or self.shows_reasons:
            self._outcome(FEEDBACK, "multiple", "identifier")
        self.root.append(self.body)
        processing = etree.SubElement(self.root, "responseProcessing")
        processing.extend(self.rules)
        self._feedback(processing)
        return self.root

    def _outcome(self, name: str, cardinality: str, base_type: str) -> None:
        outcome = etree.SubElement(self.root, "outcomeDeclaration", identifier=name, cardinality=cardinality, baseType=base_type)
        if name == SCORE:
            etree.SubElement(etree.SubElement(outcome, "defaultValue"), "value").text = "0"

    # Texts ------------------------------------------------------------------------------------------------------------

    def _text(self, parent: Element, text: str, where: str = "") -> Element:
        """A paragraph with the text, and one for each picture that stands with it."""
        paragraph = etree.SubElement(parent, "p")
        _inline(paragraph, text)
        self._images(parent, where)
        return paragraph

    def _images(self, parent: Element, where: str) -> None:
        for ref in self.item.pictures:
            if where and ref.where == where:
                address = f"{self.image_folder}{file_name(self.pictures[ref.digest])}"
                etree.SubElement(etree.SubElement(parent, "p"), "img", src=address, alt="")

    def _choice(self, parent: Element, name: str, identifier: str, text: str, where: str = "", **attributes: str) -> None:
        choice = etree.SubElement(parent, name, {"identifier": identifier} | attributes)
        _inline(choice, text)
        for ref in self.item.pictures:
            if where and ref.where == where:
                etree.SubElement(choice, "img", src=f"{self.image_folder}{file_name(self.pictures[ref.digest])}", alt="")

    # Questions --------------------------------------------------------------------------------------------------------

    def _question(self, parent: Element, question: Question, response: str, *, is_part: bool = False) -> None:
        where = "" if is_part else "stem"
        match question.type:
            case ItemType.BLANK:
                self._blanks(parent, question, response, where)
            case ItemType.NUMERIC:
                self._figure(parent, question, response, where)
            case ItemType.MATCHING:
                self._text(parent, question.stem, where)
                self._pairs(parent, question, response)
            case ItemType.ORDERING:
                self._text(parent, question.stem, where)
                self._declare(response, "ordered", "identifier", question.key)
                order = etree.SubElement(parent, "orderInteraction", responseIdentifier=response, shuffle="false")
                self._letters(order, question, is_part)
                self._earns(_match(response))
            case _:
                self._text(parent, question.stem, where)
                several = question.type is ItemType.MULTIPLE
                self._declare(response, "multiple" if several else "single", "identifier", question.key)
                attributes = {"responseIdentifier": response, "shuffle": "false", "maxChoices": "0" if several else "1"}
                self._letters(etree.SubElement(parent, "choiceInteraction", attributes), question, is_part)
                self._earns(_match(response))

    def _letters(self, parent: Element, question: Question, is_part: bool) -> None:
        for letter, text in question.options.items():
            self._choice(parent, "simpleChoice", letter, text, "" if is_part else letter)

    def _declare(self, response: str, cardinality: str, base_type: str, correct: Sequence[str]) -> Element:
        declaration = etree.SubElement(self.root, "responseDeclaration", identifier=response, cardinality=cardinality, baseType=base_type)
        values = etree.SubElement(declaration, "correctResponse")
        for value in correct:
            etree.SubElement(values, "value").text = value
        return declaration

    def _blanks(self, parent: Element, question: Question, response: str, where: str) -> None:
        paragraph = etree.SubElement(parent, "p")
        for place, piece in enumerate(question.stem.split(BLANK)):
            if place:
                name = f"{response}_{place}"
                accepted = question.key[place - 1].split(ALTERNATIVE)
                mapping = etree.SubElement(self._declare(name, "single", "string", accepted[:1]), "mapping", defaultValue="0")
                for text in accepted:
                    etree.SubElement(mapping, "mapEntry", mapKey=text, mappedValue="1", caseSensitive="false")
                length = str(max(4, 2 * max(map(len, accepted))))
                etree.SubElement(paragraph, "textEntryInteraction", responseIdentifier=name, expectedLength=length)
                self._adds(etree.Element("mapResponse", identifier=name))
            _inline(paragraph, piece)
        self._images(parent, where)

    def _figure(self, parent: Element, question: Question, response: str, where: str) -> None:
        self._text(parent, question.stem, where)
        self._declare(response, "single", "float", question.key)
        line = etree.SubElement(parent, "p")
        etree.SubElement(line, "textEntryInteraction", responseIdentifier=response, expectedLength="12")
        if question.unit:
            unit = etree.SubElement(line, "span", {"class": UNIT_CLASS})
            unit.text = question.unit
        comparison = etree.Element("equal", toleranceMode="exact")
        if question.tolerance:
            comparison = etree.Element("equal", toleranceMode="absolute", tolerance=f"{question.tolerance} {question.tolerance}")
        etree.SubElement(comparison, "variable", identifier=response)
        etree.SubElement(comparison, "correct", identifier=response)
        self._earns(comparison)

    def _pairs(self, parent: Element, question: Question, response: str) -> None:
        pairs = [f"P{pair[:-1]} {pair[-1]}" for pair in question.key]
        self._declare(response, "multiple", "directedPair", pairs)
        interaction = etree.SubElement(parent, "matchInteraction", responseIdentifier=response, shuffle="false", maxAssociations="0")
        left, right = (etree.SubElement(interaction, "simpleMatchSet") for _ in range(2))
        for number, text in question.prompts.items():
            self._choice(left, "simpleAssociableChoice", f"P{number}", text, matchMax="1")
        for letter, text in question.options.items():
            self._choice(right, "simpleAssociableChoice", letter, text, matchMax="0")
        self._earns(_match(response))

    # Processing -------------------------------------------------------------------------------------------------------

    def _earns(self, comparison: Element) -> None:
        """One mark where the comparison holds."""
        condition = etree.Element("responseCondition")
        branch = etree.SubElement(condition, "responseIf")
        branch.append(comparison)
        branch.append(_added(_value("float", "1")))
        self.rules.append(condition)

    def _adds(self, expression: Element) -> None:
        self.rules.append(_added(expression))

    def _feedback(self, processing: Element) -> None:
        if not self.item.explanation and not self.shows_reasons:
            return
        shown = etree.SubElement(etree.SubElement(processing, "setOutcomeValue", identifier=FEEDBACK), "multiple")
        if self.shows_reasons:
            etree.SubElement(shown, "variable", identifier="RESPONSE")
        if self.item.explanation:
            shown.append(_value("identifier", EXPLANATION))
        if self.shows_reasons:
            for letter, text in self.item.rationales.items():
                self._modal(letter, text)
        if self.item.explanation:
            self._modal(EXPLANATION, self.item.explanation, "explanation")

    def _modal(self, identifier: str, text: str, where: str = "") -> None:
        modal = etree.SubElement(self.root, "modalFeedback", outcomeIdentifier=FEEDBACK, identifier=identifier, showHide="show")
        self._text(modal, text, where)


def _match(response: str) -> Element:
    match = etree.Element("match")
    etree.SubElement(match, "variable", identifier=response)
    etree.SubElement(match, "correct", identifier=response)
    return match


def _value(base_type: str, text: str) -> Element:
    value = etree.Element("baseValue", baseType=base_type)
    value.text = text
    return value


def _added(expression: Element) -> Element:
    """The score with something added to it."""
    setting = etree.Element("setOutcomeValue", identifier=SCORE)
    total = etree.SubElement(setting, "sum")
    etree.SubElement(total, "variable", identifier=SCORE)
    total.append(expression)
    return setting


def _inline(parent: Element, text: str) -> None:
    """Plain text behind what the element already holds: lines divided by `br`, further blanks kept apart."""
    for place, line in enumerate(text.split("\n")):
        shown = _spaced(line)
        if place:
            etree.SubElement(parent, "br").tail = shown
        elif len(parent):
            parent[-1].tail = (parent[-1].tail or "") + shown
        else:
            parent.text = (parent.text or "") + shown


def _spaced(line: str) -> str:
    """Blanks that XML would run together, or drop at an end, as no-break spaces."""
    shown = line.replace("  ", " \u00a0")
    if shown.startswith(" "):
        shown = "\u00a0" + shown[1:]
    return shown[:-1] + "\u00a0" if shown.endswith(" ") else shown


def identifier_of(item: ItemDraft, number: int) -> str:
    """An identifier that XML allows, its own for each item."""
    allowed = ascii_uppercase + ascii_uppercase.lower() + "0123456789.-"
    plain = "".join(letter if letter in allowed else "-" for letter in item.code)
    return f"item-{number}-{plain}".rstrip("-")
