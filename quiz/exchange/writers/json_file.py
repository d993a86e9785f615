"""JSON of our own: every field of every item, and the pictures. `docs/bank-json.md` says what is where."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence

from quiz.banks.files import ItemDraft
from quiz.exchange.domain import Picture

FORMAT, VERSION = "ankao-bank", 1


def write(title: str, items: Sequence[ItemDraft], pictures: Mapping[str, Picture]) -> bytes:
    """The file; it holds every item whole."""
    needed = dict.fromkeys(ref.digest for item in items for ref in item.pictures)
    document = {
        "format": FORMAT,
        "version": VERSION,
        "title": title,
        "items": [item.model_dump(mode="json", exclude_defaults=True) for item in items],
        "pictures": {
            digest: {"media_type": pictures[digest].media_type, "data": base64.b64encode(pictures[digest].data).decode()}
            for digest in needed
        },
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def cannot_hold(item: ItemDraft) -> list[str]:
    """Nothing is ever lost."""
    return []


def left_out(item: ItemDraft) -> list[str]:
    """No item is ever left out."""
    return []
