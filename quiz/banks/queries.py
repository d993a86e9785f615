"""Reads of the banks room: which banks there are, what they cover, and the versions a form pins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session, col

from quiz.banks.files import ItemDraft
from quiz.banks.question import PictureRef, Question
from quiz.models.accounts import Setting
from quiz.models.banks import Bank, Clause, Edition, Item, ItemClause, ItemVersion
from quiz.vocabulary import ClauseRelation, Difficulty, EditionStatus, ItemKind, ItemState, ItemType, PostRole

STAMP = "banks_stamp"


@dataclass(frozen=True)
class BankView:
    """A bank and how much of its edition its published items cover."""

    code: str
    title: str
    description: str
    edition_code: str | None
    edition_title: str
    items: int
    clauses: int
    """Assessable clauses in force of the bank's edition."""
    clauses_covered: int
    """Of those, clauses that at least one published item cites."""

    def as_json(self) -> dict[str, object]:
        return {
            "code": self.code,
            "title": self.title,
            "items": self.items,
            "clauses": self.clauses,
            "clauses_covered": self.clauses_covered,
        }


def list_banks(session: Session) -> list[BankView]:
    """All banks by title."""
    items: dict[str, int] = dict(
        session.execute(select(Item.bank_code, func.count()).where(Item.state == ItemState.PUBLISHED).group_by(Item.bank_code)).all()  # type: ignore[call-overload,arg-type]
    )
    in_force = (col(Clause.assessable).is_(True), col(Edition.status) == EditionStatus.IN_FORCE)
    clauses: dict[str, int] = dict(
        session.execute(
            select(col(Clause.edition_code), func.count())
            .join(Edition, col(Edition.code) == col(Clause.edition_code))
            .where(*in_force)
            .group_by(col(Clause.edition_code))
        ).all()
    )
    covered: dict[str, int] = dict(
        session.execute(
            select(Bank.code, func.count(func.distinct(Clause.id)))  # type: ignore[call-overload]
            .join(Item, Item.bank_code == Bank.code)
            .join(ItemClause, ItemClause.version_id == Item.version_id)
            .join(Clause, (Clause.id == ItemClause.clause_id) & (Clause.edition_code == Bank.edition_code))
            .join(Edition, Edition.code == Clause.edition_code)
            .where(Item.state == ItemState.PUBLISHED, ItemClause.relation == ClauseRelation.TESTS, *in_force)
            .group_by(Bank.code)
        ).all()
    )
    rows = session.execute(select(Bank, Edition.title).outerjoin(Edition, Edition.code == Bank.edition_code).order_by(Bank.title)).all()  # type: ignore[call-overload,arg-type]
    return [
        BankView(
            code=bank.code,
            title=bank.title,
            description=bank.description,
            edition_code=bank.edition_code,
            edition_title=title or "",
            items=items.get(bank.code, 0),
            clauses=clauses.get(bank.edition_code, 0),
            clauses_covered=covered.get(bank.code, 0),
        )
        for bank, title in rows
    ]


@dataclass(frozen=True)
class ClauseView:
    """A clause as it is cited to a person."""

    id: str
    ref: str
    group: str
    heading: str
    text: str
    edition_title: str
    assessable: bool = True
    edition_code: str = ""
    in_force: bool = True
    """False when its edition is superseded, or not yet in force."""


@dataclass(frozen=True)
class VersionView:
    """A version with what marking, showing and explaining need. Immutable, so it may be cached for ever."""

    id: int
    item_id: int
    item_code: str
    bank_code: str
    type: ItemType
    kind: ItemKind
    topic: str
    difficulty: str
    stem: str
    options: tuple[tuple[str, str], ...]
    key: frozenset[str]
    explanation: str
    rationales: dict[str, str]
    clauses: tuple[ClauseView, ...]
    """The clauses it tests; the first is the main one."""
    number: int = 1
    state: str = ItemState.PUBLISHED.value
    changed_from: tuple[ClauseView, ...] = ()
    """Clauses of a superseded edition that a "what has changed" item compares with."""
    roles: tuple[str, ...] = ()
    sectors: tuple[str, ...] | None = None
    """Codes of the sectors it is for, where they are fewer than its bank's."""
    ordered_key: tuple[str, ...] = ()
    """The key as it is written: the order counts in blanks and orderings (`quiz.banks.question`)."""
    unit: str = ""
    tolerance: str = ""
    prompts: tuple[tuple[str, str], ...] = ()
    parts: tuple[Question, ...] = ()
    pictures: tuple[PictureRef, ...] = ()

    @property
    def groups(self) -> frozenset[str]:
        return frozenset(clause.group for clause in self.clauses)

    @property
    def asks_what_changed(self) -> bool:
        return bool(self.changed_from)

    def as_draft(self) -> ItemDraft:
        """The same words as a draft, to be corrected or cited anew."""
        return ItemDraft(
            code=self.item_code,
            type=self.type,
            kind=self.kind,
            clauses=[clause.id for clause in self.clauses],
            changed_from=[clause.id for clause in self.changed_from],
            topic=self.topic,
            difficulty=Difficulty(self.difficulty),  # type: ignore[call-arg]
            roles=[PostRole(role) for role in self.roles],  # type: ignore[call-arg]
            sectors=list(self.sectors) if self.sectors is not None else None,
            stem=self.stem,
            options=dict(self.options),
            key=list(self.ordered_key),
            explanation=self.explanation,
            rationales=dict(self.rationales),
            unit=self.unit,
            tolerance=self.tolerance,
            prompts=dict(self.prompts),
            parts=list(self.parts),
            pictures=list(self.pictures),
        )


