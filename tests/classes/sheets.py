"""Sign-in sheets for tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from tests.organisations.sheets import xlsx

HEAD = ("姓名", "单位", "手机号", "签到时间", "签退时间")


def sheet(*rows: Sequence[Any], head: Sequence[Any] = HEAD, above: Sequence[Sequence[Any]] = (), merges: Sequence[str] = ()) -> bytes:
    """An xlsx with these lines below the head."""
    return xlsx([*above, head, *rows], title="签到表", merges=merges)


def csv_sheet(*rows: Sequence[Any], head: Sequence[Any] = HEAD, encoding: str = "gb18030") -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows([head, *rows])
    return file.getvalue().encode(encoding)
