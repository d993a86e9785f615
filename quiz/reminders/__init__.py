"""Whom to call first, what came of it, and messages that are sent once."""