_VIEW_COLUMNS = (ItemVersion, Item.code, Item.bank_code, Item.state, Item.sectors)


def versions(session: Session, ids: Iterable[int]) -> dict[int, VersionView]:
    """Version views by id."""
    wanted = list(ids)
    rows = session.execute(
        select(*_VIEW_COLUMNS).join(Item, Item.id == ItemVersion.item_id).where(ItemVersion.id.in_(wanted))  # type: ignore[call-overload,union-attr]
    ).all()
    return {view.id: view for view in _views(session, rows)}


def published(session: Session, bank_codes: Iterable[str]) -> list[VersionView]:
    """Current versions of all published items of these banks, in a stable order."""
    rows = session.execute(
        select(*_VIEW_COLUMNS)  # type: ignore[call-overload]
        .join(Item, Item.version_id == ItemVersion.id)
        .where(Item.bank_code.in_(list(bank_codes)), Item.state == ItemState.PUBLISHED)  # type: ignore[attr-defined]
        .order_by(ItemVersion.id)
    ).all()
    return _views(session, rows)


def items_of_bank(session: Session, bank_code: str) -> list[VersionView]:
    """Current versions of all items of a bank, withdrawn ones too, by code."""
    rows = session.execute(
        select(*_VIEW_COLUMNS).join(Item, Item.version_id == ItemVersion.id).where(Item.bank_code == bank_code).order_by(Item.code)  # type: ignore[call-overload]
    ).all()
    return _views(session, rows)


def _clause_view(clause: Clause, title: str, status: str) -> ClauseView:
    return ClauseView(
        clause.id,
        clause.ref,
        clause.group,
        clause.heading,
        clause.text,
        title,
        clause.assessable,
        clause.edition_code,
        status == EditionStatus.IN_FORCE,
    )


def _views(session: Session, rows: Sequence[tuple[ItemVersion, str, str, str, list[str] | None]]) -> list[VersionView]:
    cited: dict[tuple[int, str], list[ClauseView]] = {}
    ids = [row[0].id for row in rows]
    for start in range(0, len(ids), 5000):
        found = session.execute(
            select(ItemClause.version_id, ItemClause.relation, Clause, Edition.title, Edition.status)  # type: ignore[call-overload]
            .join(Clause, Clause.id == ItemClause.clause_id)
            .join(Edition, Edition.code == Clause.edition_code)
            .where(ItemClause.version_id.in_(ids[start : start + 5000]))  # type: ignore[attr-defined]
            .order_by(ItemClause.version_id, ItemClause.position)
        )
        for version_id, relation, clause, title, status in found:
            cited.setdefault((version_id, relation), []).append(_clause_view(clause, title, status))
    return [
        VersionView(
            id=version.id or 0,
            item_id=version.item_id,
            item_code=code,
            bank_code=bank_code,
            type=ItemType(version.type),
            kind=ItemKind(version.kind),
            topic=version.topic,
            difficulty=version.difficulty,
            stem=version.stem,
            options=tuple((option["key"], option["text"]) for option in version.options),
            key=frozenset(version.key),
            explanation=version.explanation,
            rationales=dict(version.rationales),
            clauses=tuple(cited.get((version.id or 0, ClauseRelation.TESTS), ())),
            number=version.number,
            state=state,
            changed_from=tuple(cited.get((version.id or 0, ClauseRelation.CHANGED_FROM), ())),
            roles=tuple(version.roles),
            sectors=tuple(sectors) if sectors is not None else None,
            ordered_key=tuple(version.key),
            unit=version.extra.get("unit", ""),
            tolerance=version.extra.get("tolerance", ""),
            prompts=tuple(version.extra.get("prompts", {}).items()),
            parts=tuple(Question.model_validate(part) for part in version.extra.get("parts", ())),
            pictures=tuple(PictureRef.model_validate(ref) for ref in version.extra.get("pictures", ())),
        )
        for version, code, bank_code, state, sectors in rows
    ]


def clauses_of_edition(session: Session, edition_code: str) -> list[ClauseView]:
    """All clauses of an edition in their order."""
    rows = session.execute(
        select(Clause, Edition.title, Edition.status)  # type: ignore[call-overload]
        .join(Edition, Edition.code == Clause.edition_code)
        .where(Clause.edition_code == edition_code)
        .order_by(Clause.position)
    )
    return [_clause_view(*row) for row in rows]


def clauses_by_id(session: Session, clause_ids: Iterable[str]) -> dict[str, ClauseView]:
    """These clauses, whatever edition they belong to."""
    rows = session.execute(
        select(Clause, Edition.title, Edition.status)  # type: ignore[call-overload]
        .join(Edition, Edition.code == Clause.edition_code)
        .where(col(Clause.id).in_(set(clause_ids)))
    )
    return {view.id: view for view in (_clause_view(*row) for row in rows)}


_STAMP = select(Setting.value).where(Setting.name == STAMP)  # type: ignore[call-overload]


def stamp(session: Session) -> str:
    """Changes whenever any pool of items changed."""
    return session.connection().execute(_STAMP).scalar() or ""
