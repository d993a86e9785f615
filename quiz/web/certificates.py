"""Certificates in the light lane: the public check, and one's own to read, show and keep."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from quiz import clock
from quiz.accounts.domain import User
from quiz.certificates import printing, queries, service
from quiz.certificates.domain import tidy_number
from quiz.certificates.queries import CertificateView
from quiz.http import requests
from quiz.http.page_headers import SECURITY_HEADERS
from quiz.http.running import read, running, work
from quiz.problems import NotFound
from quiz.settings import settings
from quiz.vocabulary import CertificateState
from quiz.web.render import office_telephone, page

TONES = {
    CertificateState.VALID: "ok",
    CertificateState.EXPIRED: "warn",
    CertificateState.REPLACED: "warn",
    CertificateState.REVOKED: "bad",
}
LONGEST_NUMBER = 60


async def get_verify(request: Request) -> Response:
    """Public check of a certificate's number: every printed field, and whether it holds."""
    given, now, address = request.path_params["number"][:LONGEST_NUMBER], clock.now(), requests.address_of(request)
    running().misses.refuse_if_many(address, now=now)

    def job(session: Session) -> tuple[str, CertificateView | None]:
        return office_telephone(session), queries.certificate(session, number=given, today=clock.local_day(now))

    telephone, view = await read(job)
    if view is None:
        running().misses.note(address, now=now)
    return page(
        "verify.html", user=None, telephone=telephone, number=view.number if view else given, asked=True, certificate=_shown(view),
        status=200 if view else 404,
    )  # fmt: skip


async def get_verify_form(request: Request) -> Response:
    """The field into which a number is typed; `?number=` leads on."""
    number = request.query_params.get("number", "")[:LONGEST_NUMBER]
    if tidy_number(number):
        return RedirectResponse(f"/verify/{tidy_number(number)}", status_code=303)
    return page("verify.html", user=None, telephone=await read(office_telephone), number="", asked=False, certificate=None)


async def get_public_key(_: Request) -> Response:
    """Every public key that has signed certificates, for whoever wants to check them elsewhere."""
    keys = await read(queries.public_keys)
    lines = [f"{number} {key}" for number, key in keys.items()]
    return PlainTextResponse(
        "\n".join(["# 安考结业证明签名公钥（Ed25519，base64url），每行：公钥编号 公钥", *lines, ""]), headers=SECURITY_HEADERS
    )


async def get_my_certificates(request: Request) -> Response:
    """My certificates with their history; what was completed a moment ago is issued on the way."""

    def issue(session: Session) -> tuple[User, list[str]]:
        user, person_id = requests.require_person(session, request)
        return user, service.issue_due(session, now=clock.now(), person_id=person_id)

    def job(session: Session) -> tuple[User, dict[str, Any]]:
        user, person_id = requests.require_person(session, request)
        found = queries.certificates_of(session, person_id=person_id, today=clock.local_day(clock.now()))
        return user, {"telephone": office_telephone(session), "certificates": [_shown(view) for view in found]}

    await work(issue)
    user, context = await read(job)
    return page("my_certificates.html", user=user, **context)


async def get_my_certificate_file(request: Request) -> Response:
    """One of my certificates as pdf, or as the signed file."""
    given, _, kind = request.path_params["file"][:LONGEST_NUMBER].rpartition(".")

    def job(session: Session) -> CertificateView:
        _, person_id = requests.require_person(session, request)
        view = queries.certificate(session, number=given, today=clock.local_day(clock.now()))
        if view is None or view.person_id != person_id or kind not in ("pdf", "json"):
            raise NotFound("没有找到这份证明。", code="no_certificate")
        return view

    view = await read(job)
    if kind == "json":
        return _file(view.signed_file, "application/json", f"{view.number}.json")
    base = settings().public_url or str(request.base_url)
    return _file(await read(lambda _: printing.certificate_pdf(view, base_url=base)), "application/pdf", f"{view.number}.pdf")


def _file(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)


def _shown(view: CertificateView | None) -> dict[str, Any] | None:
    if view is None:
        return None
    return {
        "number": view.number,
        "programme": view.content.programme,
        "organisation": view.content.organisation,
        "completed_on": view.content.completed_on,
        "valid_until": view.content.valid_until,
        "fields": [{"label": label, "value": value} for label, value in view.content.shown()],
        "state": view.state.value,
        "state_label": view.state.label,
        "tone": TONES[view.state],
        "genuine": view.is_genuine,
        "ended": clock.show(view.ended_at),
        "reason": view.end_reason,
        "replaced_by": view.replaced_by,
    }
