"""Bodies of the API, as OpenAPI shows them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from quiz.attempts.answers import LONGEST_ENTRY, MOST_ENTRIES


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SignInBody(_Body):
    account: str = Field(max_length=60)
    password: str = Field(max_length=200)


class StartBody(_Body):
    paper: int = Field(ge=1, le=2**31 - 1)


class StudyBody(_Body):
    card: str = Field(min_length=3, max_length=100)
    """Id of the clause whose card is open."""
    begin: bool = False
    """Reading begins, or begins again: nothing is counted for the time before."""


class StudyView(BaseModel):
    minutes: int
    needed: int
    """0 when no duty of the person asks for this edition."""


class ResponseBody(_Body):
    position: int = Field(ge=1, le=1000)
    answer: list[Annotated[str, Field(max_length=LONGEST_ENTRY)]] = Field(max_length=MOST_ENTRIES)
    """As `items[].type` asks for it: option keys; one number; one text a blank; keys in order; prompt and key; entries by part of a case."""
    sequence: int = Field(ge=1, le=2**31 - 2)


class ResponsesBody(_Body):
    responses: list[ResponseBody] = Field(min_length=1, max_length=400)


class SavedView(BaseModel):
    position: int
    sequence: int


class SavedAnswer(BaseModel):
    saved: list[SavedView]
    server_time: str


class SubmissionView(BaseModel):
    """The result of a hand-in; the same again however often it is asked for."""

    id: int
    state: str
    score: float
    max_score: float
    cut_score: float
    passed: bool
    correct: int
    total: int
    must_failed: int
    """How many must-be-right items were not right."""
    handed_in_at: str


class MeView(BaseModel):
    account: str
    name: str
    roles: list[str]
    is_staff: bool
    has_person: bool
    must_change_password: bool


class MyPaperView(BaseModel):
    id: int
    title: str
    programme: str
    programmes: list[str]
    organisations: list[str]
    due: str
    attempts_left: int | None
    attempts_taken: int
    questions: int
    time_limit_minutes: int
    max_score: float
    cut_score: float
    opens_at: str
    closes_at: str
    scoring_policy: str
    scoring_text: str
    open_attempt: int | None
    best_score: float | None
    passed: bool


class MyPapersView(BaseModel):
    papers: list[MyPaperView]
