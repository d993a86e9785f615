"""Writing an item, or a new wording of one: a form, and beside it what a candidate will see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from quiz import clock
from quiz.accounts.domain import User
from quiz.banks import editions, history, queries, review, workflow
from quiz.banks.files import parse_item
from quiz.banks.history import EditionView
from quiz.banks.queries import ClauseView, VersionView
from quiz.organisations.reference import Reference
from quiz.problems import NotFound, Refusal
from quiz.ui import components, gate, item_card, state, store
from quiz.ui.markup import draw, markup
from quiz.ui.state import Slot
from quiz.vocabulary import Difficulty, ItemKind, ItemType, PostRole

LETTERS = "ABCDEFGH"
TRUE_FALSE = {"A": "正确", "B": "错误"}
USUAL_OPTIONS = 4
_TWO_LINES = 76
TYPES = [type_ for type_ in ItemType if type_.is_choice]
"""What this form can write; other types are kept in the files of the banks."""
_NEW_FORMS = Slot[int]("new_item_forms", int)
"""Counts the new items of this visit: each begins with an empty form."""
Choice = TypeVar("Choice")


@dataclass(frozen=True)
class Sheet:
    """What the form begins with, and what may be chosen in it."""

    form: str
    bank_code: str
    base: VersionView | None
    """The version that is rewritten; None for a new item."""
    code: str
    edition: EditionView | None
    clauses: Mapping[str, ClauseView]
    """What may be tested, and what the version tests now."""
    old_clauses: Mapping[str, ClauseView]
    """Of superseded editions of the same standard."""
    sectors: Mapping[str, str]


def show(user: User, bank_code: str, items: Sequence[VersionView], item: VersionView | None) -> None:
    """The form for a new item, or for the version of `item` that the address names."""
    sheet = _sheet(bank_code, items, item)
    item_card.apply_look()
    components.page_header(f"修改题目 {sheet.code}" if sheet.base else "新建题目", "保存后是草稿，经另一位老师复核并发布，考生才会看到。")
    if st.button("不保存，返回", key="leave_editor", icon=":material/arrow_back:"):
        _NEW_FORMS.set(_NEW_FORMS.get() + 1)
        state.choose(bank=bank_code, **({"item": item.item_id} if item else {}))
    left, right = st.columns([3, 2], gap="large")
    with left:
        values = _form(sheet)
        saved = st.button("存为草稿", key="save_item", type="primary", icon=":material/save:")
        if saved:
            _save(user, sheet, item, values)
    with right, st.container(key="item_preview"):
        _preview(sheet, values)


def propose_code(bank_code: str, codes: Iterable[str]) -> str:
    """The next free `<prefix>-NNN`, the prefix being the one most items of the bank have."""
    taken = set(codes)
    prefixes = Counter(code.split("-")[0] for code in taken)
    prefix = prefixes.most_common(1)[0][0] if prefixes else bank_code
    return next(code for n in range(1, 10**6) if (code := f"{prefix}-{n:03d}") not in taken)


def _sheet(bank_code: str, items: Sequence[VersionView], item: VersionView | None) -> Sheet:
    with store.reading() as session:
        edition = history.edition_of_bank(session, bank_code)
        base = _version(queries.versions(session, [state.chosen_id("edit") or 0]), item) if item else None
        clauses = queries.clauses_of_edition(session, edition.code) if edition else []
        before = sorted(editions.earlier(session, edition.code)) if edition else []
        old = [clause for code in before for clause in queries.clauses_of_edition(session, code)]
        sectors = {code: row.name for code, row in Reference.load(session).sectors.items()}
    form = f"item_{base.id}" if base else f"new_item_{bank_code}_{_NEW_FORMS.get()}"
    cited, compared = (base.clauses, base.changed_from) if base else ((), ())
    return Sheet(
        form,
        bank_code,
        base,
        base.item_code if base else Slot(f"{form}_proposed", lambda: propose_code(bank_code, (each.item_code for each in items))).get(),
        edition,
        {clause.id: clause for clause in (*(each for each in clauses if each.assessable), *cited)},
        {clause.id: clause for clause in (*(each for each in old if not each.in_force), *compared)},
        sectors,
    )


def _version(found: Mapping[int, VersionView], item: VersionView) -> VersionView:
    for view in found.values():
        if view.item_id == item.item_id and view.type in TYPES:
            return view
    raise NotFound("没有这道题的这个版本，或者这种题型只能在题库文件里修改。")


# 表单 -----------------------------------------------------------------------------------------------------------------


def _form(sheet: Sheet) -> dict[str, Any]:
    """What was typed, field by field, for `parse_item`. Nothing typed is lost while a field is hidden."""
    with st.container(border=True):
        components.section("一、考什么")
        values = _subject(sheet)
    with st.container(border=True):
        components.section("二、题目")
        values |= _question(sheet, values["type"])
    with st.container(border=True):
        components.section("三、为谁出题")
        values |= _audience(sheet)
    return values


def _subject(sheet: Sheet) -> dict[str, Any]:
    base = sheet.base
    code = _line(sheet, "编号", sheet.code, "code", limit=60) if base is None else sheet.code
    with st.container(horizontal=True):
        type_ = _one(sheet, "题型", TYPES, base.type if base else ItemType.SINGLE, "type")
        kind = _one(sheet, "类别", list(ItemKind), base.kind if base else ItemKind.KNOWLEDGE, "kind")
        level = _one(sheet, "难度（估计）", list(Difficulty), Difficulty(base.difficulty) if base else Difficulty.MEDIUM, "difficulty")  # type: ignore[call-arg]
    if sheet.clauses:
        clauses = _cited(sheet, "依据条款（必选，第一个为主）", sheet.clauses, base.clauses if base else (), "clauses")
    else:
        components.hint("这个题库没有对应的标准，不必选择条款。")
        clauses = []
    old: list[str] = []
    if sheet.old_clauses:
        old = _cited(sheet, "对照的旧版条款（只有“新旧变化”题才选）", sheet.old_clauses, base.changed_from if base else (), "changed_from")
    topic = _line(sheet, "主题（选填）", base.topic if base else "", "topic", limit=80, placeholder="例如：水封式排水器")
    return {
        "code": code, "type": type_, "kind": kind, "difficulty": level, "clauses": clauses, "changed_from": old, "topic": topic,
    }  # fmt: skip


def _question(sheet: Sheet, type_: ItemType) -> dict[str, Any]:
    base = sheet.base
    stem = _text(sheet, "题干", base.stem if base else "", "stem")
    lines = dict(TRUE_FALSE) if type_ is ItemType.TRUE_FALSE else _options(sheet)
    key = _key(sheet, type_, list(lines))
    explanation = _text(sheet, "解析：为什么选这个答案", base.explanation if base else "", "explanation")
    options = _without_empty_end(lines)
    reasons = {letter: _reason(sheet, letter) for letter, text in options.items() if key and text and letter not in key}
    rationales = {letter: text for letter, text in reasons.items() if text}
    return {"stem": stem, "options": options, "key": key, "explanation": explanation, "rationales": rationales}


def _reason(sheet: Sheet, letter: str) -> str:
    known = sheet.base.rationales.get(letter, "") if sheet.base else ""
    return _text(sheet, f"错项说明：{letter} 为什么不对", known, f"reason_{letter}", limit=1000, height=_TWO_LINES)


def _options(sheet: Sheet) -> dict[str, str]:
    """As many lines as were asked for; those that were taken away keep their text in case they come back."""
    known = [text for _, text in sheet.base.options] if sheet.base and sheet.base.type is not ItemType.TRUE_FALSE else []
    count = Slot(f"{sheet.form}_count", lambda: max(2, len(known)) if known else USUAL_OPTIONS)
    shown = count.get()
    texts = {
        letter: _text(sheet, f"选项 {letter}", known[n] if n < len(known) else "", f"option_{letter}", limit=500, height=_TWO_LINES)
        for n, letter in enumerate(LETTERS[:shown])
    }
    with st.container(horizontal=True):
        if st.button("再加一个选项", key="add_option", icon=":material/add:", disabled=shown >= len(LETTERS)):
            count.set(shown + 1)
            st.rerun()
        if shown > 2 and st.button(f"去掉选项 {LETTERS[shown - 1]}", key="drop_option", icon=":material/remove:", type="tertiary"):
            count.set(shown - 1)
            st.rerun()
    return texts


def _without_empty_end(options: dict[str, str]) -> dict[str, str]:
    """Lines left empty at the end are no options; one in between is a mistake to be told."""
    last = max((n for n, text in enumerate(options.values()) if text), default=-1)
    return dict(list(options.items())[: last + 1])


def _key(sheet: Sheet, type_: ItemType, letters: list[str]) -> list[str]:
    base = sheet.base
    known = [letter for letter in letters if letter in base.key] if base and base.type is type_ else []
    name = f"{sheet.form}_key_{type_.value}"
    if type_ is ItemType.MULTIPLE:
        several = st.segmented_control(
            "正确答案（可选多个）", letters, selection_mode="multi", default=known, key=name, persist_state="page"
        )
        return sorted(several)
    one = st.segmented_control(
        "正确答案",
        letters,
        default=known[0] if known else None,
        format_func=lambda letter: TRUE_FALSE[letter] if type_ is ItemType.TRUE_FALSE else letter,
        key=name,
        persist_state="page",
    )
    return [one] if one else []


def _audience(sheet: Sheet) -> dict[str, Any]:
    base = sheet.base
    roles = st.multiselect(
        "适用岗位", list(PostRole), default=[PostRole(role) for role in base.roles] if base else [PostRole.PRINCIPAL],  # type: ignore[call-arg]
        format_func=lambda role: role.label, placeholder="不限", select_all=False, key=f"{sheet.form}_roles", persist_state="page",
    )  # fmt: skip
    known = [code for code in (base.sectors or ()) if code in sheet.sectors] if base else []
    sectors = st.multiselect(
        "适用行业领域（不选则与题库相同）", list(sheet.sectors), default=known, format_func=sheet.sectors.__getitem__,
        placeholder="与题库相同", select_all=False, key=f"{sheet.form}_sectors", persist_state="page",
    )  # fmt: skip
    return {"roles": roles, "sectors": sectors or None}


def _one(sheet: Sheet, label: str, choices: list[Choice], first: Choice, name: str) -> Choice:
    chosen = st.selectbox(
        label, choices, index=choices.index(first), format_func=lambda each: each.label,  # type: ignore[attr-defined]
        key=f"{sheet.form}_{name}", persist_state="page", width=150,
    )  # fmt: skip
    return first if chosen is None else chosen


def _cited(sheet: Sheet, label: str, choices: Mapping[str, ClauseView], first: Sequence[ClauseView], name: str) -> list[str]:
    return st.multiselect(
        label, list(choices), default=[clause.id for clause in first], format_func=lambda id_: f"{choices[id_].ref} {choices[id_].heading}",
        placeholder="按条款号或要点查找", select_all=False, key=f"{sheet.form}_{name}", persist_state="page",
    )  # fmt: skip


def _line(sheet: Sheet, label: str, first: str, name: str, *, limit: int, placeholder: str = "") -> str:
    return _clean(st.text_input(label, first, max_chars=limit, placeholder=placeholder, key=f"{sheet.form}_{name}", persist_state="page"))


def _text(sheet: Sheet, label: str, first: str, name: str, *, limit: int = 4000, height: int = 120) -> str:
    return _clean(st.text_area(label, first, max_chars=limit, height=height, key=f"{sheet.form}_{name}", persist_state="page"))


def _clean(text: str | None) -> str:
    """Without what a database cannot hold and nobody sees."""
    return (text or "").replace("\x00", "").strip()


# 预览 -----------------------------------------------------------------------------------------------------------------


def _preview(sheet: Sheet, values: Mapping[str, Any]) -> None:
    view = _as_view(sheet, values)
    components.section("考生看到的样子")
    with st.container(border=True, width=390):
        if view.stem or any(text for _, text in view.options):
            item_card.as_candidate(view, number=1, options=[letter for letter, _ in view.options])
        else:
            components.hint("写好题干和选项后，这里显示考生在手机上看到的样子。")
    for clause in view.clauses:
        draw(
            markup(
                '<div class="ankao-clause"><b>{} {}</b>　{}<p>{}</p></div>', clause.edition_title, clause.ref, clause.heading, clause.text
            )
        )
    if view.stem and view.key:
        _hints(view)


def _hints(view: VersionView) -> None:
    """What the item review would say, before a colleague has to."""
    found = [finding for finding in review.review([view], review.Basis()) if finding.item == view.item_code]
    if not found:
        components.note("命题检查没有发现问题。", tone="ok")
        return
    components.section("命题检查", "供参考，不影响保存。")
    components.bullets(f"{finding.message}{finding.action}" for finding in found)


def _as_view(sheet: Sheet, values: Mapping[str, Any]) -> VersionView:
    """What is typed so far, however incomplete."""
    return VersionView(
        id=0,
        item_id=sheet.base.item_id if sheet.base else 0,
        item_code=values["code"],
        bank_code=sheet.bank_code,
        type=values["type"],
        kind=values["kind"],
        topic=values["topic"],
        difficulty=values["difficulty"].value,
        stem=values["stem"],
        options=tuple(values["options"].items()),
        key=frozenset(values["key"]),
        explanation=values["explanation"],
        rationales=values["rationales"],
        clauses=tuple(sheet.clauses[id_] for id_ in values["clauses"]),
        changed_from=tuple(sheet.old_clauses[id_] for id_ in values["changed_from"]),
        roles=tuple(role.value for role in values["roles"]),
        sectors=tuple(values["sectors"]) if values["sectors"] else None,
    )


def _not_shown(sheet: Sheet, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the version has beyond this form stays with it."""
    return sheet.base.as_draft().model_dump(exclude=set(values)) if sheet.base else {}


def _save(user: User, sheet: Sheet, item: VersionView | None, values: Mapping[str, Any]) -> None:
    """A refusal is told here, under the button; the form stays as it is."""
    try:
        draft = parse_item(_not_shown(sheet, values) | dict(values), must_cite=bool(sheet.clauses))
        with store.transaction() as session:
            item_id = workflow.write_draft(
                session,
                bank_code=sheet.bank_code,
                draft=draft,
                now=clock.now(),
                actor=gate.actor(user),
                item_id=item.item_id if item else None,
                based_on=sheet.base.id if sheet.base else None,
            )
    except Refusal as refusal:
        components.note(refusal.message, tone="bad", title="没有保存")
        return
    _NEW_FORMS.set(_NEW_FORMS.get() + 1)
    components.say(f"题目 {draft.code} 已存为草稿，等另一位老师复核。")
    state.choose(bank=sheet.bank_code, item=item_id)
