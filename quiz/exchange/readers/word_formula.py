"""Formulas of a Word document as text on one line: OMML, and the EQ fields of older documents."""

from __future__ import annotations

import re

from lxml import etree

_SUPERSCRIPT = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_SUBSCRIPT = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
_ACCENTS = {
    "\u0302": "\u0302",
    "\u0303": "\u0303",
    "\u0304": "\u0304",
    "\u0305": "\u0305",
    "\u0307": "\u0307",
    "\u0308": "\u0308",
    "\u20d7": "\u20d7",
}
_DEEPEST = 40


class Unconvertible(Exception):
    """The formula has a part that cannot stand on one line."""


def local(element: etree._Element) -> str:
    """The name of an element without its namespace, which differs between strict and transitional documents."""
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def attribute(element: etree._Element | None, name: str) -> str | None:
    """An attribute by its name without namespace."""
    if element is None:
        return None
    for key, value in element.attrib.items():
        if str(key).rsplit("}", 1)[-1] == name:
            return str(value)
    return None


def child(element: etree._Element | None, name: str) -> etree._Element | None:
    """The first child of this name."""
    if element is None:
        return None
    return next((each for each in element if local(each) == name), None)


def linear(element: etree._Element, depth: int = 0) -> str:
    """A formula as text: `x²`, `(a+b)/(c)`, `√(x)`.

    Raises:
        Unconvertible: a matrix, a stack of equations, or something unknown.
    """
    if depth > _DEEPEST:
        raise Unconvertible("nested too deeply")
    return "".join(_part(each, depth + 1) for each in element)


def _inner(element: etree._Element, name: str, depth: int) -> str:
    part = child(element, name)
    return linear(part, depth) if part is not None else ""


def _part(element: etree._Element, depth: int) -> str:
    name = local(element)
    match name:
        case "r":
            return "".join(each.text or "" for each in element if local(each) in ("t", "delText"))
        case "f":
            return _fraction(element, depth)
        case "sSup":
            return _inner(element, "e", depth) + _raised(_inner(element, "sup", depth))
        case "sSub":
            return _inner(element, "e", depth) + _lowered(_inner(element, "sub", depth))
        case "sSubSup":
            return _inner(element, "e", depth) + _lowered(_inner(element, "sub", depth)) + _raised(_inner(element, "sup", depth))
        case "sPre":
            return _raised(_inner(element, "sup", depth)) + _lowered(_inner(element, "sub", depth)) + _inner(element, "e", depth)
        case "rad":
            return _root(element, depth)
        case "nary":
            return _nary(element, depth)
        case "d":
            return _delimited(element, depth)
        case "func":
            return f"{_inner(element, 'fName', depth)}{_grouped(_inner(element, 'e', depth), always=True)}"
        case "acc" | "bar":
            return _accented(element, depth)
        case "limLow":
            return f"{_inner(element, 'e', depth)}_({_inner(element, 'lim', depth)})"
        case "limUpp" | "groupChr":
            upper = _inner(element, "lim", depth)
            return _inner(element, "e", depth) + (f"^({upper})" if upper else "")
        case "box" | "borderBox" | "phant" | "oMath" | "oMathPara" | "e" | "ins" | "sdt" | "sdtContent" | "smartTag" | "num" | "den":
            return linear(element, depth)
        case "m" | "eqArr":
            raise Unconvertible(name)
        case _ if (
            name.endswith("Pr") or name.startswith(("bookmark", "comment", "proofErr", "permS", "permE")) or name in ("del", "moveFrom", "")
        ):
            return ""
    raise Unconvertible(name)


def _fraction(element: etree._Element, depth: int) -> str:
    above, below = _inner(element, "num", depth), _inner(element, "den", depth)
    kind = attribute(child(child(element, "fPr"), "type"), "val")
    if kind == "noBar":
        raise Unconvertible("noBar")
    return f"{_grouped(above)}/{_grouped(below)}"


def _grouped(text: str, *, always: bool = False) -> str:
    simple = (
        re.fullmatch(r"[\d.]+|[^\W\d_]|\(.*\)", text)
        or re.fullmatch(r"[\u4e00-\u9fff\w]+", text)
        and not re.search(r"\d[^\W\d]|[^\W\d]\d", text)
    )
    return f"({text})" if always and not text.startswith("(") or not simple else text


