"""What an import did or would do, in the shape that the command line prints and the screen shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quiz.organisations.domain import FIELD_LABELS
from quiz.organisations.identifiers import ERROR, INFO, WARNING
from quiz.organisations.roster_plan import CREATED, REFUSED, SKIPPED, UNCHANGED, UPDATED, RowOutcome
from quiz.organisations.roster_reader import RosterFile

SEVERITY_LABELS = {ERROR: "错误", WARNING: "提示", INFO: "说明"}
KIND_LABELS = FIELD_LABELS
"""Chinese for the `kind` of a change."""
STORED_LINES = 2000
"""How many changes and problems are kept in the database with the import; the report that is returned has them all."""


@dataclass(frozen=True)
class RosterReport:
    """Every row's end; the five counts add up to `rows`."""

    file: str
    sheets: tuple[str, ...]
    rows: int
    created: int
    updated: int
    unchanged: int
    refused: int
    skipped: int
    dry_run: bool
    changes: tuple[Mapping[str, Any], ...]
    problems: tuple[Mapping[str, Any], ...]
    import_id: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The report as `roster import --json` prints it."""
        return {
            "file": self.file,
            "sheets": list(self.sheets),
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "refused": self.refused,
            "skipped": self.skipped,
            "dry_run": self.dry_run,
            "changes": [dict(change) for change in self.changes],
            "problems": [dict(problem) for problem in self.problems],
        }

    def for_storage(self) -> dict[str, Any]:
        """The same with the long lists cut, as it is filed with the import."""
        whole = self.to_json()
        return whole | {"changes": whole["changes"][:STORED_LINES], "problems": whole["problems"][:STORED_LINES]}


def build_report(
    file_name: str, file: RosterFile, outcomes: Sequence[RowOutcome], *, dry_run: bool, import_id: int | None = None
) -> RosterReport:
    """Count the ends, list the changes and the problems in the order of the file."""
    order = {sheet: position for position, sheet in enumerate(file.sheets)}
    outcomes = sorted(outcomes, key=lambda done: (order[done.row.raw.table.sheet], done.row.raw.number))
    counts = Counter(done.outcome for done in outcomes)
    return RosterReport(
        file=file_name,
        sheets=file.sheets,
        rows=len(outcomes) + len(file.skipped),
        created=counts[CREATED],
        updated=counts[UPDATED],
        unchanged=counts[UNCHANGED],
        refused=counts[REFUSED],
        skipped=counts[SKIPPED] + len(file.skipped),
        dry_run=dry_run,
        changes=tuple(_change_lines(outcomes)),
        problems=tuple(_problem_lines(file, outcomes, order)),
        import_id=import_id,
    )


def _change_lines(outcomes: Sequence[RowOutcome]) -> list[dict[str, Any]]:
    return [
        {
            "sheet": done.row.raw.table.sheet,
            "row": done.row.raw.number,
            "organisation": done.organisation,
            "kind": change.field,
            "before": change.before,
            "after": change.after,
        }
        for done in outcomes
        for change in done.changes
    ]


def _problem_lines(file: RosterFile, outcomes: Sequence[RowOutcome], order: Mapping[str, int]) -> list[dict[str, Any]]:
    lines = [
        _line(note.sheet, note.cell, None, note.value, note.value, note.finding.severity, note.finding.code, note.finding.message,
              note.finding.action)
        for note in file.notes
    ]  # fmt: skip
    lines += [_line(row.sheet, f"A{row.number}", row.number, "", "", INFO, row.code, row.message, "") for row in file.skipped]
    for done in outcomes:
        for problem in done.row.problems:
            finding = problem.finding
            if done.outcome == REFUSED and finding.severity != ERROR:
                continue  # “只登记企业” and the like would be untrue of a row that does not go in
            lines.append(
                _line(problem.sheet, problem.cell, problem.row, problem.column, problem.value, finding.severity, finding.code,
                      finding.message, finding.action)
            )  # fmt: skip
    return sorted(lines, key=lambda line: (order.get(line["sheet"], len(order)), line["row"] or 0))


def _line(
    sheet: str, cell: str, row: int | None, column: str, value: str, severity: str, code: str, message: str, action: str
) -> dict[str, Any]:
    return {
        "sheet": sheet,
        "cell": cell,
        "row": row,
        "column": column,
        "value": value,
        "severity": severity,
        "code": code,
        "message": message,
        "action": action,
    }
