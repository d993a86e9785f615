"""Calls, reminders and what leaves the house."""
