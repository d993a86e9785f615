"""Workbooks that people upload: opened behind a wall, and handed on as grids of values."""
