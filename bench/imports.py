"""Question files in: read, judged, compared and written, in items per second, with the peak memory of each step.

    python bench/imports.py                  2,000 items as Moodle XML and GIFT, 20,000 as xlsx, csv and text; a fresh SQLite database
    python bench/imports.py --items 5000     every file of this size
    ANKAO_DATABASE_URL=postgresql+psycopg://… python bench/imports.py     the same on an empty PostgreSQL database

The files are generated from a fixed seed. Reading happens in a process of its own, as in the product; its start is counted.
Beside the rates stand processor seconds, of this process and of the one that reads: on a busy machine they are the steadier figure.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import xlsxwriter

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from quiz import clock, installation  # noqa: E402
from quiz.accounts.audit import SYSTEM  # noqa: E402
from quiz.banks import queries  # noqa: E402
from quiz.db import Database  # noqa: E402
from quiz.exchange import service  # noqa: E402

PLACES = ("冷库", "锅炉房", "配电室", "污水池", "烘干车间", "喷漆房", "后厨", "码头", "尾矿库", "井下泵房")
ACTS = ("动火", "进入", "登高", "吊装", "停电检修", "充装", "清罐", "投料")
LETTERS = "ABCD"


def questions(count: int) -> list[tuple[str, list[str], str, str]]:
    """Stem, four options, key letters, explanation: every third has two keys."""
    chance = random.Random(20261123)
    made = []
    for number in range(count):
        place, act = chance.choice(PLACES), chance.choice(ACTS)
        stem = f"第{number + 1}号{place}每隔{chance.randint(1, 90)}天要{act}一次，现场{chance.randint(2, 40)}人，负责人首先应当做什么（案例{chance.random():.6f}）？"
        options = [f"{verb}{chance.randint(10, 9999)}号{place}" for verb in ("检查并记录", "通知人员撤离", "直接安排开工", "等待上级电话")]
        key = "".join(sorted(chance.sample(LETTERS, 2))) if number % 3 == 0 else chance.choice(LETTERS)
        made.append((stem, options, key, f"依据作业审批的规定，见第{number % 40 + 1}条。"))
    return made


def as_xlsx(count: int) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"constant_memory": True})
    sheet = book.add_worksheet("题库")
    sheet.write_row(0, 0, ["某企业安全题库"])
    sheet.write_row(1, 0, ["序号", "题型", "题目内容", "选项A", "选项B", "选项C", "选项D", "正确答案", "答案解析"])
    for line, (stem, options, key, why) in enumerate(questions(count), start=2):
        sheet.write_row(line, 0, [line - 1, "多选题" if len(key) > 1 else "单选题", stem, *options, key, why])
    book.close()
    return stream.getvalue()


def as_csv(count: int) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["题干", "选项A", "选项B", "选项C", "选项D", "答案", "解析"])
    writer.writerows([stem, *options, key, why] for stem, options, key, why in questions(count))
    return stream.getvalue().encode("gb18030")


def as_text(count: int) -> bytes:
    blocks = []
    for number, (stem, options, key, why) in enumerate(questions(count), start=1):
        lines = [f"{letter}. {text}" for letter, text in zip(LETTERS, options, strict=True)]
        blocks.append("\n".join([f"{number}、{stem}", *lines, f"答案：{key}", f"解析：{why}"]))
    return "\n\n".join(blocks).encode()


def as_gift(count: int) -> bytes:
    blocks = []
    for stem, options, key, _ in questions(count):
        weight = {1: "=", 2: "~%50%"}[len(key)]
        lines = [f"{weight if letter in key else '~'}{text}" for letter, text in zip(LETTERS, options, strict=True)]
        blocks.append(f"{stem} {{\n" + "\n".join(lines) + "\n}")
    return "\n\n".join(blocks).encode()


def as_moodle_xml(count: int) -> bytes:
    parts = ['<?xml version="1.0" encoding="UTF-8"?><quiz>']
    for number, (stem, options, key, why) in enumerate(questions(count), start=1):
        answers = "".join(
            f'<answer fraction="{100 / len(key) if letter in key else 0:g}" format="html"><text><![CDATA[<p>{text}</p>]]></text></answer>'
            for letter, text in zip(LETTERS, options, strict=True)
        )
        parts.append(
            f'<question type="multichoice"><name><text>{number}</text></name><questiontext format="html"><text><![CDATA[<p>{stem}</p>]]></text>'
            f"</questiontext><generalfeedback><text>{why}</text></generalfeedback><single>{str(len(key) == 1).lower()}</single>{answers}</question>"
        )
    return ("".join(parts) + "</quiz>").encode()


def measure(db: Database, name: str, data: bytes, count: int, bank: str) -> None:
    """One file from its bytes to published items; every item is counted afterwards."""
    begun, used = time.perf_counter(), _processor_seconds()
    reading = service.read(data, name=name)
    read, used_reading = time.perf_counter(), _processor_seconds() - used
    report = service.import_bank(
        db, reading=reading, bank_code=bank, title=name, file_name=name, digest=service.digest_of(data), actor=SYSTEM, now=clock.now()
    )
    done, used_whole = time.perf_counter(), _processor_seconds() - used
    with db.reading() as session:
        kept = len(queries.published(session, [bank]))
    if kept != count or len(report.reading.items) != count:
        raise SystemExit(f"{name}: {count} items in the file, {len(report.reading.items)} read, {kept} in the bank")
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name:14} {count:6} items  {len(data) / 2**20:5.1f} MB   read {count / (read - begun):8,.0f}/s   compared and written "
        f"{count / (done - read):8,.0f}/s   whole {count / (done - begun):8,.0f}/s   {done - begun:5.1f} s   "
        f"processor {used_reading:5.1f} + {used_whole - used_reading:5.1f} s   "
        f"peak {child:4.0f} MB reading, {own:4.0f} MB writing (so far)"
    )


def _processor_seconds() -> float:
    """Of this process and of those it has waited for."""
    return sum(os.times()[:4])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, help="size of every file")
    wanted = parser.parse_args().items
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("ANKAO_SECRET_FILE", f"{folder}/secret.key")
        db = Database(os.environ.get("ANKAO_DATABASE_URL", f"sqlite:///{folder}/ankao.db"))
        installation.prepare(db)
        files: list[tuple[str, Callable[[int], bytes], int]] = [
            ("moodle.xml", as_moodle_xml, 2000),
            ("gift.txt", as_gift, 2000),
            ("bank.xlsx", as_xlsx, 20_000),
            ("bank.csv", as_csv, 20_000),
            ("bank.txt", as_text, 20_000),
        ]
        for number, (name, make, count) in enumerate(files):
            measure(db, name, make(wanted or count), wanted or count, f"bench-{number}")
        db.dispose()


if __name__ == "__main__":
    main()
