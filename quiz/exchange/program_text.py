"""Cells that a program wrote: lists and objects in the notation of JSON or Python."""

from __future__ import annotations

import ast
import json

_LABELS = ("label", "key", "letter", "code", "option", "no", "id", "tag", "name", "optionlabel", "optionkey")
_LONGEST = 20_000


def program_options(text: str) -> list[tuple[str, str]]:
    """Label, or nothing, and text of each option: of an object by letters, a list of texts, or a list of objects with one text each."""
    value = _value(text)
    if isinstance(value, dict) and all(_is_plain(item) for item in value.values()):
        return [(str(label), str(item)) for label, item in value.items()]
    if not isinstance(value, list) or not value:
        return []
    if all(isinstance(item, dict) for item in value):
        return _from_objects(value)
    return [("", str(item).strip()) for item in value] if all(_is_plain(item) for item in value) else []


def listed(text: str) -> list[str]:
    """The texts of a list: `['a', "b"]`; none when it is no list of texts."""
    value = _value(text) if text.startswith("[") and text.endswith("]") else None
    return [str(item).strip() for item in value] if isinstance(value, list) and all(_is_plain(item) for item in value) else []


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    if len(text) > _LONGEST:
        return None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float)


def _from_objects(objects: list[dict[str, object]]) -> list[tuple[str, str]]:
    found = []
    for item in objects:
        texts = {str(name).lower(): str(value) for name, value in item.items() if _is_plain(value)}
        label = next((name for name in _LABELS if len(texts) > 1 and 0 < len(texts.get(name, "")) <= 2), "")
        rest = [text for name, text in texts.items() if name != label and not name.startswith("is")]
        if len(rest) != 1 or not rest[0].strip() or len(texts) < len(item):
            return []
        found.append((texts.get(label, ""), rest[0].strip()))
    return found
