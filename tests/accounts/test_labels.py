"""Whatever a screen notes in the audit trail is read in Chinese."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from quiz.accounts.labels import DETAILS, detail_text

ROOT = Path(__file__).parents[2]
_OF_THE_CALL = {"subject", "now"}


def _noted() -> Iterator[tuple[str, str]]:
    """Names of details in `office.record(…, name=…)` and in `detail={…}`, with the file."""
    for path in (*(ROOT / "quiz" / "ui").glob("*.py"), *(ROOT / "pages").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Attribute) and node.func.attr == "record" and ast.unparse(node.func.value) == "office":
                yield from ((word.arg, path.name) for word in node.keywords if word.arg and word.arg not in _OF_THE_CALL)
            for word in node.keywords:
                if word.arg == "detail" and isinstance(word.value, ast.Dict):
                    yield from ((str(key.value), path.name) for key in word.value.keys if isinstance(key, ast.Constant))


def test_every_detail_that_a_screen_notes_has_a_name() -> None:
    noted = list(_noted())

    assert len(noted) > 40
    assert [(name, file) for name, file in noted if name not in DETAILS] == []


def test_codes_beside_an_act_are_told_in_words() -> None:
    detail = {"outcome": "promised", "phones": "masked", "live": True, "filters": {"district": "371002"}}

    assert detail_text(detail) == "联系结果：承诺完成；手机号：隐去中间四位；正式发送：是；筛选：区市：371002"
