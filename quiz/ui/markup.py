"""Our own HTML on a screen: templates are ours, values are always escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable

import streamlit as st
from markupsafe import Markup

_PUNCTUATION = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~:$&^=])")


def plain(text: object) -> str:
    """Text that Markdown leaves as it is: for labels, titles and `st.markdown`, where names and stems come from people."""
    return _PUNCTUATION.sub(r"\\\1", " ".join(str(text).split()))


def markup(template: str, /, *parts: object, **values: object) -> Markup:
    """The template with its values escaped, line breaks kept; a value that is `Markup` itself is taken as it is."""
    return Markup(template).format(*(_safe(part) for part in parts), **{name: _safe(value) for name, value in values.items()})


def _safe(value: object) -> Markup:
    return value if isinstance(value, Markup) else Markup("<br>").join(str(value).splitlines())


def join(parts: Iterable[Markup]) -> Markup:
    """One after the other."""
    return Markup("").join(parts)


def draw(part: Markup) -> None:
    """Show it. One line inside one block element, so that Markdown never looks into it."""
    st.markdown(f'<div class="ankao">{part}</div>', unsafe_allow_html=True)
