"""What people call question types and difficulties, and what Ankao calls them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from quiz.vocabulary import Difficulty, ItemType


@dataclass(frozen=True)
class Stated:
    """What a type column, heading or tag says. All empty: it says nothing that is known."""

    type: ItemType | None = None
    choice: bool = False
    """Some kind of choice; how many answers is not said."""
    scenario: bool = False
    """A case or situation; the questions about it can be of any type."""
    unsupported: str = ""
    """The name of a kind that Ankao cannot hold."""

    @property
    def known(self) -> bool:
        return self != NOTHING


NOTHING = Stated()

_UNSUPPORTED = {
    "简答题": ("简答", "shortanswer"),
    "问答题": ("问答", "主观题", "开放题", "openended", "opentext", "freetext"),
    "论述题": ("论述", "essay", "longanswer"),
    "名词解释": ("名词解释", "名解", "术语解释"),
    "改错题": ("改错",),
    "辨析题": ("辨析",),
    "完形填空": ("完形填空", "完型填空", "cloze"),
    "阅读理解": ("阅读理解",),
    "拖拽题": ("拖拽", "dragdrop", "draganddrop"),
}
"""Words that name a kind wherever they stand."""
_UNSUPPORTED_ALONE = {
    "作文题": ("作文", "写作", "writing"),
    "翻译题": ("翻译",),
    "阅读题": ("阅读",),
    "听力题": ("听力", "listening"),
    "口语题": ("口语", "录音", "朗读", "speaking"),
    "作图题": ("作图", "画图", "绘图", "drawing"),
    "实操题": ("实操", "操作", "上机", "技能", "实训"),
    "编程题": ("编程", "程序", "代码", "programming", "coding"),
    "上传题": ("上传", "附件", "upload"),
    "热点题": ("热点", "热区", "hotspot"),
    "证明题": ("证明",),
    "设计题": ("设计",),
    "解答题": ("解答",),
    "打分题": ("打分", "评分", "量表", "问卷", "投票"),
    "简答题": ("简述",),
    "问答题": ("主观",),
}
"""Words that name a kind alone or before 题; otherwise they are subjects, such as 安全操作."""
_WORDS: tuple[tuple[ItemType, tuple[str, ...]], ...] = (
    (
        ItemType.MULTIPLE,
        ("多选", "多项", "不定项", "复选", "multiplechoices", "multipleanswer", "multipleresponse", "multiselect", "checkbox", "x型"),
    ),
    (ItemType.SINGLE, ("单选", "单项", "single", "radio", "a1型", "a2型")),
    (ItemType.TRUE_FALSE, ("判断", "是非", "对错", "正误", "truefalse", "trueorfalse", "judg", "boolean", "yesno")),
    (ItemType.BLANK, ("填空", "fillblank", "fillin", "blank", "gapfill", "completion")),
    (ItemType.ORDERING, ("排序", "顺序题", "ordering")),
    (ItemType.MATCHING, ("配对", "连线题", "搭配题", "matching")),
    (ItemType.NUMERIC, ("计算题", "数值题", "数字题", "数字类", "numeric", "calculated")),
)
_EXACT = {
    "单": ItemType.SINGLE, "多": ItemType.MULTIPLE, "判": ItemType.TRUE_FALSE, "填": ItemType.BLANK, "multi": ItemType.MULTIPLE,
    "multiple": ItemType.MULTIPLE, "多个": ItemType.MULTIPLE, "tf": ItemType.TRUE_FALSE, "t/f": ItemType.TRUE_FALSE, "fill": ItemType.BLANK,
    "order": ItemType.ORDERING, "sort": ItemType.ORDERING, "match": ItemType.MATCHING, "number": ItemType.NUMERIC, "计算": ItemType.NUMERIC, "数值": ItemType.NUMERIC,
    "匹配": ItemType.MATCHING, "连线": ItemType.MATCHING, "搭配": ItemType.MATCHING, "顺序": ItemType.ORDERING, "sequence": ItemType.ORDERING,
    "排列": ItemType.ORDERING,
}  # fmt: skip
_SCENARIO = ("案例", "材料题", "情景题", "情境题", "场景题", "综合题", "分析题", "应用题", "共用题干", "casestudy")
_CHOICE = ("选择", "choice")
_LONGEST = 40
_TRADITIONAL = str.maketrans(
    "網圖確檔題幹選項類難單雙斷試標釋說節識點據來準參備編號碼問專業課鍵內誤圍測關詞認領連線夾簡計論敘應",
    "网图确档题干选项类难单双断试标释说节识点据来准参备编号码问专业课键内误围测关词认领连线夹简计论叙应",
)


def simplified(text: str) -> str:
    """Header words and type names in the signs of the mainland."""
    return text if text.isascii() else text.translate(_TRADITIONAL)


@lru_cache(4096)
def stated_type(text: str) -> Stated:
    """What a type column, section heading or tag says: `一、单项选择题（每题2分）` is single."""
    plain = re.sub(r"[\s_\-·]+", "", simplified(unicodedata.normalize("NFKC", text))).lower()
    if not plain or len(plain) > _LONGEST:
        return NOTHING
    exact = _EXACT.get(plain.removesuffix("题"))
    if exact is not None:
        return Stated(exact)
    scenario = any(word in plain for word in _SCENARIO)
    if not scenario and (name := _unsupported(plain)):
        return Stated(unsupported=name)
    types = [type_ for type_, words in _WORDS if any(word in plain for word in words)]
    if ItemType.SINGLE in types and ItemType.MULTIPLE in types:
        return Stated(choice=True, scenario=scenario)
    if types:
        return Stated(types[0], scenario=scenario)
    return Stated(choice=any(word in plain for word in _CHOICE), scenario=scenario)


def _unsupported(plain: str) -> str:
    core = re.sub(r"^(?:第?[一二三四五六七八九十\d]+(?:[、.．:：]|部分|大题))+|[(\[【（].*$|[:：].*$", "", plain)
    for name, words in _UNSUPPORTED.items():
        if any(word in plain for word in words):
            return name
    for name, words in _UNSUPPORTED_ALONE.items():
        if any(core == word or core.endswith(f"{word}题") for word in words):
            return name
    return ""


_DIFFICULTIES = {
    Difficulty.EASY: (
        "易",
        "简单",
        "容易",
        "较易",
        "低",
        "初级",
        "简易",
        "偏易",
        "很易",
        "easy",
        "low",
        "simple",
        "★",
        "★★",
        "一星",
        "二星",
    ),
    Difficulty.MEDIUM: ("中", "中等", "一般", "普通", "适中", "中级", "正常", "medium", "normal", "middle", "moderate", "★★★", "三星"),
    Difficulty.HARD: (
        "难",
        "困难",
        "较难",
        "偏难",
        "很难",
        "高",
        "高级",
        "复杂",
        "hard",
        "difficult",
        "high",
        "★★★★",
        "★★★★★",
        "四星",
        "五星",
    ),
}
_DIFFICULTY_OF = {word: difficulty for difficulty, words in _DIFFICULTIES.items() for word in words}


@lru_cache(1024)
def stated_difficulty(text: str) -> Difficulty | None:
    """A difficulty from its word; None for figures, whose scale is not said, and for anything else."""
    plain = re.sub(r"[\s☆]+", "", unicodedata.normalize("NFKC", text)).lower()
    return _DIFFICULTY_OF.get(plain) or _DIFFICULTY_OF.get(plain.removesuffix("难度").removesuffix("度").removesuffix("题"))
