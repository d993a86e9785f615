"""Programmes: who must have learnt what by when, and the duties this lays on the holders of posts."""
