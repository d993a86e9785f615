"""What a candidate will see of the item that is being written, on a phone, and what the item review would say of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quiz.banks import review
from quiz.banks.queries import ClauseView, VersionView
from quiz.banks.question import PART, PictureRef, Question
from quiz.papers.domain import FormItem
from quiz.ui import components, phone_preview
from quiz.ui.markup import draw, markup
from quiz.vocabulary import ItemType

HEIGHT = 640
_POINTS = 5


def show(view: VersionView, sources: Mapping[str, str], *, may_cite: bool) -> None:
    """The player with this one item, then its clauses and the hints.

    `sources` are pictures that are not kept yet, by digest; without `may_cite` there is no clause to be missed.
    """
    components.section("考生看到的样子", "可以试答，不会保存。")
    if view.stem:
        on_phone(view, sources)
    else:
        components.hint("写好题干后，这里显示考生在手机上看到的样子。")
    for clause in view.clauses:
        draw(
            markup(
                '<div class="ankao-clause"><b>{} {}</b>　{}<p>{}</p></div>', clause.edition_title, clause.ref, clause.heading, clause.text
            )
        )
    if view.stem and (view.key or view.parts):
        _hints(view, may_cite=may_cite)


def on_phone(view: VersionView, sources: Mapping[str, str]) -> None:
    """The player with this one item."""
    phone_preview.show("题目预览", [(_position(view), view)], minutes=30, height=HEIGHT, sources=sources)


def view_of(
    values: Mapping[str, Any],
    *,
    bank_code: str,
    item_id: int,
    clauses: Mapping[str, ClauseView],
    old_clauses: Mapping[str, ClauseView],
) -> VersionView:
    """What is typed so far, however incomplete."""
    return VersionView(
        id=0, item_id=item_id, item_code=values["code"], bank_code=bank_code, type=values["type"], kind=values["kind"],
        topic=values["topic"], difficulty=values["difficulty"].value, stem=values["stem"], options=tuple(values["options"].items()),
        key=frozenset(values["key"]), explanation=values["explanation"], rationales=values["rationales"],
        clauses=tuple(clauses[id_] for id_ in values["clauses"]), changed_from=tuple(old_clauses[id_] for id_ in values["changed_from"]),
        roles=tuple(role.value for role in values["roles"]), sectors=tuple(values["sectors"]) if values["sectors"] else None,
        ordered_key=tuple(values["key"]), unit=values["unit"], tolerance=values["tolerance"], prompts=tuple(values["prompts"].items()),
        parts=tuple(Question.model_construct(**part) for part in values["parts"]),
        pictures=tuple(PictureRef.model_validate(ref) for ref in values["pictures"]),
    )  # fmt: skip


def _position(view: VersionView) -> FormItem:
    if view.type is ItemType.CASE:
        order = tuple(f"{number}{PART}{letter}" for number, part in enumerate(view.parts, start=1) for letter in part.options)
    else:
        order = tuple(letter for letter, _ in view.options)
    return FormItem(view.id, order, _POINTS, False)


def _hints(view: VersionView, *, may_cite: bool) -> None:
    """What the item review would say, before a colleague has to."""
    found = [finding for finding in review.review([view], review.Basis()) if finding.item == view.item_code]
    found = [finding for finding in found if may_cite or finding.code != "no_clause"]
    if not found:
        components.note("命题检查没有发现问题。", tone="ok")
        return
    components.section("命题检查", "供参考，不影响保存。")
    components.bullets(f"{finding.message}{finding.action}" for finding in found)
