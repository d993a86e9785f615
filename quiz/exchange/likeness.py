"""Texts that are nearly the same, found through the rare runs of characters they share: all pairs would be too many. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

ALIKE = 85.0
"""Of 100: texts at least this much alike are near duplicates."""
RUN = 4
"""Characters of a run by which two texts find each other."""
_RARE = 40
"""A run that more texts have than this says nothing about two of them."""
_SHARED = 2
"""Rare runs that two texts must share before they are compared letter by letter."""
_COMPARED = 8
"""Texts at most that one text is compared with: those that share most runs with it, the earlier ones first."""
_SAMPLE = 5
"""Of a longer text only runs that begin with every fifth character of the alphabet are looked at: the same ones in two texts that are
alike, and a fifth of the work."""
_SHORT = 30
_AT_ONCE = 200_000
"""Runs whose texts are counted at once; bounds the memory, at some eight million pairs."""

_Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class _Holders:
    """Which text has which rare run: one entry for each run of each text, the texts of a run side by side in their order."""

    text: _Numbers
    rank: _Numbers
    """Of the text among those that have the run."""


def nearest(texts: Sequence[str], *, asked: Sequence[int]) -> dict[int, tuple[int, float]]:
    """For each of the asked texts, given by place, the earlier one most like it and how much; those without one are left out."""
    holders = _rare_runs(texts)
    wanted = np.zeros(len(texts), dtype=bool)
    wanted[list(asked)] = True
    part = np.cumsum(np.bincount(holders.text, minlength=len(texts))) // _AT_ONCE
    found: dict[int, tuple[int, float]] = {}
    for number in np.unique(part):
        for place, other, score in _compared(texts, _partners(holders, wanted & (part == number))):
            if place not in found or score > found[place][1]:
                found[place] = (other, score)
    return found


def _rare_runs(texts: Sequence[str]) -> _Holders:
    runs, text = _runs(texts)
    order = np.argsort(runs, kind="stable")  # texts of one run stay in order
    runs, text = runs[order], text[order]
    new = np.ones(len(runs), dtype=bool)
    new[1:] = (runs[1:] != runs[:-1]) | (text[1:] != text[:-1])
    runs, text = runs[new], text[new]
    begins = np.flatnonzero(np.diff(runs, prepend=~runs[:1]))
    sizes = np.diff(begins, append=len(runs))
    rank = np.arange(len(runs)) - np.repeat(begins, sizes)
    rare = np.repeat((sizes > 1) & (sizes <= _RARE), sizes)
    return _Holders(text[rare], rank[rare])


def _runs(texts: Sequence[str]) -> tuple[NDArray[np.uint64], _Numbers]:
    """Every run of every text as a number, and which text it is from. Signs beyond the basic plane may share a number: that costs a
    needless comparison, nothing else."""
    signs = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    lengths = np.fromiter((len(text) for text in texts), dtype=np.int64, count=len(texts))
    ends = np.repeat(np.cumsum(lengths), lengths)
    looked_at = (np.repeat(lengths, lengths) < _SHORT) | (signs % _SAMPLE == 0)
    begins = np.flatnonzero(looked_at & (np.arange(len(signs)) + RUN <= ends))
    runs = np.zeros(len(begins), dtype=np.uint64)
    for step in range(RUN):
        runs = (runs << np.uint64(16)) ^ signs[begins + step]
    return runs, np.repeat(np.arange(len(texts)), lengths)[begins]


def _partners(holders: _Holders, wanted: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Pairs worth comparing: a wanted text, and an earlier one that shares enough runs with it; the likeliest first."""
    here = np.flatnonzero(wanted[holders.text])
    pairs = []
    for step in range(1, _RARE):
        here = here[holders.rank[here] >= step]
        pairs.append(holders.text[here] * len(wanted) + holders.text[here - step])
    shared, count = np.unique(np.concatenate(pairs), return_counts=True)
    shared, count = shared[count >= _SHARED], count[count >= _SHARED]
    one, other = shared // len(wanted), shared % len(wanted)
    order = np.lexsort((other, -count, one))
    one, other = one[order], other[order]
    likely = np.arange(len(one)) - np.searchsorted(one, one) < _COMPARED
    return list(zip(one[likely].tolist(), other[likely].tolist(), strict=True))


def _compared(texts: Sequence[str], pairs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, float]]:
    """Pairs that are alike, with how much, in the order given."""
    scores = process.cpdist(
        [texts[one] for one, _ in pairs], [texts[other] for _, other in pairs], scorer=fuzz.ratio, score_cutoff=ALIKE, dtype=np.float64
    )
    for (one, other), score in zip(pairs, scores.tolist(), strict=True):
        if score:
            yield one, other, score
