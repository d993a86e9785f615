"""Names that sound like Weihai and are nobody's: people, enterprises, restaurants, hospitals."""

from __future__ import annotations

import random
from collections.abc import Callable

_SURNAMES = (
    "王 86 李 68 张 66 刘 62 于 48 孙 44 姜 26 丛 22 毕 20 宋 20 杨 19 陈 19 徐 18 邹 16 曲 15 赵 15 吕 14 林 13 隋 12 鞠 11 "
    "许 11 周 11 高 11 梁 10 董 10 夏 9 吴 9 谭 8 马 8 郭 8 郑 7 朱 7 车 7 戚 6 汤 6 苗 6 胡 6 连 5 岳 5 初 5 房 5 侯 5 "
    "唐 5 冯 5 田 4 邵 4 宫 4 荣 3 慕 2 慈 2"
)
"""Surname and weight; 于, 丛, 毕, 邹, 鞠 are at home on this coast."""
_MALE_SINGLE = "伟强军涛磊杰勇刚鹏斌超辉亮健峰凯宁波"
_MALE_FIRST = "建志国海文永洪新学忠春广振庆宝兆吉德云晓俊立承玉传"
_MALE_SECOND = "军强平东峰华明林涛伟勇滨杰辉臣山生利成武胜福刚亮洋"
_FEMALE_SINGLE = "丽娜敏静燕芳玲霞艳慧"
_FEMALE_FIRST = "秀淑桂晓丽玉春海美雪红爱文佳"
_FEMALE_SECOND = "华英珍兰芳梅玲燕霞云萍红娟艳莉妮"
_MEN = 0.79
"""Share of men among principals."""
_LEFT_OUT = frozenset({"张海波"})
"""Would be drawn from the characters above, and is the name of somebody who has held public office here."""

_BRAND_FIRST = "瀚澜泓沄岚峤嵘昱煜曜汐沣淞湛琅瑾珩琮皓翊翎岱芷棠榆桓砚骁鹭鲲"
_BRAND_SECOND = "澄岬峪沐屿汀岑璟珈琛昀晗朔弈棣栩菡蔚苒羿翃翮帆舸"
_BRAND_LAST = "和达源顺昌隆泰丰盛通合祥远润康"
_TABLE_FIRST = "沐禾沅汀屿潮汐岬帆舟麦粟荞葵椒茴柿杏芝芥阿小槐菱"
_TABLE_SECOND = "沅汀岬荞粟葵茴芥礁苇菱藜菽稷鲅蛎蛏贝鲽蓬"
_TABLE_LAST = "记家坊轩居"


class Names:
    """Hands out names; those of organisations never twice, those of people as often as life would."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        words = _SURNAMES.split()
        self._surnames, self._weights = words[0::2], [int(weight) for weight in words[1::2]]
        self._used: set[str] = set()

    def person(self) -> str:
        """Surname and given name."""
        while True:
            name = self._chance.choices(self._surnames, self._weights)[0] + self._given_name()
            if name not in _LEFT_OUT:
                return name

    def _given_name(self) -> str:
        draw = self._chance
        if draw.random() < _MEN:
            single, first, second = _MALE_SINGLE, _MALE_FIRST, _MALE_SECOND
        else:
            single, first, second = _FEMALE_SINGLE, _FEMALE_FIRST, _FEMALE_SECOND
        if draw.random() < 0.24:
            return draw.choice(single)
        return draw.choice(first) + draw.choice(second)

    def company(self, prefix: str, trade: str) -> str:
        """`威海瀚澄源水产食品有限公司`: the brand is an invented word of three characters."""
        return self._fresh(lambda: prefix + self._draw(_BRAND_FIRST, _BRAND_SECOND, _BRAND_LAST) + trade)

    def hospital(self, prefix: str, kind: str) -> str:
        """`荣成瀚澄骨科医院`."""
        return self._fresh(lambda: f"{prefix}{self._draw(_BRAND_FIRST, _BRAND_SECOND)}{kind}医院")

    def restaurant(self, prefix: str, kind: str) -> str:
        """`环翠区屿荞记海鲜大排档`."""
        last = _TABLE_LAST.replace(kind[0], "")
        return self._fresh(lambda: prefix + self._draw(_TABLE_FIRST, _TABLE_SECOND, last) + kind)

    def _draw(self, *alphabets: str) -> str:
        return "".join(self._chance.choice(alphabet) for alphabet in alphabets)

    def _fresh(self, draw: Callable[[], str]) -> str:
        while (name := draw()) in self._used:
            continue
        self._used.add(name)
        return name
