"""The light lane: small server-rendered pages for what everyone does at once, on phones, on bad networks."""

from quiz.web.routes import light_lane

__all__ = ["light_lane"]
