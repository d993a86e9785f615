"""The door on the light lane: sign in and out, first use, passwords, first administrator."""

from __future__ import annotations

import re
from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from quiz import clock, installation
from quiz.accounts import queries, service
from quiz.accounts.audit import Actor
from quiz.accounts.domain import User, check_password_strength
from quiz.http import requests, sign_in
from quiz.http.running import read, running, work
from quiz.organisations.identifiers import read_phone
from quiz.problems import Invalid, NotSignedIn, Refusal
from quiz.vocabulary import AccountRole
from quiz.web import setup_code
from quiz.web.render import office_telephone, page

DEMONSTRATION_ACCOUNTS = (
    ("principal", "企业主要负责人（手机答题）"),
    ("office", "市安委会办公室"),
    ("district", "区安委会办公室（只看本区）"),
    ("trainer", "培训教师"),
    ("admin", "系统管理员"),
)


def home_of(user: User) -> str:
    """Where a person lands: trainees on the light lane, staff on the screens."""
    return "/" if user.is_staff else "/my"


def safe_next(target: str) -> str:
    """A local path to go on to, or nothing: never another site."""
    return target if re.fullmatch(r"/(?!/)[\w\-./?=&%]*", target) else ""


def _door(session: Session, request: Request) -> dict[str, Any]:
    """What every page of the door shows."""
    return {
        "user": queries.user_of_token(session, requests.token_of(request), now=clock.now()),
        "telephone": office_telephone(session),
        "demonstration": [
            {"account": account, "label": label}
            for account, label in (DEMONSTRATION_ACCOUNTS if installation.is_demonstration(session) else ())
        ],
        "empty": not queries.any_account(session),
    }


async def get_sign_in(request: Request) -> Response:
    door = await read(lambda session: _door(session, request))
    if door["empty"]:
        return RedirectResponse("/first-run", status_code=303)
    target = safe_next(request.query_params.get("next", ""))
    if door["user"] is not None and not door["user"].must_change_password:
        return RedirectResponse(target or home_of(door["user"]), status_code=303)
    return _sign_in_page(door, next=target)


def _sign_in_page(door: dict[str, Any], **context: Any) -> Response:
    return page("sign_in.html", user=None, telephone=door["telephone"], demonstration=door["demonstration"], **context)


async def post_sign_in(request: Request) -> Response:
    form = await request.form()
    account, target = str(form.get("account", "")), safe_next(str(form.get("next", "")))
    try:
        opened = await sign_in.sign_in(
            account=account,
            password=str(form.get("password", "")),
            address=requests.address_of(request),
            agent=request.headers.get("user-agent", ""),
        )
    except (NotSignedIn, service.Locked) as refusal:
        door = await read(lambda session: _door(session, request))
        return _sign_in_page(door, next=target, error=refusal.message, account=account, status=refusal.status)
    destination = "/change-password" if opened.user.must_change_password else target or home_of(opened.user)
    return _enter(opened.token, opened.user, destination)


def _enter(token: str, user: User, destination: str) -> Response:
    response = RedirectResponse(destination, status_code=303)
    requests.set_cookie(response, token, is_staff=user.is_staff)
    return response


async def get_sign_out(request: Request) -> Response:
    """Follow the screens' link at once; a link on a foreign page only gets the question."""
    if request.headers.get("sec-fetch-site") == "same-origin":
        return await post_sign_out(request)
    door = await read(lambda session: _door(session, request))
    return page("sign_out.html", user=door["user"], telephone=door["telephone"])


async def post_sign_out(request: Request) -> Response:
    token = requests.token_of(request)
    if token:
        await work(lambda session: service.close_session(session, token=token))
    response = RedirectResponse("/sign-in", status_code=303)
    requests.clear_cookie(response)
    return response


async def get_activate(request: Request) -> Response:
    door = await read(lambda session: _door(session, request))
    fields = {"code": request.query_params.get("code", "")[:20]}
    return page("activate.html", user=None, telephone=door["telephone"], fields=fields)


async def post_activate(request: Request) -> Response:
    form = {name: str(value).strip() for name, value in (await request.form()).items() if isinstance(value, str)}
    address, agent = requests.address_of(request), request.headers.get("user-agent", "")
    try:
        if form.get("password") != form.get("again"):
            raise Invalid("两次输入的密码不一致。", code="password_differs")
        phone = _phone(form.get("phone", ""))
        code, name, password = (form.get(field, "") for field in ("code", "name", "password"))
        await _known_candidate(code, name, address)
        check_password_strength(password, account=phone)
        hashed = await sign_in.hash_password(password)

        def job(session: Session) -> tuple[str, User]:
            now = clock.now()
            account_id = service.activate(
                session,
                code=code,
                name=name,
                phone=phone,
                password=password,
                hashed=hashed,
                now=now,
                address=address,
            )
            token = service.open_session(session, account_id=account_id, address=address, agent=agent, now=now)
            return token, queries.user_of_account(session, account_id)

        token, user = await work(job)
    except Refusal as refusal:
        door = await read(lambda session: _door(session, request))
        return page(
            "activate.html", user=None, telephone=door["telephone"], status=refusal.status, error=refusal.message,
            fields={name: form.get(name, "") for name in ("name", "phone", "code")},
        )  # fmt: skip
    return _enter(token, user, home_of(user))


