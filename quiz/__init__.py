"""Ankao: learns the roster, serves the papers, proves the coverage."""

__version__ = "0.3.0"
