"""Pictures of items, for whoever is signed in; a picture is named by its digest, so it may be kept for ever."""

from __future__ import annotations

import re

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from quiz.http import requests
from quiz.http.running import read
from quiz.models.banks import PictureFile
from quiz.problems import NotFound

MEDIA_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"})
"""What a browser shows as a picture and cannot run."""
HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Content-Disposition": "inline",
}


async def get_picture(request: Request) -> Response:
    """One picture."""
    digest = request.path_params["digest"]

    def job(session: Session) -> PictureFile:
        requests.require_user(session, request)
        row = session.get(PictureFile, digest) if re.fullmatch(r"[0-9a-f]{64}", digest) else None
        if row is None or row.media_type not in MEDIA_TYPES:
            raise NotFound("没有这张图片。")
        return row

    row = await read(job)
    return Response(row.data, media_type=row.media_type, headers=HEADERS)
