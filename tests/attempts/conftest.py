"""The tests of this room share a database a module."""

from hypothesis import settings as settings_of_hypothesis

from tests.shared_database import session, shared_db

settings_of_hypothesis.register_profile("unhurried", deadline=None)
settings_of_hypothesis.load_profile("unhurried")

__all__ = ["session", "shared_db"]
