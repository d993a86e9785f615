"""The rules of the item review: what each looks for, why it matters, and the published guideline it follows.

Numbers are those of Haladyna, Downing & Rodriguez (2002), A Review of Multiple-Choice Item-Writing Guidelines for Classroom Assessment,
Applied Measurement in Education 15(3), 309–334; the same advice, revised, is in Haladyna & Rodriguez (2013), Developing and Validating Test
Items. A rule without a number is this platform's own.
"""

from __future__ import annotations

from dataclasses import dataclass

ERROR, WARNING = "error", "warning"
LABELS = {ERROR: "错误", WARNING: "提醒"}


@dataclass(frozen=True)
class Rule:
    """One thing the review looks for."""

    code: str
    severity: str
    """`error`: must not be used as it is. `warning`: a person decides, and may leave it."""
    title: str
    reason: str
    action: str
    guideline: str = ""
    """Number in the taxonomy of 2002, such as `28a`; empty for a rule of this platform."""
    wording: str = ""
    """The guideline in Chinese."""

    @property
    def source(self) -> str:
        """Where the rule comes from, for a reader."""
        return f"命题指南第 {self.guideline} 条：{self.wording}" if self.guideline else "本平台规则"


_RULES = (
    # what an item rests on
    Rule(
        "no_clause", ERROR, "没有依据条款", "说不出依据的题无法核对，标准修订时也找不到它。", "补上题目所依据的条款。",
        "1", "每道题对应命题计划中的一项确定内容",
    ),
    Rule(
        "clause_not_assessable", ERROR, "条款不得出题", "条款未经核实，或者只是背景信息。", "改引可出题的条款，或停用本题。",
    ),
    Rule(
        "clause_not_in_force", ERROR, "依据的版本不是现行有效", "考生会学到已经废止或还没有施行的规定。",
        "改引现行版本的条款；新旧对照题应把它填作旧版条款。",
    ),
    Rule(
        "changed_from_wrong", ERROR, "新旧对照的旧条款不对", "旧条款应属于同一标准中已被替代的版本，否则对照不成立。",
        "改填同一标准旧版本的条款，或删去旧版条款。",
    ),
    Rule("sector_unknown", ERROR, "行业领域代码无法识别", "没有企业属于这个行业领域，题目发不到人。", "改用系统里的行业领域代码。"),
    Rule("no_roles", WARNING, "没有注明适用岗位", "按岗位选题时找不到这道题。", "注明适用的岗位，多数题包括主要负责人。"),
    Rule("edition_caution", WARNING, "依据的版本有使用提示", "收录这一版时就有不确定之处，用题的人应当知道。", "使用前按提示核对原文。"),
    # the key and its reasons
    Rule(
        "key_outside", ERROR, "答案不在选项之中", "考生不可能答对。", "更正答案或补上选项。",
        "19", "保证正确答案确实成立且不多不少",
    ),
    Rule("no_explanation", ERROR, "没有解析", "答错的人看不到为什么。", "用平实的话说明为什么选这个答案。"),
    Rule(
        "no_rationale", WARNING, "错项没有说明", "写不出错在哪里的选项，往往也没有迷惑力。", "补写错项说明。",
        "30", "用学员的典型错误来编写错项",
    ),
    # the wording of stem and options
    Rule(
        "negative_stem", WARNING, "否定问法没有标记", "看漏一个“不”字就答错，考的不是安全知识。", "改成正面问法，或把否定词写成【不】。",
        "17", "题干用正面表述；用否定词时必须醒目",
    ),
    Rule(
        "all_of_the_above", WARNING, "“以上都对”一类的选项", "看出两项对就能选它，看出一项错就能排除它。", "换成一个具体的选项。",
        "25、26", "慎用“以上都不是”，不用“以上都是”",
    ),
    Rule(
        "duplicate_options", ERROR, "选项重复", "两个选项只差空格、标点或全半角，意思相同。", "改写其中一个选项。",
        "22", "选项相互独立，互不重叠",
    ),
    Rule(
        "overlapping_options", WARNING, "选项重叠", "一个选项成立时另一个也成立，会出现两个正确答案。", "改写成互不包含的选项，数值题可只写界限数值。",
        "22", "选项相互独立，互不重叠",
    ),
    # clues to the key
    Rule(
        "key_length", WARNING, "正确项明显最长", "不看内容只看长短就能猜中。", "缩短正确项，或把错项写得同样具体。",
        "24", "各选项长度大致相等",
    ),
    Rule(
        "absolute_words", WARNING, "绝对化用语只出现在一边", "会考试的人见到“一律”“凡是”“只有……才”就排除。", "换成不带绝对化用语的典型错误，或让正误选项都用或都不用。",
        "28a", "不用“总是”“绝不”“完全”等词透露答案",
    ),
    Rule(
        "clang", WARNING, "正确项重复题干的词", "只有正确项和题干用词相同，照着找就能选中。", "把正确项换一种说法，或让错项也用题干的词。",
        "28b", "选项用词不应与题干雷同而透露答案",
    ),
    # one item and another
    Rule("same_stem", ERROR, "题干相同", "同一张试卷可能两次抽到同一个问题。", "合并或改写其中一题。", "4", "各题内容相互独立"),
    Rule(
        "near_duplicate", WARNING, "两题过于相似", "抽到同一张卷上等于一题考两次。", "改换情境或选项；确需并存的，组卷时注意不要同时抽到。",
        "4", "各题内容相互独立",
    ),
    Rule(
        "gives_away", WARNING, "题干透露另一题的答案", "两题在同一张卷上时，读了这题就能答那题。", "改写题干，不要原样写出另一题的正确项。",
        "4", "各题内容相互独立",
    ),
    # the bank
    Rule(
        "clause_uncovered", WARNING, "条款没有题", "这一条永远考不到。", "为该条款补题。",
        "1", "每道题对应命题计划中的一项确定内容",
    ),
    Rule(
        "clause_thin", WARNING, "有数值或例外的条款题太少", "带数值、例外的条款最容易混，一道题分不清记住了没有，没有情景题看不出会不会用。",
        "补足两道题，其中至少一道情景题。",
    ),
    Rule(
        "applied_share", WARNING, "情景题、应用题偏少", "只考记忆，看不出遇到具体情况会不会判断。", "把一部分知识题改写成情景题或应用题。",
        "3", "用新的情境考查较高层次的学习",
    ),
    Rule("true_false_share", WARNING, "判断题偏多", "判断题有一半机会猜中。", "用单选或情景题替换一部分判断题。"),
    Rule("key_position", WARNING, "答案位置不均", "答案集中在某一位置，容易被猜中。", "调整选项次序。", "20", "按选项个数变换正确项的位置"),
    Rule("key_longest", WARNING, "正确项常常最长", "选最长的一项就能得不少分。", "缩短正确项或补足错项。", "24", "各选项长度大致相等"),
)  # fmt: skip
RULES: dict[str, Rule] = {rule.code: rule for rule in _RULES}
"""By code, in the order they are explained in."""


@dataclass(frozen=True)
class Finding:
    """One remark about an item, or about the bank (`item` empty)."""

    item: str
    severity: str
    """`error` or `warning`."""
    code: str
    message: str
    """What was seen, with the words or figures."""
    action: str

    @property
    def rule(self) -> Rule:
        return RULES[self.code]

    @property
    def label(self) -> str:
        """错误 or 提醒."""
        return LABELS[self.severity]

    def as_json(self) -> dict[str, str]:
        return {
            "item": self.item,
            "severity": self.severity,
            "code": self.code,
            "rule": self.rule.title,
            "message": self.message,
            "action": self.action,
        }


def found(code: str, message: str, *, item: str = "") -> Finding:
    """A finding of a rule, with the rule's severity and what it says to do."""
    rule = RULES[code]
    return Finding(item, rule.severity, code, message, rule.action)
