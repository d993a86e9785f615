"""Reads of the attempts room: an attempt as its candidate sees it, and what may be shown of its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlmodel import Session

from quiz.attempts.answer_review import (
    AnswerLine,
    ReviewedPart,
    answer_lines,
    in_words,
    key_of,
    marked_options,
    readable_stem,
    reviewed_parts,
)
from quiz.attempts.answers import of_part, prompts_in_order, questions_of, says_anything
from quiz.attempts.domain import Key
from quiz.banks.queries import VersionView
from quiz.banks.question import BLANK, PictureRef, Question
from quiz.models.attempts import Attempt, Extension, LateResponse, Response
from quiz.papers import queries as papers
from quiz.papers.domain import FormItem
from quiz.papers.queries import PaperView
from quiz.problems import NotFound
from quiz.vocabulary import AttemptState, ItemType, ReviewPolicy, ScoringPolicy

attempts = Attempt.__table__  # type: ignore[attr-defined]
responses = Response.__table__  # type: ignore[attr-defined]
extensions = Extension.__table__  # type: ignore[attr-defined]
late_responses = LateResponse.__table__  # type: ignore[attr-defined]
LARGEST_ID = 2**31 - 1


@dataclass(frozen=True)
class AttemptRow:
    """An attempt as stored."""

    id: int
    person_id: int
    paper_id: int
    form_id: int
    number: int
    idempotency_key: str
    state: AttemptState
    scoring_policy: ScoringPolicy
    cut_score: float
    max_score: float
    started_at: datetime
    deadline: datetime
    handed_in_at: datetime | None
    score: float | None
    passed: bool | None
    marks: list[float] | None


_COLUMNS = tuple(attempts.c[name] for name in AttemptRow.__dataclass_fields__)


# Statements of the hot path are built once: composing them costs several times what the database takes to answer.
_ATTEMPT = select(*_COLUMNS).where(attempts.c.id == bindparam("attempt_id"))
_ATTEMPT_LOCKED = _ATTEMPT.with_for_update()
_SAVED = (
    select(responses.c.position, responses.c.answer, responses.c.sequence)
    .where(responses.c.attempt_id == bindparam("attempt_id"))
    .order_by(responses.c.position)
)
_OF_PERSON = select(*_COLUMNS).where(attempts.c.person_id == bindparam("person_id")).order_by(attempts.c.id.desc())
_GRANTED = select(
    func.coalesce(func.sum(extensions.c.extra_attempts), 0),
    func.coalesce(func.max(extensions.c.extra_minutes), 0),
    func.max(extensions.c.closes_at),
).where(extensions.c.paper_id == bindparam("paper_id"), extensions.c.person_id == bindparam("person_id"))
_LATE = (
    select(late_responses.c.position, late_responses.c.answer)
    .where(late_responses.c.attempt_id == bindparam("attempt_id"))
    .order_by(late_responses.c.sequence)
)


def attempt_row(session: Session, attempt_id: int, *, person_id: int | None = None, lock: bool = False) -> AttemptRow:
    """The attempt, if it is that person's (any person's when None). Raises NotFound otherwise."""
    if attempt_id > LARGEST_ID:  # a number no database column could hold: SQLite's driver would raise
        raise NotFound("没有找到这次答题，或它不属于您。")
    row = session.connection().execute(_ATTEMPT_LOCKED if lock else _ATTEMPT, {"attempt_id": attempt_id}).first()
    if row is None or (person_id is not None and row.person_id != person_id):
        raise NotFound("没有找到这次答题，或它不属于您。")
    return _row(row)


def _row(row: Any) -> AttemptRow:
    values = dict(row._mapping)
    return AttemptRow(**values | {"state": AttemptState(values["state"]), "scoring_policy": ScoringPolicy(values["scoring_policy"])})


def saved_responses(session: Session, attempt_id: int) -> list[dict[str, Any]]:
    """`[{"position", "answer", "sequence"}]` in order."""
    rows = session.connection().execute(_SAVED, {"attempt_id": attempt_id})
    return [{"position": row.position, "answer": row.answer, "sequence": row.sequence} for row in rows]


def form_with_versions(session: Session, form_id: int) -> list[tuple[FormItem, VersionView]]:
    """The positions of a form with their item versions."""
    items = papers.form_items(session, form_id)
    views = papers.version_views(session, (item.version for item in items))
    return [(item, views[item.version]) for item in items]


def candidate_items(form: Sequence[tuple[FormItem, VersionView]]) -> list[dict[str, Any]]:
    """What the player gets: never a key, a tolerance, a mark or an explanation."""
    shown = []
    for position, (item, view) in enumerate(form, start=1):
        texts = dict(view.options)
        asked: dict[str, Any] = {
            "position": position,
            "type": view.type.value,
            "stem": view.stem,
            "options": [{"key": key, "text": texts[key]} for key in item.options] if view.options else [],
            "points": item.points,
            "must_be_right": item.must_be_right,
        }
        if view.type is ItemType.CASE:
            asked["parts"] = [
                _part(number, part, of_part(number, item.options)) | _besides(part) for number, part in enumerate(view.parts, start=1)
            ]
        elif not view.type.is_choice:
            asked |= _besides(questions_of(view)[0])
        if view.pictures:
            asked["pictures"] = [_picture(ref, ref.where) for ref in view.pictures if ref.where != "explanation"]
        shown.append(asked)
    return shown


def _picture(ref: PictureRef, where: str) -> dict[str, str]:
    told = {"alt": ref.description} if ref.description else {}
    return {"src": f"/pictures/{ref.digest}", "where": where} | told


def _part(number: int, question: Question, order: Sequence[str]) -> dict[str, Any]:
    options = [{"key": key, "text": question.options[key]} for key in order]
    return {"number": number, "type": question.type.value, "stem": question.stem, "options": options}


def _besides(question: Question) -> dict[str, Any]:
    """What somebody needs to answer it besides stem and options."""
    match question.type:
        case ItemType.NUMERIC:
            return {"unit": question.unit}
        case ItemType.BLANK:
            return {"blanks": question.stem.count(BLANK)}
        case ItemType.MATCHING:
            return {"prompts": [{"key": key, "text": text} for key, text in prompts_in_order(question.prompts.items())]}
    return {}


def attempt_payload(
    session: Session, row: AttemptRow, *, now: datetime, form: Sequence[tuple[FormItem, VersionView]] | None = None
) -> dict[str, Any]:
    """The attempt as the API answers it."""
    title = papers.paper(session, row.paper_id).title
    return {
        "id": row.id,
        "paper": row.paper_id,
        "title": title,
        "state": row.state.value,
        "started_at": row.started_at.isoformat(),
        "deadline": row.deadline.isoformat(),
        "server_time": now.isoformat(),
        "scoring_policy": row.scoring_policy.value,
        "scoring_text": row.scoring_policy.label,
        "cut_score": row.cut_score,
        "max_score": row.max_score,
        "items": candidate_items(form if form is not None else form_with_versions(session, row.form_id)),
        "responses": saved_responses(session, row.id),
    }


def attempts_of(session: Session, *, person_id: int, paper_id: int | None = None) -> list[AttemptRow]:
    """A person's attempts, newest first."""
    rows = [_row(row) for row in session.connection().execute(_OF_PERSON, {"person_id": person_id})]
    return rows if paper_id is None else [row for row in rows if row.paper_id == paper_id]


