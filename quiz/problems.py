"""Refusals a person can act on: what is wrong, in Chinese, and how the doors translate it."""

from __future__ import annotations


class Refusal(Exception):
    """A rule said no. `message` is shown as it stands; `code` is for programs and tests."""

    status = 409

    def __init__(self, message: str, *, code: str = "refused") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class NotFound(Refusal):
    """Not there, or not within the asker's reach: the two are deliberately not told apart."""

    status = 404

    def __init__(self, message: str = "没有找到该内容，或您无权查看。", *, code: str = "not_found") -> None:
        super().__init__(message, code=code)


class Forbidden(Refusal):
    """Signed in, but this is not for this role."""

    status = 403

    def __init__(self, message: str = "您的账号没有此项权限。", *, code: str = "forbidden") -> None:
        super().__init__(message, code=code)


class NotSignedIn(Refusal):
    """No session, or one that ended."""

    status = 401

    def __init__(self, message: str = "登录已失效，请重新登录。", *, code: str = "not_signed_in") -> None:
        super().__init__(message, code=code)


class Invalid(Refusal):
    """The input itself is wrong."""

    status = 422
