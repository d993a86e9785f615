"""A case on the item form: its material, then its questions, which can be added, taken away and put in another order."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from quiz.banks.question import Question
from quiz.banks.typed_question import Fault
from quiz.ui import components
from quiz.ui.item_editor_fields import Fields, Values, in_turn
from quiz.ui.item_editor_questions import question
from quiz.ui.state import Slot
from quiz.vocabulary import ItemType

MOST_PARTS = 12
FEWEST_PARTS = 2
_TYPES = [type_ for type_ in ItemType if type_ is not ItemType.CASE]


def case(fields: Fields, stem: str, known: Sequence[Question]) -> Values:
    """What was typed for a case. `known` are the questions of the case that is rewritten, `stem` its material."""
    material = fields.text(
        "案例材料：企业情况、经过、检查发现", stem, "stem", height=200, placeholder="例如：某木制品企业有职工 28 人。检查时发现……"
    )
    if not material:
        fields.add([Fault("stem", "案例材料", "不能空着")])
    # A question keeps its number while others come, go and move, and with it what was typed for it.
    order = Slot(fields.key("parts"), lambda: list(range(1, max(FEWEST_PARTS, len(known)) + 1)))
    numbers = order.get()
    parts = [
        _part(fields, order, place, known[numbers[place] - 1] if numbers[place] <= len(known) else None) for place in range(len(numbers))
    ]
    if st.button("再加一个小题", key=fields.key("add_part"), icon=":material/add:", disabled=len(numbers) >= MOST_PARTS):
        order.set([*numbers, _next(fields, numbers, known)])
        st.rerun()
    return {"type": ItemType.CASE, "stem": material, "options": {}, "key": [], "unit": "", "tolerance": "", "prompts": {}, "parts": parts}


def _next(fields: Fields, numbers: Sequence[int], known: Sequence[Question]) -> int:
    """A number that no question of this form ever had: a new one begins empty."""
    last = Slot(fields.key("last_part"), lambda: max(len(known), *numbers))
    last.set(last.get() + 1)
    return last.get()


def _part(fields: Fields, order: Slot[list[int]], place: int, known: Question | None) -> Values:
    numbers = order.get()
    part = fields.of_part(numbers[place])
    with st.container(border=True):
        components.heading(f"第 {place + 1} 小题")
        type_ = part.one("题型", _TYPES, known.type if known else ItemType.SINGLE, "type")
        values = question(part, type_, known)
        with st.container(horizontal=True):
            _move(part, order, place)
    fields.add(fault.within(place + 1, part.inner) for fault in part.faults)
    return values


def _move(part: Fields, order: Slot[list[int]], place: int) -> None:
    numbers = order.get()
    if st.button("上移", key=part.key("up"), icon=":material/arrow_upward:", disabled=place == 0):
        order.set(in_turn(numbers, place, -1))
        st.rerun()
    if st.button("下移", key=part.key("down"), icon=":material/arrow_downward:", disabled=place == len(numbers) - 1):
        order.set(in_turn(numbers, place, 1))
        st.rerun()
    if len(numbers) > FEWEST_PARTS and components.confirm_button(
        "删除", key=part.key("drop"), question=f"第 {place + 1} 小题写过的内容会丢失。", yes="确认删除", icon=":material/delete:"
    ):
        order.set([number for number in numbers if number != numbers[place]])
        st.rerun()