@dataclass(frozen=True)
class Allowance:
    """What a person may still do with a paper, extensions counted in."""

    attempts_left: int | None
    """None = unlimited."""
    closes_at: datetime
    extra_minutes: int


def allowance(session: Session, *, paper: PaperView, person_id: int, taken: int) -> Allowance:
    """The paper's rules plus whatever was granted to this person."""
    row = session.connection().execute(_GRANTED, {"paper_id": paper.id, "person_id": person_id}).one()
    allowed = None if paper.attempts_allowed is None else paper.attempts_allowed + row[0]
    return Allowance(
        attempts_left=None if allowed is None else max(0, allowed - taken),
        closes_at=max(paper.closes_at, row[2]) if row[2] else paper.closes_at,
        extra_minutes=row[1],
    )


@dataclass(frozen=True)
class ReviewedItem:
    """One position of a closed attempt, with why."""

    position: int
    type_label: str
    stem: str
    options: list[dict[str, Any]]
    mark: float
    points: float
    correct: bool
    answered: bool
    must_be_right: bool
    explanation: str
    clauses: list[dict[str, str]]
    late_answer: str
    lines: list[AnswerLine] = field(default_factory=list)
    """The answer beside the right one, where nothing was to be chosen."""
    parts: list[ReviewedPart] = field(default_factory=list)
    """Of a case."""
    pictures: list[dict[str, str]] = field(default_factory=list)
    """`src`, and `where`: `stem`, `explanation`, or the letter an option had on screen."""


@dataclass(frozen=True)
class ResultView:
    """A closed attempt: the score, and the review as far as the paper's policy allows it now."""

    attempt_id: int
    paper_id: int
    title: str
    number: int
    state: AttemptState
    score: float
    max_score: float
    cut_score: float
    passed: bool
    must_failed_count: int
    must_failed: list[int]
    """Positions; empty when the review is not shown yet."""
    started_at: datetime
    handed_in_at: datetime
    correct: int
    total: int
    unanswered: int
    review: list[ReviewedItem] | None
    review_text: str
    late: int


