"""Templates, and the headers every light page carries."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlmodel import Session
from starlette.responses import HTMLResponse

from quiz.accounts.domain import User
from quiz.http.page_headers import SECURITY_HEADERS
from quiz.models.accounts import Setting
from quiz.settings import settings

HERE = Path(__file__).parent
STATIC = HERE / "static"


class _Lenient(StrictUndefined):
    """Optional context variables may be asked about (`{% if message %}`), but never printed when they are missing."""

    def __bool__(self) -> bool:  # type: ignore[override]
        return False


_environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=_Lenient,
    trim_blocks=True,
    lstrip_blocks=True,
)


@lru_cache
def assets_version() -> str:
    """Changes whenever a static file changes, so that phones may keep what they have for a year."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def office_telephone(session: Session) -> str:
    """The number shown to those who cannot get in: set on screen, else by environment."""
    stored = session.get(Setting, "office_telephone")
    return stored.value if stored and stored.value else settings().office_telephone


def page(template: str, *, user: User | None, telephone: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A rendered page with its security headers."""
    html = _environment.get_template(template).render(
        organiser=settings().organiser, office_telephone=telephone, version=assets_version(), user=user, **context
    )
    return HTMLResponse(html, status_code=status, headers=SECURITY_HEADERS)
