"""Reading a large file in two processes makes no difference to what is read."""

from __future__ import annotations

import pickle
import subprocess
import sys

from quiz.exchange import sandbox
from quiz.exchange.detect import detect
from quiz.wall import WORTH_SHARING

SOME = WORTH_SHARING + 7
"""Questions, just more than one process reads alone."""
TROUBLED = f"""
import os
from quiz.wall import Words, in_halves, reply

here = os.getpid()

def work(numbers):
    if os.getpid() != here:
        TROUBLE
    return [number * 2 for number in numbers]

reply(lambda data: in_halves(work, range({SOME})), words=Words("damaged", "too slow", "too large"))
"""


def _alone(data: bytes, name: str) -> object:
    return sandbox.reader_of(detect(data, name=name))(data, name=name)


def test_a_table_reads_the_same_in_two_processes() -> None:
    rows = [f"{number}号冷库几天检查一次,{number}天,{number + 1}天,看情况,不检查,{'AB'[number % 2]}" for number in range(SOME)]
    rows[40::90] = ["第二章 高处作业,,,,,"] * len(rows[40::90])
    rows[50::90] = ["多少米,甲,甲,丙,丁,A"] * len(rows[50::90])
    rows[60::90] = ["题干,选项A,选项B,选项C,选项D,答案"] * len(rows[60::90])
    data = "\n".join(["题干,选项A,选项B,选项C,选项D,答案", *rows, *rows[:200]]).encode()

    assert sandbox.read_file(data, name="bank.csv") == _alone(data, "bank.csv")


def test_a_text_reads_the_same_in_two_processes() -> None:
    blocks = [f"{n}、{n}号冷库几天检查一次\nA. {n}天\nB. 看情况\n答案：{'ABC'[n % 3]}\n解析：见规程" for n in range(1, SOME)]
    truths = "二、判断题\n1、高处作业要系安全带（√）\n2、冷库不用通风\n\n参考答案\n2、错"
    data = "\n\n".join(["一、单选题", *blocks, truths]).encode()

    assert sandbox.read_file(data, name="bank.txt") == _alone(data, "bank.txt")


def test_what_breaks_the_second_process_is_done_by_the_first() -> None:
    for trouble in ("raise MemoryError", "os._exit(3)", "os.abort()"):
        done = subprocess.run([sys.executable, "-c", TROUBLED.replace("TROUBLE", trouble)], input=b"", capture_output=True, check=True)

        assert pickle.loads(done.stdout) == [number * 2 for number in range(SOME)]