def result(session: Session, *, attempt_id: int, person_id: int | None, now: datetime, for_staff: bool = False) -> ResultView:
    """The result of a closed attempt. Raises NotFound while it is open or not that person's.

    `for_staff` shows the review whatever the policy: an office or trainer within reach may always see it.
    """
    row = attempt_row(session, attempt_id, person_id=person_id)
    if not row.state.is_closed or row.marks is None or row.handed_in_at is None:
        raise NotFound("这次答题还没有交卷。", code="still_open")
    paper = papers.paper(session, row.paper_id)
    form = form_with_versions(session, row.form_id)
    answers = {saved["position"]: saved["answer"] for saved in saved_responses(session, row.id)}
    late = _late_answers(session, row.id)
    must_failed = [
        n for n, ((item, _), mark) in enumerate(zip(form, row.marks, strict=True), 1) if item.must_be_right and mark < item.points
    ]
    closes_at = allowance(session, paper=paper, person_id=row.person_id, taken=0).closes_at
    shown, why_not = _may_review(paper, closes_at=closes_at, now=now)
    if for_staff:
        shown, why_not = True, ""
    review = [_reviewed(n, item, view, answers.get(n, []), row.marks[n - 1], late.get(n)) for n, (item, view) in enumerate(form, 1)]
    return ResultView(
        attempt_id=row.id,
        paper_id=row.paper_id,
        title=paper.title,
        number=row.number,
        state=row.state,
        score=row.score or 0.0,
        max_score=row.max_score,
        cut_score=row.cut_score,
        passed=bool(row.passed),
        must_failed_count=len(must_failed),
        must_failed=must_failed if shown else [],
        started_at=row.started_at,
        handed_in_at=row.handed_in_at,
        correct=sum(mark >= item.points for (item, _), mark in zip(form, row.marks, strict=True)),
        total=len(form),
        unanswered=sum(not says_anything(answers.get(n, ()), type_=view.type) for n, (_, view) in enumerate(form, 1)),
        review=review if shown else None,
        review_text=why_not,
        late=len(late),
    )


def _may_review(paper: PaperView, *, closes_at: datetime, now: datetime) -> tuple[bool, str]:
    """`closes_at` is this person's own closing: whoever was given longer must not read the keys while they may still start."""
    if paper.review_policy is ReviewPolicy.AFTER_HAND_IN or (paper.review_policy is ReviewPolicy.AFTER_CLOSE and now > closes_at):
        return True, ""
    return False, paper.review_policy.label


def _late_answers(session: Session, attempt_id: int) -> dict[int, list[str]]:
    rows = session.connection().execute(_LATE, {"attempt_id": attempt_id})
    return {row.position: row.answer for row in rows}


def _reviewed(position: int, item: FormItem, view: VersionView, answer: list[str], mark: float, late: list[str] | None) -> ReviewedItem:
    is_case = view.type is ItemType.CASE
    question = questions_of(view)[0]
    letters = {key: chr(ord("A") + place) for place, key in enumerate(item.options)}
    return ReviewedItem(
        position=position,
        type_label=view.type.label,
        stem=view.stem if is_case else readable_stem(question),
        options=[] if is_case else marked_options(question, answer, order=item.options, rationales=view.rationales),
        mark=mark,
        points=item.points,
        correct=mark >= item.points,
        answered=says_anything(answer, type_=view.type),
        must_be_right=item.must_be_right,
        explanation=view.explanation,
        clauses=[{"id": c.id, "ref": c.ref, "heading": c.heading, "text": c.text, "edition_title": c.edition_title} for c in view.clauses],
        late_answer=in_words(view, late, order=item.options) if late is not None else "",
        lines=[] if is_case else answer_lines(question, answer),
        parts=reviewed_parts(view, answer, order=item.options),
        pictures=[_picture(ref, letters.get(ref.where, ref.where)) for ref in view.pictures],
    )


def overdue_ids(session: Session, *, now: datetime, limit: int) -> list[int]:
    """Open attempts past their deadline, oldest first; those that another process is handing in right now are left to it."""
    query = (
        select(attempts.c.id)
        .where(attempts.c.state == AttemptState.OPEN.value, attempts.c.deadline < now)
        .order_by(attempts.c.deadline)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(session.scalars(query))


def keys_of(form: Sequence[tuple[FormItem, VersionView]]) -> dict[int, frozenset[str] | Key]:
    """What marking needs, by version: the letters of a choice, the whole key of anything else."""
    return {view.id: view.key if view.type.is_choice else key_of(view) for _, view in form}
