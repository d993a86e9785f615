"""Presence and hours: arithmetic with moments."""
