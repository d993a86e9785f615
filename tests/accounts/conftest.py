"""The tests of this room share a database a module."""

from tests.shared_database import session, shared_db

__all__ = ["session", "shared_db"]
