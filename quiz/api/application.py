"""Routes of /api/v1."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from quiz import clock
from quiz.accounts import service as accounts
from quiz.accounts.domain import Permission
from quiz.api import saving, schemas
from quiz.api.classes import classes
from quiz.attempts import queries as attempt_queries
from quiz.attempts import service as attempts
from quiz.certificates import queries as certificates
from quiz.coverage import queries as coverage
from quiz.http import requests, sign_in
from quiz.http.running import read, running, work
from quiz.problems import NotFound, Refusal
from quiz.training import my_papers, study

api = FastAPI(
    title="Ankao API",
    version="1",
    description="答题、成绩与覆盖率接口。错误一律为 application/problem+json，detail 为中文说明。",
    docs_url=None,
    redoc_url=None,
    openapi_url="/openapi.json",
)


@api.exception_handler(Refusal)
async def on_refusal(_request: Request, refusal: Refusal) -> JSONResponse:
    return requests.problem(refusal)


@api.exception_handler(RequestValidationError)
async def on_invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
    return requests.problem(saving.invalid_request(error.errors(), prefix=1))


@api.exception_handler(StarletteHTTPException)
async def on_http(_request: Request, error: StarletteHTTPException) -> JSONResponse:
    refusal = Refusal(
        {404: "没有这个接口。", 405: "这个接口不支持该请求方法。"}.get(error.status_code, "请求未被接受。"),
        code=f"http_{error.status_code}",
    )
    refusal.status = error.status_code
    return requests.problem(refusal)


@api.exception_handler(Exception)
async def on_failure(_request: Request, _error: Exception) -> JSONResponse:
    return requests.problem(saving.failure())


@api.post("/session", status_code=204, summary="登录")
async def post_session(request: Request, body: schemas.SignInBody) -> Response:
    opened = await sign_in.sign_in(
        account=body.account, password=body.password, address=requests.address_of(request), agent=request.headers.get("user-agent", "")
    )
    response = Response(status_code=204)
    requests.set_cookie(response, opened.token, is_staff=opened.user.is_staff)
    return response


@api.delete("/session", status_code=204, summary="退出登录")
async def delete_session(request: Request) -> Response:
    token = requests.token_of(request)
    if token:
        await work(lambda session: accounts.close_session(session, token=token))
    response = Response(status_code=204)
    requests.clear_cookie(response)
    return response


@api.get("/me", summary="当前用户")
async def get_me(request: Request) -> schemas.MeView:
    user = await read(lambda session: requests.signed_in_user(session, request))
    return schemas.MeView(
        account=user.account,
        name=user.name,
        roles=sorted(user.roles),
        is_staff=user.is_staff,
        has_person=user.person_id is not None,
        must_change_password=user.must_change_password,
    )


@api.get("/me/papers", summary="现在可以开始或继续的试卷")
async def get_my_papers(request: Request) -> schemas.MyPapersView:
    def job(session: Any) -> list[my_papers.MyPaper]:
        _, person_id = requests.require_person(session, request)
        return [paper for paper in my_papers.my_papers(session, person_id=person_id, now=clock.now()) if paper.may_start]

    return schemas.MyPapersView(papers=[_my_paper(view) for view in await read(job)])


def _my_paper(view: my_papers.MyPaper) -> schemas.MyPaperView:
    return schemas.MyPaperView(
        id=view.paper.id,
        title=view.paper.title,
        programme=view.programmes[0],
        programmes=list(view.programmes),
        organisations=list(view.organisations),
        due=view.due_on.isoformat(),
        attempts_left=view.attempts_left,
        attempts_taken=view.taken,
        questions=view.paper.questions,
        time_limit_minutes=view.minutes,
        max_score=view.paper.max_score,
        cut_score=view.paper.cut_score,
        opens_at=view.paper.opens_at.isoformat(),
        closes_at=view.closes_at.isoformat(),
        scoring_policy=view.paper.scoring_policy.value,
        scoring_text=view.paper.scoring_policy.label,
        open_attempt=view.open_attempt_id,
        best_score=view.best_score,
        passed=view.passed,
    )


@api.post("/attempts", status_code=201, summary="开始或继续答题")
async def post_attempt(
    request: Request,
    response: Response,
    body: schemas.StartBody,
    idempotency_key: Annotated[str, Header(min_length=8, max_length=80, description="同一次“开始”重发时用同一个值")],
) -> JSONResponse:
    def job(session: Any) -> attempts.Started:
        _, person_id = requests.require_person(session, request)
        return my_papers.start_paper(session, person_id=person_id, paper_id=body.paper, idempotency_key=idempotency_key, now=clock.now())

    started = await work(job)
    return JSONResponse(started.payload, status_code=201 if started.created else 200)


@api.get("/attempts/{attempt_id}", summary="答卷与已保存的答案")
async def get_attempt(request: Request, attempt_id: int) -> JSONResponse:
    def job(session: Any) -> dict[str, Any]:
        _, person_id = requests.require_person(session, request)
        row = attempt_queries.attempt_row(session, attempt_id, person_id=person_id)
        return attempt_queries.attempt_payload(session, row, now=clock.now())

    return JSONResponse(await read(job))


@api.put("/attempts/{attempt_id}/responses", summary="保存答案（提交到磁盘后才应答）")
async def put_responses(request: Request, attempt_id: int, body: schemas.ResponsesBody) -> schemas.SavedAnswer:
    return schemas.SavedAnswer.model_validate(await saving.save(token=requests.token_of(request), attempt_id=attempt_id, body=body))


@api.post("/attempts/{attempt_id}/submission", summary="交卷（可重复，结果相同）")
async def post_submission(request: Request, attempt_id: int) -> schemas.SubmissionView:
    def job(session: Any) -> attempt_queries.ResultView:
        _, person_id = requests.require_person(session, request)
        now = clock.now()
        attempts.hand_in(session, attempt_id=attempt_id, person_id=person_id, now=now)
        return attempt_queries.result(session, attempt_id=attempt_id, person_id=person_id, now=now)

    result = await work(job)
    return schemas.SubmissionView(
        id=result.attempt_id,
        state=result.state.value,
        score=result.score,
        max_score=result.max_score,
        cut_score=result.cut_score,
        passed=result.passed,
        correct=result.correct,
        total=result.total,
        must_failed=result.must_failed_count,
        handed_in_at=result.handed_in_at.isoformat(),
    )


@api.post("/me/study", summary="学习时间：打开学习卡时每 15 秒一次，由服务器计时")
async def post_study(request: Request, body: schemas.StudyBody) -> schemas.StudyView:
    def job(session: Any) -> study.StudyView | None:
        _, person_id = requests.require_person(session, request)
        return study.beat(session, person_id=person_id, card=body.card, begin=body.begin, now=clock.now())

    counted = await work(job)
    return schemas.StudyView(minutes=counted.minutes if counted else 0, needed=counted.needed if counted else 0)


@api.get("/certificates/{number}", summary="公开查验证书")
async def get_certificate(request: Request, number: str) -> JSONResponse:
    now, address = clock.now(), requests.address_of(request)
    running().misses.refuse_if_many(address, now=now)
    view = await read(lambda session: certificates.certificate(session, number=number, today=clock.local_day(now)))
    if view is None:
        running().misses.note(address, now=now)
        raise NotFound(f"没有编号为 {number[:40]} 的证书。", code="no_certificate")
    return JSONResponse(view.as_json())


@api.get("/coverage/{programme}", summary="覆盖率（办公室，限本人管辖范围）")
async def get_coverage(
    request: Request,
    programme: str,
    by: coverage.Dimension | None = None,
    as_of: date | None = None,
) -> JSONResponse:
    """不设考试的专项没有参考和合格数字：examined、passed 恒为 0，并在 notes 中说明。"""

    def job(session: Any) -> dict[str, Any]:
        user = requests.require_user(session, request)
        user.require(Permission.SEE_COVERAGE)
        day = as_of or clock.local_day(clock.now())
        view = coverage.coverage(session, programme_code=programme, as_of=day, by=by, reach=user.reach(Permission.SEE_COVERAGE))
        return view.as_json()

    return JSONResponse(await read(job))


api.include_router(classes)