async def _known_candidate(code: str, name: str, address: str) -> None:
    """Raise unless name and code belong together; guesses count against the address like wrong passwords."""

    def look(session: Session) -> None:
        service.refuse_barred_address(session, address=address, account_id=None, now=clock.now())
        service.candidate_of_code(session, code=code, name=name, now=clock.now())

    try:
        await read(look)
    except Invalid as refusal:
        if refusal.code == "activation_wrong":
            await work(lambda session: service.record_failure(session, account="激活码", account_id=None, address=address, now=clock.now()))
        raise


def _phone(given: str) -> str:
    reading = read_phone(given)
    if reading.value is None and reading.findings:
        raise Invalid(f"{reading.findings[0].message}{reading.findings[0].action}", code=reading.findings[0].code)
    return reading.value or ""


async def get_change_password(request: Request) -> Response:
    door = await read(lambda session: _door(session, request))
    if door["user"] is None:
        return RedirectResponse("/sign-in?next=/change-password", status_code=303)
    return page("change_password.html", user=door["user"], telephone=door["telephone"], forced=door["user"].must_change_password)


async def post_change_password(request: Request) -> Response:
    form = await request.form()
    current, password, again = (str(form.get(name, "")) for name in ("current", "password", "again"))
    door = await read(lambda session: _door(session, request))
    user: User | None = door["user"]
    if user is None:
        return RedirectResponse("/sign-in?next=/change-password", status_code=303)
    try:
        await sign_in.confirm_password(user, current, address=requests.address_of(request))
        if password != again:
            raise Invalid("两次输入的新密码不一致。", code="password_differs")
        if password == current:
            raise Invalid("新密码不能与现在的密码相同。", code="password_same")
        check_password_strength(password, account=user.account)
        new_hash = await sign_in.hash_password(password)
        await work(
            lambda session: service.change_password(
                session, account_id=user.account_id, password=password, hashed=new_hash, now=clock.now(),
                keep_token=requests.token_of(request), actor=requests.actor_of(user, request),
            )
        )  # fmt: skip
    except Refusal as refusal:
        return page(
            "change_password.html", user=user, telephone=door["telephone"], status=refusal.status, error=refusal.message,
            forced=user.must_change_password,
        )  # fmt: skip
    return RedirectResponse(home_of(user), status_code=303)


async def get_forgotten_password(request: Request) -> Response:
    door = await read(lambda session: _door(session, request))
    return page("forgotten_password.html", user=None, telephone=door["telephone"])


async def get_privacy(request: Request) -> Response:
    door = await read(lambda session: _door(session, request))
    return page("privacy.html", user=door["user"], telephone=door["telephone"])


async def get_first_run(request: Request) -> Response:
    door = await read(lambda session: _door(session, request))
    if not door["empty"]:
        return RedirectResponse("/sign-in", status_code=303)
    setup_code.announce(running().database)
    return page("first_run.html", user=None, telephone="", fields={})


async def _known_setup_code(code: str, address: str) -> None:
    """Raise unless it is the console's code; guesses count against the address like wrong passwords."""
    now = clock.now()
    await read(lambda session: service.refuse_barred_address(session, address=address, account_id=None, now=now))
    try:
        setup_code.check(running().database, code)
    except Invalid:
        await work(lambda session: service.record_failure(session, account="设置码", account_id=None, address=address, now=now))
        raise


async def post_first_run(request: Request) -> Response:
    """Make the first administrator; only while there is no account, and only with the code from the server's console."""
    form = {name: str(value).strip() for name, value in (await request.form()).items() if isinstance(value, str)}
    address, agent = requests.address_of(request), request.headers.get("user-agent", "")
    try:
        await _known_setup_code(form.get("setup_code", ""), address)
        if form.get("password") != form.get("again"):
            raise Invalid("两次输入的密码不一致。", code="password_differs")
        check_password_strength(form.get("password", ""), account=form.get("account", ""))
        hashed = await sign_in.hash_password(form.get("password", ""))

        def job(session: Session) -> tuple[str, User]:
            if queries.any_account(session):
                raise Refusal("系统已经有管理员账号，请直接登录。", code="not_empty")
            now = clock.now()
            account_id = service.create_account(
                session, account=form.get("account", ""), password_hash=hashed, name=form.get("name", ""),
                roles=[(AccountRole.ADMINISTRATOR, None, None, None)], now=now, actor=Actor(account="首次设置", address=address),
            )  # fmt: skip
            token = service.open_session(session, account_id=account_id, address=address, agent=agent, now=now)
            return token, queries.user_of_account(session, account_id)

        token, user = await work(job)
    except Refusal as refusal:
        fields = {name: form.get(name, "") for name in ("setup_code", "account", "name")}
        return page("first_run.html", user=None, telephone="", status=refusal.status, error=refusal.message, fields=fields)
    return _enter(token, user, "/")
