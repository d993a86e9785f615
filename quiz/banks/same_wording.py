"""Whether two versions of an item read the same to a candidate: what only describes an item makes no other question of it."""

from __future__ import annotations

import hashlib
import json

from quiz.banks.queries import VersionView


def wording(view: VersionView) -> str:
    """A digest of what a candidate reads and is marked by; topic, difficulty, posts, clauses and explanation are left out."""
    content = [
        view.type.value,
        view.stem,
        sorted(view.options),
        sorted(view.key) if view.type.is_choice else view.ordered_key,
        view.unit,
        view.tolerance,
        view.prompts,
        [part.model_dump(mode="json") for part in view.parts],
        sorted((picture.where, picture.digest) for picture in view.pictures if picture.where != "explanation"),
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def wording_of_pair(one: VersionView, other: VersionView) -> str:
    """The same digest whichever of the two comes first."""
    return hashlib.sha256("".join(sorted((wording(one), wording(other)))).encode()).hexdigest()
