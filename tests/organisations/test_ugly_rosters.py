"""Every ugly roster ends as counted by hand; previewing writes nothing, and importing again changes nothing."""

from __future__ import annotations

import pytest

from tests.organisations.conftest import Desk, ends, found
from tests.organisations.ugly_rosters import UGLY, Ugly


def test_there_are_at_least_thirty() -> None:
    assert len(UGLY) >= 30
    assert len({ugly.name for ugly in UGLY}) == len(UGLY)


@pytest.mark.parametrize("ugly", UGLY, ids=lambda ugly: ugly.name)
def test_every_row_ends_as_counted_by_hand(desk: Desk, ugly: Ugly) -> None:
    if ugly.before:
        desk.bring(ugly.before())
    untouched = desk.dump()
    data = ugly.file()

    preview = desk.preview(data)

    assert ends(preview) == ugly.ends
    assert preview.rows == sum(ugly.ends)
    assert found(preview, "error") == ugly.refusals
    assert ugly.warnings.items() <= found(preview, "warning").items()
    if ugly.changes is not None:
        assert tuple((change["kind"], change["before"], change["after"]) for change in preview.changes) == ugly.changes
    assert desk.dump() == untouched

    report = desk.bring(data)

    assert {**report.to_json(), "dry_run": True} == preview.to_json()

    imported = desk.dump()
    again = desk.bring(data)

    assert desk.dump() == imported
    created, updated, unchanged, refused, skipped = ugly.ends
    assert ends(again) == (0, 0, created + updated + unchanged, refused, skipped)
    assert again.changes == ()
