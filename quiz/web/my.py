"""A principal's home, the exam player's shell, and the result."""

from __future__ import annotations

import re
import secrets
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from quiz import clock
from quiz.accounts.domain import User
from quiz.attempts import queries as attempts
from quiz.attempts.queries import ResultView
from quiz.banks import cards
from quiz.http import requests
from quiz.http.running import read, work
from quiz.models.organisations import Organisation, Post
from quiz.papers import queries as papers
from quiz.problems import Refusal
from quiz.training import my_duties, my_papers
from quiz.training.my_papers import MyPaper
from quiz.vocabulary import AttemptState
from quiz.web.render import office_telephone, page


async def get_my(request: Request) -> Response:
    """Papers to take, with their rules; what was taken."""

    def job(session: Session) -> tuple[User, dict[str, Any]]:
        now = clock.now()
        user, person_id = requests.require_person(session, request)
        taken = attempts.attempts_of(session, person_id=person_id)
        titles = {view.id: view.title for view in (papers.paper(session, paper_id) for paper_id in {row.paper_id for row in taken})}
        return user, {
            "telephone": office_telephone(session),
            "organisations": _organisations(session, person_id, clock.local_day(now)),
            "duties": [duty for duty in my_duties.my_duties(session, person_id=person_id, now=now) if not duty.is_only_a_paper],
            "today": clock.local_day(now),
            "papers": [_paper(view, clock.local_day(now)) for view in my_papers.my_papers(session, person_id=person_id, now=now)],
            "attempts": [_attempt(row, titles[row.paper_id]) for row in taken],
        }

    user, context = await read(job)
    return page("my.html", user=user, **context)


def _organisations(session: Session, person_id: int, today: date) -> list[str]:
    rows = session.exec(
        select(Organisation.name)
        .join(Post, Post.organisation_id == Organisation.id)  # type: ignore[arg-type]
        .where(Post.person_id == person_id, Post.held_from <= today, (Post.held_to.is_(None)) | (Post.held_to > today))  # type: ignore[union-attr,operator]
        .order_by(Organisation.name)
    )
    return list(dict.fromkeys(rows))


def _paper(view: MyPaper, today: date) -> dict[str, Any]:
    return {
        "id": view.paper.id,
        "title": view.paper.title,
        "programme": "、".join(view.programmes),
        "due": view.due_on.isoformat(),
        "due_in_days": (view.due_on - today).days,
        "opens": clock.show(view.paper.opens_at),
        "time_limit_minutes": view.minutes,
        "questions": view.paper.questions,
        "cut_score": view.paper.cut_score,
        "max_score": view.paper.max_score,
        "attempts_left": view.attempts_left,
        "scoring_text": view.paper.scoring_policy.label,
        "review_text": view.paper.review_policy.label,
        "must_be_right": view.paper.blueprint.must_be_right,
        "open_attempt_id": view.open_attempt_id,
        "best_score": view.best_score,
        "passed": view.passed,
        "status": view.status,
        "may_start": view.may_start,
        "start_key": secrets.token_urlsafe(16),
    }


def _attempt(row: attempts.AttemptRow, title: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "paper": title,
        "started": clock.show(row.started_at),
        "score": row.score,
        "max_score": row.max_score,
        "passed": row.passed,
        "state_label": row.state.label,
    }


async def post_start(request: Request) -> Response:
    """Start without JavaScript: the key in the form makes a doubled click harmless."""
    form = await request.form()
    paper, idempotency_key = str(form.get("paper", "")), str(form.get("key", ""))
    if not re.fullmatch(r"[0-9]{1,9}", paper) or not 8 <= len(idempotency_key) <= 80:
        raise Refusal("页面已过期，请返回后重新开始。", code="stale_page")

    def job(session: Session) -> int:
        _, person_id = requests.require_person(session, request)
        return my_papers.start_paper(
            session, person_id=person_id, paper_id=int(paper), idempotency_key=idempotency_key, now=clock.now()
        ).attempt.id

    return RedirectResponse(f"/exam/{await work(job)}", status_code=303)


async def get_exam(request: Request) -> Response:
    """The player's shell; the paper itself comes from the API."""
    attempt_id = int(request.path_params["attempt"])

    def job(session: Session) -> tuple[User, attempts.AttemptRow, str, str]:
        user, person_id = requests.require_person(session, request)
        row = attempts.attempt_row(session, attempt_id, person_id=person_id)
        return user, row, papers.paper(session, row.paper_id).title, office_telephone(session)

    user, row, title, telephone = await read(job)
    if row.state is not AttemptState.OPEN:
        return RedirectResponse(f"/exam/{attempt_id}/result", status_code=303)
    return page("exam.html", user=user, telephone=telephone, attempt_id=attempt_id, paper_title=title, candidate=user.name)


async def get_result(request: Request) -> Response:
    """The result, for its candidate; an office or trainer sees it on the scores screen."""
    attempt_id = int(request.path_params["attempt"])

    def job(session: Session) -> tuple[User, ResultView | None, MyPaper | None, str, set[str]]:
        now = clock.now()
        user, person_id = requests.require_person(session, request)
        row = attempts.attempt_row(session, attempt_id, person_id=person_id)
        telephone = office_telephone(session)
        if not row.state.is_closed:
            return user, None, None, telephone, set()
        mine = my_papers.my_papers(session, person_id=person_id, now=now)
        paper = next((view for view in mine if view.paper.id == row.paper_id), None)
        result = attempts.result(session, attempt_id=attempt_id, person_id=person_id, now=now)
        wrong = {clause["id"] for item in result.review or [] if not item.correct for clause in item.clauses}
        return user, result, paper, telephone, cards.with_cards(session, wrong)

    user, result, paper, telephone, learn = await read(job)
    if result is None:
        return RedirectResponse(f"/exam/{attempt_id}", status_code=303)
    return page("result.html", user=user, telephone=telephone, result=_result(result, paper), attempt_id=attempt_id, learn=learn)


def _result(result: ResultView, paper: MyPaper | None) -> dict[str, Any]:
    return {
        "title": result.title,
        "score": result.score,
        "max_score": result.max_score,
        "cut_score": result.cut_score,
        "passed": result.passed,
        "must_failed": result.must_failed,
        "must_failed_count": result.must_failed_count,
        "handed_in": clock.show(result.handed_in_at),
        "closed_by": "server" if result.state is AttemptState.EXPIRED else "person",
        "duration_text": _duration(result.started_at, result.handed_in_at),
        "correct": result.correct,
        "total": result.total,
        "unanswered": result.unanswered,
        "attempts_left": paper.attempts_left if paper else 0,
        "may_retake_href": "/my" if paper and paper.may_start and not result.passed else None,
        "review": result.review or [],
        "review_text": result.review_text,
        "late": result.late,
    }


def _duration(start: datetime, end: datetime) -> str:
    minutes, seconds = divmod(int((end - start).total_seconds()), 60)
    return f"{minutes} 分 {seconds} 秒" if minutes else f"{seconds} 秒"
