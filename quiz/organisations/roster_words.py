"""Words of a roster cell understood as codes: yes and no, status, kind, category, gas, hospital grade."""

from __future__ import annotations

import re
import unicodedata

from quiz.vocabulary import OrganisationKind, OrganisationStatus, PostCategory

_YES = {"是", "√", "✓", "有", "Y", "YES", "TRUE", "1", "涉及", "对"}
_NO = {"否", "×", "✗", "X", "无", "N", "NO", "FALSE", "0", "不涉及", "不是", "没有", "/", "-", "—"}

_STATUSES = {
    OrganisationStatus.ACTIVE: (
        *("在业", "存续", "开业", "正常", "营业", "在营", "生产", "正常生产", "在产", "正常营业", "正常经营", "经营", "在业存续"),
        *("存续在营开业在册", "在册", "运营", "生产中", "营业中"),
    ),
    OrganisationStatus.SUSPENDED: ("停产", "停业", "停产停业", "歇业", "停产整顿", "停业整顿", "暂停营业", "长期停产", "停工"),
    OrganisationStatus.UNREACHABLE: ("查无下落", "失联", "查无", "无法联系", "人去楼空"),
    OrganisationStatus.DEREGISTERED: ("注销", "已注销"),
    OrganisationStatus.REVOKED: ("吊销", "已吊销", "吊销未注销"),
    OrganisationStatus.MERGED: ("已合并", "合并", "被合并", "吸收合并"),
}
_STATUS_BY_WORD = {word: status for status, words in _STATUSES.items() for word in words}


def _word(text: str) -> str:
    return re.sub(r"[\s()（）,，、/;；]+", "", unicodedata.normalize("NFKC", text)).upper()


def yes_or_no(text: str) -> bool | None:
    """是 / 否 in the ways people tick it; None when it is neither."""
    word = unicodedata.normalize("NFKC", text).strip().upper()
    return True if word in _YES else False if word in _NO else None


def status_of(text: str) -> OrganisationStatus | None:
    """登记状态 in the words of registers and of town halls."""
    return _STATUS_BY_WORD.get(_word(text))


def kind_of(text: str) -> OrganisationKind | None:
    """企业, 医院, 个体工商户 or 机关单位; also legal forms such as 有限责任公司."""
    word = _word(text)
    if "个体" in word:
        return OrganisationKind.SELF_EMPLOYED
    if re.search(r"医院|卫生院|医疗机构", word):
        return OrganisationKind.HOSPITAL
    if re.search(r"公司|企业|合作社|合伙|独资|工厂|股份|分公司", word):
        return OrganisationKind.ENTERPRISE
    if re.search(r"机关|政府|事业|行政", word):
        return OrganisationKind.OFFICE
    return next((kind for kind in OrganisationKind if kind.label == word), None)


def category_of(text: str) -> PostCategory:
    """Which kind of principal: a word that is neither of the two legal ones is 其他 (总经理, 厂长, 院长)."""
    word = _word(text)
    if re.search(r"法定代表人|法人", word):
        return PostCategory.LEGAL_REPRESENTATIVE
    if re.search(r"实际控制人|实控人", word):
        return PostCategory.ACTUAL_CONTROLLER
    return PostCategory.OTHER


def gas_kind_of(text: str) -> str | None:
    """管道, 瓶装, both, or 未用; None when not understood."""
    word = _word(text)
    if re.search(r"未用|不用|未使用|不使用|用电|全电|无", word) or word == "否":
        return "未用"
    kinds = [kind for kind, pattern in (("管道", r"管道|天然气"), ("瓶装", r"瓶|液化")) if re.search(pattern, word)]
    return "、".join(kinds) or None


def hospital_grade_of(text: str) -> str | None:
    """三级甲等 and 三甲 are 三级; None when not understood."""
    word = _word(text).translate(str.maketrans("123", "一二三"))
    if match := re.match(r"([一二三])(级|甲|乙|丙|$)", word):
        return f"{match[1]}级"
    return "未定级" if re.search(r"未定级|未评|无等级|^无$", word) else None


def count_of(text: str) -> int | None:
    """The number in 50, 50人, 约50人; None for a range or nonsense."""
    match = re.fullmatch(r"[约共]?(\d{1,7})(\.0+)?[人名个]?(左右)?", _word(text))
    return int(match[1]) if match else None
