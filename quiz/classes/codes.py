"""The code on the screen of a classroom: six digits, new every fifteen seconds, made from the classroom's secret and the time."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

from quiz.keyed_digest import keyed_digest
from quiz.vocabulary import Labelled

STEP_SECONDS = 15
ACCEPTED_STEPS = 2
"""The present code and the one before it: whoever scanned just before the change is not sent back."""
AHEAD_STEPS = 1
"""A server whose clock was set back a little still knows what it showed."""
REMEMBERED_STEPS = 40
"""A code that was right within the last ten minutes is old, not guessed."""
CLAIM_LENGTH = timedelta(minutes=10)
"""Between scanning and confirming lies a sign-in at most. The moment that counts is the scan's."""


class Match(Labelled):
    """How a code compares with what the screen shows."""

    GOOD = "good", "有效"
    OLD = "old", "已过期"
    WRONG = "wrong", "不正确"


def new_secret() -> str:
    """For a new classroom."""
    return secrets.token_hex(16)


def step_at(at: datetime) -> int:
    """Number of the interval."""
    return int(at.timestamp()) // STEP_SECONDS


def code_of(secret: str, site_id: int, step: int) -> str:
    """The six digits of that classroom in that interval."""
    digest = hmac.new(secret.encode(), f"{site_id}:{step}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"


def milliseconds_left(at: datetime) -> int:
    """Until the next code."""
    return STEP_SECONDS * 1000 - int(at.timestamp() * 1000) % (STEP_SECONDS * 1000)


def match(code: str, *, secret: str, site_id: int, at: datetime) -> Match:
    """Compare in constant time with the codes of this classroom up to that moment."""
    now = step_at(at)
    ages = [
        age
        for age in range(-AHEAD_STEPS, REMEMBERED_STEPS)
        if hmac.compare_digest(code_of(secret, site_id, now - age).encode(), code.encode())
    ]
    if not ages:
        return Match.WRONG
    return Match.GOOD if ages[0] < ACCEPTED_STEPS else Match.OLD


def claim(site_id: int, code: str, at: datetime) -> str:
    """What a browser carries from the scan to the confirmation: which code it saw and when, sealed by this installation."""
    body = f"{site_id}.{code}.{int(at.timestamp() * 1000)}"
    return f"{body}.{_seal(body)}"


def read_claim(text: str, *, site_id: int, now: datetime) -> tuple[str, datetime] | None:
    """Code and moment of the scan; None when it is another classroom's, too old, or not sealed by us."""
    body, _, seal = text.rpartition(".")
    parts = body.split(".")
    if len(parts) != 3 or not hmac.compare_digest(seal.encode(), _seal(body).encode()) or parts[0] != str(site_id):
        return None
    scanned = datetime.fromtimestamp(int(parts[2]) / 1000, UTC)
    is_fresh = timedelta(seconds=-STEP_SECONDS * AHEAD_STEPS) <= now - scanned <= CLAIM_LENGTH
    return (parts[1], min(scanned, now)) if is_fresh else None


def _seal(body: str) -> str:
    return keyed_digest(f"attend:{body}")[:32]
