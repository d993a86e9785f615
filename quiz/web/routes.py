"""The light lane's routes, and how it says no."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

import structlog
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from quiz.http.requests import TemporaryPassword
from quiz.http.running import read
from quiz.problems import NotSignedIn, Refusal
from quiz.web import attend, certificates, learn, my, my_classes, pictures, sign_in
from quiz.web.render import STATIC, office_telephone, page

log = structlog.get_logger()
Endpoint = Callable[[Request], Awaitable[Response]]


class _Row(Convertor[int]):
    """Number of a row: one that no table can hold is an address that does not exist."""

    regex = "[0-9]{1,9}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("row", _Row())


class _Assets(StaticFiles):
    """Static files with the version in their query string: a phone fetches each once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if scope["query_string"] else "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _guarded(endpoint: Endpoint) -> Endpoint:
    """Turn refusals into pages: to the door when not signed in, a clear message otherwise."""

    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except NotSignedIn:
            return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", status_code=303)
        except TemporaryPassword:
            return RedirectResponse("/change-password", status_code=303)
        except Refusal as refusal:
            return await _message(refusal.status, "没有办成", refusal.message)
        except HTTPException:  # a form that is broken or too large: the lane says so
            raise
        except Exception:  # logged, and answered with a page a candidate can act on
            log.exception("light lane failed", path=request.url.path)
            return await _message(503, "系统暂时繁忙", "请稍后刷新重试；已显示“已保存”的答案不会丢失。")

    return guarded


async def _message(status: int, title: str, text: str) -> Response:
    telephone = await read(office_telephone)
    return page(
        "message.html", user=None, telephone=telephone, status=status, title=title, text=text, link_href="/my", link_text="返回首页"
    )


def _route(path: str, *, get: Endpoint | None = None, post: Endpoint | None = None) -> list[BaseRoute]:
    found: list[BaseRoute] = []
    if get:
        found.append(Route(path, _guarded(get), methods=["GET"]))
    if post:
        found.append(Route(path, _guarded(post), methods=["POST"]))
    return found


light_lane: list[BaseRoute] = [
    *_route("/sign-in", get=sign_in.get_sign_in, post=sign_in.post_sign_in),
    *_route("/sign-out", get=sign_in.get_sign_out, post=sign_in.post_sign_out),
    *_route("/activate", get=sign_in.get_activate, post=sign_in.post_activate),
    *_route("/change-password", get=sign_in.get_change_password, post=sign_in.post_change_password),
    *_route("/forgotten-password", get=sign_in.get_forgotten_password),
    *_route("/privacy", get=sign_in.get_privacy),
    *_route("/first-run", get=sign_in.get_first_run, post=sign_in.post_first_run),
    *_route("/my", get=my.get_my),
    *_route("/my/start", post=my.post_start),
    *_route("/my/classes", get=my_classes.get_my_classes),
    *_route("/my/classes/register", post=my_classes.post_register),
    *_route("/my/classes/cancel", post=my_classes.post_cancel),
    *_route("/my/classes/code", post=my_classes.post_code),
    *_route("/attend/{site:row}", get=attend.get_attend, post=attend.post_attend),
    *_route("/attend/{site:row}/screen", get=attend.get_screen, post=attend.post_screen),
    *_route("/attend/{site:row}/code", get=attend.get_code),
    *_route("/exam/{attempt:row}", get=my.get_exam),
    *_route("/exam/{attempt:row}/result", get=my.get_result),
    *_route("/learn", get=learn.get_index),
    *_route("/learn/{edition}", get=learn.get_booklet),
    *_route("/learn/{edition}/{clause}", get=learn.get_card),
    *_route("/pictures/{digest}", get=pictures.get_picture),
    *_route("/my/certificates", get=certificates.get_my_certificates),
    *_route("/my/certificates/{file}", get=certificates.get_my_certificate_file),
    *_route("/verify", get=certificates.get_verify_form),
    *_route("/verify/{number}", get=certificates.get_verify),
    *_route("/verify-keys", get=certificates.get_public_key),
    Mount("/assets", app=_Assets(directory=STATIC), name="assets"),
]
