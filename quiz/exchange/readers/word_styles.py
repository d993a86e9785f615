"""What a Word document's styles and lists make visible: bold and hidden text, and the numbers Word writes by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from quiz.exchange.lines import BOLD, COLOURED, HIGHLIGHTED, UNDERLINED
from quiz.exchange.readers.word_formula import attribute, child, local

_OFF = {"0", "false", "off", "none"}
_CHINESE = "零一二三四五六七八九"
_HEAVENLY, _EARTHLY = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"
_LEVELS = 9


# Styles ---------------------------------------------------------------------------------------------------------------


@dataclass
class Style:
    """One style, with what it says itself."""

    based_on: str = ""
    run: dict[str, str] = field(default_factory=dict)
    numbering: tuple[str, int] | None = None
    is_title: bool = False
    centred: bool = False


def run_properties(element: etree._Element | None) -> dict[str, str]:
    """The formatting that matters here: b, u, color, highlight, shd, vanish."""
    found: dict[str, str] = {}
    if element is None:
        return found
    for each in element:
        name = local(each)
        if name in ("b", "vanish", "webHidden", "specVanish"):
            found["vanish" if name != "b" else "b"] = "0" if (attribute(each, "val") or "1") in _OFF else "1"
        elif name in ("u", "color", "highlight"):
            found[name] = attribute(each, "val") or ("single" if name == "u" else "")
        elif name == "shd":
            found["shd"] = attribute(each, "fill") or ""
        elif name == "spacing":
            found["spacing"] = attribute(each, "val") or ""
        elif name == "rStyle":
            found["style"] = attribute(each, "val") or ""
    return found


def marks_of(properties: Mapping[str, str]) -> int:
    """Formatting as a sum of marks."""
    marks = BOLD if properties.get("b") == "1" else 0
    if properties.get("u", "none") not in _OFF:
        marks |= UNDERLINED
    if properties.get("color", "auto").lower() not in ("auto", "000000", ""):
        marks |= COLOURED
    if properties.get("highlight", "none") not in ("none", "white", "") or properties.get("shd", "auto").lower() not in (
        "auto",
        "ffffff",
        "",
    ):
        marks |= HIGHLIGHTED
    return marks


class Styles:
    """All styles of a document."""

    def __init__(self, root: etree._Element | None) -> None:
        self.styles: dict[str, Style] = {}
        self.defaults: dict[str, str] = {}
        self.default_paragraph = ""
        for element in root if root is not None else ():
            if local(element) == "docDefaults":
                self.defaults = run_properties(child(child(element, "rPrDefault"), "rPr"))
            elif local(element) == "style":
                self._read(element)
        self._known: dict[str, dict[str, str]] = {}

    def _read(self, element: etree._Element) -> None:
        identifier = attribute(element, "styleId") or ""
        paragraph = child(element, "pPr")
        name = (attribute(child(element, "name"), "val") or "").lower()
        style = Style(attribute(child(element, "basedOn"), "val") or "", run_properties(child(element, "rPr")))
        style.numbering = numbering_of(paragraph)
        style.is_title = name in ("title", "subtitle", "标题", "副标题")
        self.styles[identifier] = style
        if attribute(element, "type") == "paragraph" and attribute(element, "default") in ("1", "true"):
            self.default_paragraph = identifier

    def chain(self, identifier: str) -> list[Style]:
        """The style and those it is based on."""
        found: list[Style] = []
        while identifier in self.styles and len(found) < 20:
            found.append(self.styles[identifier])
            identifier = self.styles[identifier].based_on
        return found

    def run_of(self, identifier: str) -> dict[str, str]:
        """The run formatting of a style, inherited."""
        if identifier not in self._known:
            merged: dict[str, str] = {}
            for style in reversed(self.chain(identifier)):
                merged |= style.run
            self._known[identifier] = merged
        return self._known[identifier]


def numbering_of(paragraph: etree._Element | None) -> tuple[str, int] | None:
    """List and level of paragraph properties."""
    numbering = child(paragraph, "numPr")
    if numbering is None:
        return None
    identifier = attribute(child(numbering, "numId"), "val")
    level = attribute(child(numbering, "ilvl"), "val") or ""
    return identifier or "", int(level) if level.isdigit() and int(level) < _LEVELS else -1


# Numbers --------------------------------------------------------------------------------------------------------------


@dataclass
class Level:
    """One level of a list."""

    format: str = "decimal"
    text: str = ""
    start: int = 1
    restart: int | None = None
    style: str = ""
    legal: bool = False


class Numbering:
    """Counts the lists of a document as Word does."""

    def __init__(self, root: etree._Element | None, styles: Styles) -> None:
        self.styles = styles
        self.abstract: dict[str, dict[int, Level]] = {}
        self.links: dict[str, str] = {}
        self.lists: dict[str, str] = {}
        self.overrides: dict[tuple[str, int], tuple[int | None, Level | None]] = {}
        self.counts: dict[str, list[int | None]] = {}
        self.begun: set[tuple[str, int]] = set()
        for element in root if root is not None else ():
            identifier = attribute(element, "abstractNumId") or attribute(element, "numId") or ""
            if local(element) == "abstractNum":
                self.abstract[identifier] = {number: level for number, level in map(_level, _named(element, "lvl"))}
                self.links[identifier] = attribute(child(element, "numStyleLink"), "val") or ""
            elif local(element) == "num":
                self._read_list(attribute(element, "numId") or "", element)

    def _read_list(self, identifier: str, element: etree._Element) -> None:
        self.lists[identifier] = attribute(child(element, "abstractNumId"), "val") or ""
        for override in _named(element, "lvlOverride"):
            number = _figure(attribute(override, "ilvl"), 0)
            start = attribute(child(override, "startOverride"), "val")
            own = child(override, "lvl")
            self.overrides[identifier, number] = (
                _figure(start, 1) if start is not None else None,
                _level(own)[1] if own is not None else None,
            )

    def next_label(self, identifier: str, level: int, style: str = "") -> str:
        """The number Word shows before the next paragraph of this list; empty for bullets and for no list."""
        abstract = self.lists.get(identifier, "")
        if identifier in ("", "0") or abstract not in self.abstract:
            return ""
        levels = self.abstract[abstract]
        if not levels and self.links.get(abstract):
            linked = next((found.numbering for found in self.styles.chain(self.links[abstract]) if found.numbering), None)
            abstract = self.lists.get(linked[0], abstract) if linked else abstract
            levels = self.abstract.get(abstract, levels)
        if level < 0:
            level = next((number for number, each in levels.items() if style and each.style == style), 0)
        here = self._level(identifier, levels, level)
        counts = self.counts.setdefault(abstract, [None] * _LEVELS)
        self._count(identifier, levels, level, counts)
        if here.format in ("bullet", "none"):
            return ""
        return self._shown(identifier, levels, here, counts)

    def _level(self, identifier: str, levels: dict[int, Level], level: int) -> Level:
        own = self.overrides.get((identifier, level), (None, None))[1]
        return own or levels.get(level) or Level()

    def _count(self, identifier: str, levels: dict[int, Level], level: int, counts: list[int | None]) -> None:
        for above in range(level):
            if counts[above] is None:
                counts[above] = self._level(identifier, levels, above).start
        start = self.overrides.get((identifier, level), (None, None))[0]
        if start is not None and (identifier, level) not in self.begun:
            self.begun.add((identifier, level))
            counts[level] = start
        else:
            before = counts[level]
            counts[level] = self._level(identifier, levels, level).start if before is None else before + 1
        for below in range(level + 1, _LEVELS):
            restart = self._level(identifier, levels, below).restart
            if restart is None or restart and level < restart:
                counts[below] = None

    def _shown(self, identifier: str, levels: dict[int, Level], here: Level, counts: list[int | None]) -> str:
        text = here.text
        for number in range(_LEVELS):
            mark = f"%{number + 1}"
            if mark in text:
                each = self._level(identifier, levels, number)
                text = text.replace(mark, number_in("decimal" if here.legal else each.format, counts[number] or each.start))
        text = text.strip()
        return f"{text}." if text and text[-1].isalnum() and not text.endswith(("题", "章", "节", "条")) else text


def _named(element: etree._Element, name: str) -> list[etree._Element]:
    return [each for each in element if local(each) == name]


def _figure(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdigit() and len(text) < 7 else otherwise


def _level(element: etree._Element) -> tuple[int, Level]:
    restart = attribute(child(element, "lvlRestart"), "val")
    return _figure(attribute(element, "ilvl"), 0), Level(
        attribute(child(element, "numFmt"), "val") or "decimal",
        attribute(child(element, "lvlText"), "val") or "",
        _figure(attribute(child(element, "start"), "val"), 1),
        _figure(restart, 0) if restart is not None else None,
        attribute(child(element, "pStyle"), "val") or "",
        child(element, "isLgl") is not None,
    )


def number_in(format: str, value: int) -> str:
    """A number as a list format writes it."""
    match format:
        case "upperLetter" | "lowerLetter":
            letters = chr(ord("A") + (value - 1) % 26) * ((value - 1) // 26 + 1) if 0 < value < 500 else str(value)
            return letters if format == "upperLetter" else letters.lower()
        case "upperRoman" | "lowerRoman":
            return _roman(value) if format == "upperRoman" else _roman(value).lower()
        case "decimalZero":
            return f"{value:02d}"
        case "decimalFullWidth" | "decimalFullWidth2":
            return str(value).translate({ord("0") + figure: 0xFF10 + figure for figure in range(10)})
        case "decimalEnclosedCircle" | "decimalEnclosedCircleChinese":
            return chr(0x2460 + value - 1) if 1 <= value <= 20 else str(value)
        case "decimalEnclosedParen":
            return f"({value})"
        case "decimalEnclosedFullstop":
            return f"{value}."
        case "ideographTraditional":
            return _HEAVENLY[(value - 1) % 10]
        case "ideographZodiac":
            return _EARTHLY[(value - 1) % 12]
        case "ideographDigital" | "japaneseDigitalTenThousand" | "taiwaneseDigital":
            return "".join(_CHINESE[int(figure)] for figure in str(value))
    if format.startswith(("chinese", "japanese", "taiwanese", "ideograph", "korean")):
        return _chinese(value)
    return str(value)


def _roman(value: int) -> str:
    signs = (
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    )
    text = ""
    for worth, sign in signs:
        while value >= worth and len(text) < 30:
            text += sign
            value -= worth
    return text


def _chinese(value: int) -> str:
    if not 0 < value < 1000:
        return str(value)
    hundreds, tens, ones = value // 100, value // 10 % 10, value % 10
    text = f"{_CHINESE[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else _CHINESE[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (_CHINESE[ones] if ones else "")
