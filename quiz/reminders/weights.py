"""Reads the points by which calls are ordered."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml

from quiz.reminders.domain import Weights

FILE = Path(__file__).parent / "data" / "call_weights.yaml"


@lru_cache(maxsize=1)
def call_weights() -> Weights:
    """As shipped."""
    given = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    given["days_left"] = tuple((int(days), int(points)) for days, points in given["days_left"])
    return Weights(**given)
