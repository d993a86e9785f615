"""The JSON door: translates HTTP to services, described at /api/v1/openapi.json."""

from quiz.api.application import api
from quiz.api.saving import SaveMiddleware

__all__ = ["SaveMiddleware", "api"]
