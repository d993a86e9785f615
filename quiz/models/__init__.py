"""The tables, one file a room. Importing this package registers them all."""

from quiz.models import accounts, attempts, banks, coverage, organisations, papers, training
from quiz.models.base import metadata

__all__ = ["accounts", "attempts", "banks", "coverage", "metadata", "organisations", "papers", "training"]