def _raised(text: str) -> str:
    if text and all(sign in "0123456789+-=()n" for sign in text):
        return text.translate(_SUPERSCRIPT)
    return {"°": "°", "′": "′", "∘": "°"}.get(text, f"^{text}" if len(text) == 1 else f"^({text})" if text else "")


def _lowered(text: str) -> str:
    if text and all(sign in "0123456789+-=()" for sign in text):
        return text.translate(_SUBSCRIPT)
    return f"_{text}" if len(text) == 1 else f"_({text})" if text else ""


def _root(element: etree._Element, depth: int) -> str:
    degree, inside = _inner(element, "deg", depth), _inner(element, "e", depth)
    sign = {"": "√", "2": "√", "3": "∛", "4": "∜"}.get(degree)
    return f"{sign}{_grouped(inside)}" if sign else f"{_grouped(inside)}^(1/{degree})"


def _nary(element: etree._Element, depth: int) -> str:
    sign = attribute(child(child(element, "naryPr"), "chr"), "val") or "∫"
    lower, upper = _lowered(_inner(element, "sub", depth)), _raised(_inner(element, "sup", depth))
    return f"{sign}{lower}{upper}{_grouped(_inner(element, 'e', depth))}"


def _delimited(element: etree._Element, depth: int) -> str:
    settings = child(element, "dPr")
    begin, end, between = (attribute(child(settings, name), "val") for name in ("begChr", "endChr", "sepChr"))
    parts = [linear(each, depth) for each in element if local(each) == "e"]
    return (begin if begin is not None else "(") + (between or "|").join(parts) + (end if end is not None else ")")


def _accented(element: etree._Element, depth: int) -> str:
    inside = _inner(element, "e", depth)
    if local(element) == "bar":
        return "".join(sign + "\u0305" for sign in inside)
    sign = attribute(child(child(element, "accPr"), "chr"), "val") or "\u0302"
    if sign not in _ACCENTS or len(inside) > 3:
        raise Unconvertible("acc")
    return "".join(each + sign for each in inside)


# EQ fields ------------------------------------------------------------------------------------------------------------

_CIRCLED = {str(number): sign for number, sign in enumerate("①②③④⑤⑥⑦⑧⑨⑩", 1)}
_EQ_FRACTION = re.compile(r"\\f\s?\(([^(),]{1,60})[,;]([^(),]{1,60})\)", re.IGNORECASE)
_EQ_ROOT = re.compile(r"\\r\s?\((?:([^(),]{0,20})[,;])?([^(),]{1,60})\)", re.IGNORECASE)
_EQ_OVER = re.compile(r"\\o\s?(?:\\a[clr]\s?)?\(\s?[○〇◯]\s?[,;]\s?([^(),]{1,10})\)", re.IGNORECASE)
_EQ_UP = re.compile(r"\\s\s?\\up\s?\d{0,3}\s?\(([^(),]{1,20})\)", re.IGNORECASE)
_EQ_DOWN = re.compile(r"\\s\s?\\do\s?\d{0,3}\s?\(([^(),]{1,20})\)", re.IGNORECASE)


def linear_field(instruction: str) -> str:
    r"""An EQ field as text: `eq \f(1,2)` is 1/2.

    Raises:
        Unconvertible: it has anything but fractions, roots, circled figures and raised or lowered text.
    """
    text = re.sub(r"^\s*eq\s*", "", instruction, flags=re.IGNORECASE).strip()
    for _ in range(10):
        before = text
        text = _EQ_OVER.sub(lambda found: _CIRCLED.get(found[1].strip(), f"({found[1].strip()})"), text)
        text = _EQ_UP.sub(lambda found: _raised(found[1].strip()), text)
        text = _EQ_DOWN.sub(lambda found: _lowered(found[1].strip()), text)
        text = _EQ_ROOT.sub(
            lambda found: (
                f"√{_grouped(found[2].strip())}"
                if (found[1] or "2").strip() == "2"
                else f"{_grouped(found[2].strip())}^(1/{found[1].strip()})"
            ),
            text,
        )
        text = _EQ_FRACTION.sub(lambda found: f"{_grouped(found[1].strip())}/{_grouped(found[2].strip())}", text)
        if text == before:
            break
    if "\\" in text:
        raise Unconvertible("field")
    return text
