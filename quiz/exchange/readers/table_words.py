"""Header words of question tables: which column holds the stem, the options, the answer and the rest."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from quiz.exchange.kinds import simplified, stated_type

_EXACT = {
    "stem": "题目 题干 题目内容 题干内容 试题内容 试题 问题 问题内容 试题题干 题目题干 题目描述 题目名称 试题名称 题面 考题 考题内容 试题正文 题目正文 "
    "题目标题 试题标题 题干描述 题目文本 试题描述 题干文本 内容 正文 标题 stem question questiontext questioncontent content title questiontitle "
    "questionstem text subject 试题题目 题文 题目问题",
    "type": "题型 试题类型 题目类型 类型 题类 题目类别 试题题型 题目题型 题型名称 试题类别 题型类别 种类 题种 type questiontype qtype 题型分类",
    "options": "选项 备选项 备选答案 候选项 选项内容 题目选项 试题选项 可选项 全部选项 所有选项 选择项 答案选项 候选答案 备选 选项列表 options choices "
    "option choice alternatives optioncontent optiontext optionlist questionoptions",
    "answer": "答案 正确答案 标准答案 参考答案 题目答案 试题答案 正确选项 正确项 答案内容 标答 正确的答案 正确答案选项 本题答案 答 正确选项字母 答案字母 "
    "answer answers correct correctanswer rightanswer key correctoption solution answerkey correctanswers true trueanswer right trueoption 正答 答案选择",
    "explanation": "解析 答案解析 试题解析 题目解析 解释 注解 详解 分析 解题思路 答案说明 答案详解 题目分析 试题分析 答案分析 解答 习题解析 解析内容 答题解析 "
    "explanation analysis feedback generalfeedback rationale 说明 题目说明 提示 explain explains 解答说明 答案解释",
    "chapter": "章节 章 节 篇章 所属章节 单元 目录 分类 题目分类 题库分类 试题分类 科目 课程 所属科目 模块 类目 作业种类 专业 所属题库 题库 工种 章节名称 "
    "所属分类 所属模块 归属章 所属章 归属章节 一级分类 类别 题库名称 课程名称 科目名称 chapter category section course unit",
    "topic": "知识点 考点 知识点名称 考核点 主题 标签 关键词 考核要点 知识点编码 鉴定点 所属知识点 topic tag tags knowledge knowledgepoint keyword",
    "difficulty": "难度 难易度 难度等级 难易程度 试题难度 题目难度 难度系数 难度级别 难易 难度值 difficulty difficultylevel level",
    "clause": "依据 条款 出处 法条 法律依据 依据条款 来源 题目来源 试题来源 试题依据 依据标准 标准条款 出题依据 教材出处 法规依据 出题来源 题目依据 答案依据 "
    "参考依据 依据文件 相关条款 条款号 reference source basis clause 题目出处 试题出处",
    "score": "分值 分数 得分 题目分值 试题分值 每题分值 score points mark marks defaultmark",
    "number": "序号 编号 题号 序 no no. 题目编号 试题编号 题目序号 id 试题序号 # 号 number index 题目id 试题id questionid",
    "unit": "单位 计量单位 答案单位 unit",
    "tolerance": "误差 允许误差 误差范围 答案误差 容差 tolerance",
    "prompts": "左列 左侧 左项 匹配项 配对左列 待匹配项 左列内容 prompts",
    "material": "材料 案例 案例材料 案例内容 案例描述 案例背景 材料内容 材料题干 背景材料 背景资料 阅读材料 公共题干 共用题干 共同题干 大题题干 主题干 案例题干 资料 material passage",
    "parent": "父题 父题号 父题编号 父题id 所属大题 所属案例 案例编号 材料编号 案例号 材料号 主题号 大题号 父级题号 上级题号 parent parentid",
    "code": "题目代码",
    "seal": "校验码",
    "sectors": "适用行业",
    "changed": "旧版条款",
    "rationales": "错项说明 错误选项说明 错项解析",
    "kind": "题目性质",
    "roles": "适用岗位 适用对象",
    "right": "右列 右侧 右项 配对右列 匹配答案项 右列内容",
}
_FIELD_OF = {word: field for field, words in _EXACT.items() for word in words.split()}
_LIKELY: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("explanation", re.compile(r"解析|详解|解释")),
    ("answer", re.compile(r"正确.{0,2}(?:选项|答案)|(?:标准|参考|题目|试题)答案|^答案|答案$")),
    ("type", re.compile(r"题型|(?:试题|题目)类型")),
    ("stem", re.compile(r"题干|(?:题目|试题|问题|考题)(?:的)?(?:内容|描述|文字|正文)?$|^题目(?!\d)|^试题内容")),
    ("difficulty", re.compile(r"难度|难易")),
    ("topic", re.compile(r"知识点|考点")),
    ("clause", re.compile(r"依据|条款|出处|法条")),
    ("options", re.compile(r"选项|备选")),
    ("chapter", re.compile(r"章节|单元|科目|题库|分类")),
    ("score", re.compile(r"分值|分数")),
    ("number", re.compile(r"序号|编号|题号")),
)
_NOT_OURS = re.compile(
    r"你的|您的|我的|考生|作答|用户|学员|图|附件|是否|时间|日期|数量|个数|次数|人员|选项数|音频|视频|状态|审核|创建|更新|路径|链接"
)
_LINK = re.compile(
    r"(?:题干|题目|试题|原题)?(?:图片|配图|附图|插图|附件|音频|视频)(?:名称|网址|地址|链接|路径|文件|url)?\d{0,2}|(?:image|picture|img|pic)(?:url|path|file)?\d?"
)
"""Names and addresses of pictures: the pictures themselves are not in the file."""
_OPTION = re.compile(
    r"(?:选项|答案|备选答案|备选项|选择项|备选|选择|option|choice|opt|answer|q)?([a-n])(?:选项|项|项目|答案|内容|选择|option|choice|answer)?"
)
_NUMBERED = re.compile(
    r"(?:选项|备选答案|备选项|选择项|备选|答案选项|option|choice|opt|答案|answer)第?(\d{1,2}|[一二三四五六七八九十])(?:项|个)?|第([一二三四五六七八\d])(?:个)?(?:选项|备选答案)"
)
_CHINESE = {sign: str(number) for number, sign in enumerate("一二三四五六七八九十", 1)}
_PREFIX = re.compile(r"(?:question|ques|item|timu|shiti|q)(?=[a-z]{3})|题目|试题|考题")
"""What stands before the word proper: `questionAnswer`, `qtype`, 试题难易."""
_REMARK = re.compile(r"[(\[【<《].*$", re.DOTALL)
LONGEST_HEADER = 60


@dataclass(frozen=True)
class Heading:
    """What a header cell says its column holds."""

    field: str
    """`stem`, `answer` …, `A` to `N` for an option, empty for none of ours."""
    text: str = ""
    exact: bool = True
    separator: str = ""
    """Between options of one cell, as the remark in brackets says."""
    type_codes: tuple[tuple[str, str], ...] = ()
    """Figures that stand for types, as the remark in brackets says."""
    numbered: bool = False


NONE = Heading("")
_SEPARATOR = re.compile(
    r"[用以按][“\"'‘「(（]?\s*([^\w\s“”\"'‘’，。]{1,3}|[，,、]|空格|换行)\s*[”\"'’」)）]?(?:号|符号|符)?(?:进行)?(?:来)?(?:分隔|隔开|分开|间隔|分割|区分)"
)
_CODE = re.compile(r"(\d{1,2})\s*[-:：.、=代表示是为]*\s*([^\d,，;；、\s()（）]{2,8})|([^\d,，;；、\s()（）:：]{2,8})\s*[:：=]\s*(\d{1,2})")


@lru_cache(8192)
def heading(text: str) -> Heading:
    """What a cell says as a header."""
    if not text or len(text) > LONGEST_HEADER * 2 or text.rstrip().endswith("。") and len(text) > 8:
        return NONE
    whole = simplified(unicodedata.normalize("NFKC", text)).strip().lower()
    plain = re.sub(r"[\s*※_＊:：、.\-/]+", "", _REMARK.sub("", whole)) or re.sub(r"[\s*()]+", "", whole)
    if not plain or len(plain) > 20:
        return NONE
    if field := _FIELD_OF.get(plain) or _FIELD_OF.get(_PREFIX.sub("", plain, count=1) if _PREFIX.match(plain) else ""):
        return Heading(
            field, text.strip(), True, _separator(whole) if field == "options" else "", _type_codes(whole) if field == "type" else ()
        )
    if found := _OPTION.fullmatch(plain):
        return Heading(found[1].upper(), text.strip())
    if found := _NUMBERED.fullmatch(plain):
        number = found[1] or found[2]
        place = int(_CHINESE.get(number, number))
        return Heading("ABCDEFGHIJKLMN"[place - 1] if 1 <= place <= 14 else "", text.strip(), numbered=True)
    if _LINK.fullmatch(plain):
        return Heading("link", text.strip())
    if _NOT_OURS.search(plain):
        return NONE
    for field, pattern in _LIKELY:
        if pattern.search(plain):
            return Heading(
                field, text.strip(), False, _separator(whole) if field == "options" else "", _type_codes(whole) if field == "type" else ()
            )
    return NONE


def _separator(text: str) -> str:
    found = _SEPARATOR.search(text)
    sign = found[1] if found else ""
    return {"空格": " ", "换行": "\n"}.get(sign, sign)


def _type_codes(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [(found[1] or found[4], found[2] or found[3]) for found in _CODE.finditer(text)]
    known = tuple((code, name) for code, name in pairs if stated_type(name).known)
    return known if len(known) > 1 else ()
