"""Reading an uploaded table behind the wall of `quiz.wall`."""

from __future__ import annotations

from quiz.spreadsheets.reading import Grid, Unreadable, open_grids
from quiz.wall import Words, behind_wall, reply

SECONDS = 90.0
WORDS = Words(
    damaged="文件内部结构异常，无法打开。请在 WPS 或 Excel 中打开，只保留需要的工作表，另存为 .xlsx 后再导入。",
    too_slow="文件过于复杂，在规定时间内没有读完。请只保留需要的工作表，另存为 .xlsx，或拆成几个文件后再导入。",
    too_large="文件展开后过大，可能不是正常的表格。请只保留需要的工作表，另存后再导入。",
)


def read_grids(data: bytes) -> list[Grid]:
    """`open_grids` behind the wall. Raises Unreadable, also for a file that ended its reader or took too long."""
    grids: list[Grid] = behind_wall("quiz.spreadsheets.sandbox", [], data, words=WORDS, seconds=SECONDS, refusal=Unreadable)
    return grids


if __name__ == "__main__":
    reply(open_grids, words=WORDS)
