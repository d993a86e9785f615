"""The tables, one file a room. Importing this package registers them all."""

from quiz.models import (
    accounts,
    attachments,
    attempts,
    banks,
    certificates,
    classes,
    coverage,
    organisations,
    papers,
    reminders,
    training,
)
from quiz.models.base import metadata

__all__ = [
    "accounts",
    "attachments",
    "attempts",
    "banks",
    "certificates",
    "classes",
    "coverage",
    "metadata",
    "organisations",
    "papers",
    "reminders",
    "training",
]
