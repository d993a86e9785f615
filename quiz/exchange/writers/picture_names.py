"""What pictures are called in the files that carry them."""

from __future__ import annotations

from quiz.exchange.domain import Picture

_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/bmp": "bmp", "image/webp": "webp"}


def file_name(picture: Picture) -> str:
    """A name of its own for each content."""
    return f"{picture.digest[:16]}.{_ENDINGS.get(picture.media_type, 'png')}"
