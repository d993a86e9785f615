"""Writing an item of any type, or a new wording of one: a form, and beside it what a candidate will see."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st
from sqlmodel import Session

from quiz import clock
from quiz.accounts.domain import User
from quiz.banks import editions, history, queries, workflow
from quiz.banks.files import ItemDraft, parse_item
from quiz.banks.history import EditionView
from quiz.banks.queries import ClauseView, VersionView
from quiz.banks.question import Question
from quiz.banks.typed_question import Fault
from quiz.exchange.service import keep_pictures
from quiz.organisations.reference import Reference
from quiz.problems import NotFound, Refusal
from quiz.ui import components, gate, item_card, item_editor_pictures, item_editor_preview, state, store
from quiz.ui.item_editor_case import case
from quiz.ui.item_editor_fields import TWO_LINES, Fields, Values
from quiz.ui.item_editor_pictures import Shown
from quiz.ui.item_editor_questions import question
from quiz.ui.state import Slot
from quiz.vocabulary import Difficulty, ItemKind, ItemType, PostRole

_NEW_FORMS = Slot[int]("new_item_forms", int)
"""Counts the new items of this visit: each begins with an empty form."""
_FAULTS_SHOWN = 8


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

    @property
    def tried(self) -> Slot[bool]:
        """Whether somebody wanted to save it: until then nobody is told what is still missing."""
        return Slot(f"{self.form}_tried", bool)


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
        fields = Fields(sheet.form)
        values, pictures = _form(sheet, fields)
        with right, st.container(key="item_preview"):
            view = item_editor_preview.view_of(
                values, bank_code=bank_code, item_id=item.item_id if item else 0, clauses=sheet.clauses, old_clauses=sheet.old_clauses
            )
            item_editor_preview.show(view, item_editor_pictures.sources(pictures), may_cite=bool(sheet.clauses))
        if st.button("存为草稿", key="save_item", type="primary", icon=":material/save:"):
            sheet.tried.set(True)
            if not fields.faults:
                _save(user, sheet, item, values, pictures)
        if sheet.tried.get() and fields.faults:
            _tell(fields)


def propose_code(bank_code: str, codes: Iterable[str]) -> str:
    """The next `<prefix>-NNN` after those there are, the prefix being the one most items of the bank have."""
    taken = set(codes)
    prefixes = Counter(code.split("-")[0] for code in taken)
    prefix = prefixes.most_common(1)[0][0] if prefixes else bank_code
    numbers = [match[1] for code in taken if (match := re.fullmatch(rf"{re.escape(prefix)}-(\d{{1,8}})", code))]
    last = max(numbers, key=int, default="000")
    return f"{prefix}-{int(last) + 1:0{len(last)}d}"


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
        if view.item_id == item.item_id:
            return view
    raise NotFound("没有这道题的这个版本。请回到题目页重新打开。")


# 表单 -----------------------------------------------------------------------------------------------------------------


def _form(sheet: Sheet, fields: Fields) -> tuple[Values, list[Shown]]:
    """What was typed, field by field, for `parse_item`. Nothing typed is lost while a field is hidden."""
    with st.container(border=True):
        components.section("一、考什么")
        values = _subject(sheet, fields)
    with st.container(border=True):
        components.section("二、题目")
        values |= _question(sheet, fields, values["type"])
        shown = item_editor_pictures.pictures(fields, values["type"], list(values["options"]), sheet.base.pictures if sheet.base else ())
    with st.container(border=True):
        components.section("三、为谁出题")
        values |= _audience(sheet, fields)
    return values | item_editor_pictures.values(shown), shown


def _subject(sheet: Sheet, fields: Fields) -> Values:
    base = sheet.base
    code = fields.line("编号", sheet.code, "code", limit=60) if base is None else sheet.code
    if not code:
        fields.add([Fault("code", "编号", "不能空着")])
    with st.container(horizontal=True):
        type_ = fields.one("题型", list(ItemType), base.type if base else ItemType.SINGLE, "type")
        kind = fields.one("类别", list(ItemKind), base.kind if base else ItemKind.KNOWLEDGE, "kind")
        level = fields.one("难度（估计）", list(Difficulty), Difficulty(base.difficulty) if base else Difficulty.MEDIUM, "difficulty")  # type: ignore[call-arg]
    clauses: list[str] = []
    if sheet.clauses:
        clauses = _cited(fields, "依据条款（必选，第一个为主）", sheet.clauses, base.clauses if base else (), "clauses")
        if not clauses:
            fields.add([Fault("clauses", "依据条款", "至少选一条")])
    else:
        components.hint("这个题库没有对应的标准，不必选择条款。")
    old: list[str] = []
    if sheet.old_clauses:
        old = _cited(fields, "对照的旧版条款（只有“新旧变化”题才选）", sheet.old_clauses, base.changed_from if base else (), "changed_from")
    topic = fields.line("主题（选填）", base.topic if base else "", "topic", limit=80, placeholder="例如：水封式排水器")
    return {
        "code": code, "type": type_, "kind": kind, "difficulty": level, "clauses": clauses, "changed_from": old, "topic": topic,
    }  # fmt: skip


def _cited(fields: Fields, label: str, choices: Mapping[str, ClauseView], first: Sequence[ClauseView], name: str) -> list[str]:
    return fields.several(
        label, choices, [clause.id for clause in first], name, shown=lambda id_: f"{choices[id_].ref} {choices[id_].heading}",
        empty="按条款号或要点查找",
    )  # fmt: skip


def _question(sheet: Sheet, fields: Fields, type_: ItemType) -> Values:
    base = sheet.base
    values: Values = {"parts": []}
    if type_ is ItemType.CASE:
        values |= case(fields, base.stem if base else "", base.parts if base else ())
    else:
        values |= question(fields, type_, _asked(base) if base else None)
    explanation = fields.text(
        "解析：为什么选这个答案" if type_.is_choice else "解析：为什么是这个答案", base.explanation if base else "", "explanation"
    )
    wrong = [
        letter for letter, text in values["options"].items() if type_.is_choice and values["key"] and text and letter not in values["key"]
    ]
    reasons = {letter: _reason(sheet, fields, letter) for letter in wrong}
    return values | {"explanation": explanation, "rationales": {letter: text for letter, text in reasons.items() if text}}


def _asked(base: VersionView) -> Question:
    """The question of an item that is no case; it was checked when it was written."""
    draft = base.as_draft()
    return Question.model_construct(**{name: getattr(draft, name) for name in Question.model_fields})


def _reason(sheet: Sheet, fields: Fields, letter: str) -> str:
    known = sheet.base.rationales.get(letter, "") if sheet.base else ""
    return fields.text(f"错项说明：{letter} 为什么不对", known, f"reason_{letter}", limit=1000, height=TWO_LINES)


def _audience(sheet: Sheet, fields: Fields) -> Values:
    base = sheet.base
    first = [PostRole(role) for role in base.roles] if base else [PostRole.PRINCIPAL]  # type: ignore[call-arg]
    roles = fields.several("适用岗位", list(PostRole), first, "roles", shown=lambda role: role.label, empty="不限")
    known = [code for code in (base.sectors or ()) if code in sheet.sectors] if base else []
    sectors = fields.several(
        "适用行业领域（不选则与题库相同）", sheet.sectors, known, "sectors", shown=sheet.sectors.__getitem__, empty="与题库相同"
    )  # fmt: skip
    return {"roles": roles, "sectors": sectors or None}


# 保存 -----------------------------------------------------------------------------------------------------------------


def _tell(fields: Fields) -> None:
    """Each fault beside its field, and all of them at the button, where somebody looks who has just pressed it."""
    fields.tell()
    said = [fault.sentence for fault in fields.faults]
    more = f"；另有 {len(said) - _FAULTS_SHOWN} 处" if len(said) > _FAULTS_SHOWN else ""
    components.note(f"请先改正：{'；'.join(said[:_FAULTS_SHOWN])}{more}。", tone="bad", title="没有保存")


def _save(user: User, sheet: Sheet, item: VersionView | None, values: Values, pictures: Sequence[Shown]) -> None:
    """A refusal is told here, under the button; the form stays as it is."""
    try:
        draft = parse_item(values, must_cite=bool(sheet.clauses))
        with store.transaction() as session:
            keep_pictures(session, [picture.fresh for picture in pictures if picture.fresh is not None])
            item_id = _write(session, user, sheet, item, draft)
    except Refusal as refusal:
        components.note(refusal.message, tone="bad", title="没有保存")
        return
    _NEW_FORMS.set(_NEW_FORMS.get() + 1)
    sheet.tried.clear()
    components.say(f"题目 {draft.code} 已存为草稿，等另一位老师复核。")
    state.choose(bank=sheet.bank_code, item=item_id)


def _write(session: Session, user: User, sheet: Sheet, item: VersionView | None, draft: ItemDraft) -> int:
    return workflow.write_draft(
        session,
        bank_code=sheet.bank_code,
        draft=draft,
        now=clock.now(),
        actor=gate.actor(user),
        item_id=item.item_id if item else None,
        based_on=sheet.base.id if sheet.base else None,
    )
