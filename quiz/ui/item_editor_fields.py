"""The fields of a form on which items are written: typed text survives a hidden field, and what is wrong is told beside its field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from quiz.banks.typed_question import Fault
from quiz.ui.markup import draw, markup

TWO_LINES = 76
Choice = TypeVar("Choice")


@dataclass
class Fields:
    """The fields under one prefix; those of a question of a case have a longer one and share the places for faults."""

    prefix: str
    inner: str = ""
    """What stands between the prefix of the form and the name of a field: `part_3_` in a case."""
    spots: dict[str, DeltaGenerator] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def key(self, name: str) -> str:
        return f"{self.prefix}_{self.inner}{name}"

    def of_part(self, part: int) -> Fields:
        """The fields of one question of a case. What is wrong with them is collected apart, to be numbered."""
        return Fields(self.prefix, f"part_{part}_", self.spots)

    def line(self, label: str, first: str, name: str, *, limit: int, placeholder: str = "", **more: Any) -> str:
        text = st.text_input(
            label, first, max_chars=limit, placeholder=placeholder, key=self.key(name), persist_state="page", **more
        )  # fmt: skip
        self.spot(name)
        return clean(text)

    def text(
        self, label: str, first: str, name: str, *, limit: int = 4000, height: int = 120, placeholder: str = "", help: str | None = None
    ) -> str:
        text = st.text_area(
            label, first, max_chars=limit, height=height, placeholder=placeholder, help=help, key=self.key(name), persist_state="page"
        )
        self.spot(name)
        return clean(text)

    def one(self, label: str, choices: Sequence[Choice], first: Choice, name: str, *, width: int = 150, **more: Any) -> Choice:
        more.setdefault("format_func", lambda each: each.label)
        chosen = st.selectbox(
            label, choices, index=choices.index(first), key=self.key(name), persist_state="page", width=width, **more
        )  # fmt: skip
        return first if chosen is None else chosen

    def several(
        self, label: str, choices: Iterable[Choice], first: Sequence[Choice], name: str, *, shown: Callable[[Choice], str], empty: str
    ) -> list[Choice]:
        chosen = st.multiselect(
            label, list(choices), default=list(first), format_func=shown, placeholder=empty, select_all=False, key=self.key(name),
            persist_state="page",
        )  # fmt: skip
        self.spot(name)
        return chosen

    def spot(self, name: str) -> None:
        """Keep the place below the field that was just drawn for what may be wrong with it."""
        self.spots[self.inner + name] = st.container()

    def add(self, faults: Iterable[Fault]) -> None:
        self.faults += faults

    def tell(self) -> None:
        """Write each fault beside its field."""
        for fault in self.faults:
            spot = self.spots.get(fault.field)
            if spot is not None:
                with spot:
                    draw(markup('<p class="ankao-fault" role="alert">{}</p>', fault.text))


def clean(text: str | None) -> str:
    """Without what a database cannot hold and nobody sees."""
    return (text or "").replace("\x00", "").strip()


def in_turn(numbers: Sequence[int], place: int, by: int) -> list[int]:
    """The numbers with the one at `place` moved up or down."""
    moved = list(numbers)
    moved.insert(place + by, moved.pop(place))
    return moved


Values = dict[str, Any]
Known = Mapping[str, str]
