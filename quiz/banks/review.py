"""Review of a bank's items: the faults a reader would find before a candidate does.

`review_guidelines` names the rules and their source, `review_rules` reads one item, `review_pairs` two items or the whole bank,
`review_wording` the words, `review_basis` the tables. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quiz.banks import review_pairs, review_rules
from quiz.banks.queries import ClauseView, VersionView
from quiz.banks.review_guidelines import ERROR, LABELS, RULES, WARNING, Finding, Rule, found
from quiz.banks.review_rules import EditionFact, Known

__all__ = ["ERROR", "LABELS", "RULES", "WARNING", "Basis", "EditionFact", "Finding", "Known", "Rule", "review"]


@dataclass(frozen=True)
class Basis:
    """What a bank is measured against."""

    clauses: tuple[ClauseView, ...] = ()
    """Of its edition."""
    caution: str = ""
    """What its edition says a trainer should know."""
    sectors: tuple[str, ...] = ()
    """Codes of the sectors the bank is for."""
    known: Known = Known()


def review(items: Sequence[VersionView], basis: Basis) -> list[Finding]:
    """All findings about these items of one bank, those about the bank itself at the end."""
    findings = [finding for item in items for finding in review_rules.review_item(item, basis.known)]
    findings += review_pairs.between(items)
    findings += review_pairs.on_bank(items, basis.clauses)
    if basis.known.sectors and (strange := sorted(set(basis.sectors) - basis.known.sectors)):
        findings.append(found("sector_unknown", f"题库的行业领域代码 {'、'.join(strange)} 不在系统之中。"))
    if basis.caution:
        findings.append(found("edition_caution", basis.caution))
    return findings
