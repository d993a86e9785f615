"""Rosters as they really come, each with what must become of its rows, counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

import openpyxl

from tests.organisations.sheets import HEADER, enterprise, identity, phone, roster, saved, table, text, uscc, xlsx


@dataclass(frozen=True)
class Ugly:
    """`ends` is created, updated, unchanged, refused, skipped. `refusals` and `warnings` are what must be found at which cell."""

    name: str
    file: Callable[[], bytes]
    ends: tuple[int, int, int, int, int]
    refusals: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)
    before: Callable[[], bytes] | None = None
    """A roster that was imported first."""
    changes: tuple[tuple[str, str, str], ...] | None = None
    """Kind, before and after of every change, where they matter."""


def two_row_header() -> bytes:
    cells = [
        ["威海市工贸企业名册（2026 年）"],
        ["填报单位：高区应急管理局", None, None, None, "填报日期：2026-11-20"],
        ["序号", "单位基本情况", None, None, None, None, "主要负责人", None, None, None, "法定代表人"],
        [None, "单位名称", "信用代码", "区市", "镇街", "行业", "姓名", "联系电话", "任职时间", "是否参训人", "姓名"],
        [1, "威海甲机械有限公司", uscc(1), "高区", "初村镇", "工贸", "张三", phone(1), "2024.3.5", "是", "李四"],
        [2, "威海乙机械有限公司", uscc(2), "经区", "皇冠", "工贸", "王五", phone(2), "2024年3月5日", "是", "王五"],
        ["合计", "2 家"],
        ["填表人：赵六", None, None, "审核人：钱七"],
    ]
    return xlsx(cells, merges=["A1:K1", "A3:A4", "B3:F3", "G3:J3"])


def merged_enterprise() -> bytes:
    first = enterprise(1, 职务类别=None, 是否指定参训人=None)
    second = {"主要负责人姓名": "孙控制", "手机号": phone(77), "任职日期": "2023-01-01"}
    return roster(first, second, merges=["A2:A3", "B2:B3", "C2:C3", "D2:D3", "E2:E3", "F2:F3", "G2:G3"])


def codes_as_numbers() -> bytes:
    whole = enterprise(1, 统一社会信用代码=123710000000000193)
    scientific = enterprise(2, 统一社会信用代码="9.1371E+17")
    phone_as_number = enterprise(3, 手机号=13800000003.0, 所属区市=371002.0)
    phone_as_text = enterprise(4, 手机号="1.3800000004E10")
    return roster(whole, scientific, phone_as_number, phone_as_text)


def typed_strangely() -> bytes:
    full_width = str.maketrans("0123456789ABCDEFGHJKLMNPQRTUWXY", "０１２３４５６７８９ＡＢＣＤＥＦＧＨＪＫＬＭＮＰＱＲＴＵＷＸＹ")
    return roster(
        enterprise(1, 统一社会信用代码=uscc(1).translate(full_width), 手机号="１３８００００００１１"),
        enterprise(2, 统一社会信用代码=f"'{uscc(2)}\u00a0", 所属区市=" 环 翠 区 "),
        enterprise(3, 统一社会信用代码=uscc(3).lower(), 手机号="+86 138-0000-0003"),
        enterprise(4, 企业名称="威海(测试) 有限公司\n", 主要负责人姓名="张 三"),
    )


def wrong_codes() -> bytes:
    good = uscc(1)
    wrong = good[:-1] + ("A" if good[-1] != "A" else "B")
    return roster(
        enterprise(1, 统一社会信用代码=wrong),
        enterprise(2, 统一社会信用代码=uscc(2)[:17]),
        enterprise(3, 统一社会信用代码="12345678X"),
        enterprise(4, 统一社会信用代码=uscc(4).replace("1", "I", 1)),
        enterprise(5, 统一社会信用代码=None),
        enterprise(6, 统一社会信用代码="371002200012345"),
        enterprise(7),
    )


def wrong_people() -> bytes:
    header = (*HEADER, "身份证号")
    return roster(
        enterprise(1, 手机号="1380000001"),
        enterprise(2, 手机号="0631-5231234"),
        enterprise(3, 身份证号="110105491231002"),
        enterprise(4, 身份证号="110105194912310021"),
        enterprise(5, 任职日期="长期"),
        enterprise(6, 任职日期="2027-01-01"),
        enterprise(7, 主要负责人姓名="张三、李四"),
        enterprise(8, 手机号="13800000008/13900000008"),
        enterprise(9, 身份证号="11010519491231002x"),
        header=header,
    )


def wrong_places() -> bytes:
    return roster(
        enterprise(1, 所属区市="烟台市"),
        enterprise(2, 镇街="初村镇"),
        enterprise(3, 镇街="不存在镇"),
        enterprise(4, 所属区市=None, 镇街="初村镇"),
        enterprise(5, 所属区市="威海市"),
        enterprise(6, 所属区市="南海新区", 镇街="小观镇"),
        enterprise(7, 所属区市="环翠区张村镇", 镇街=None),
    )


def aliases() -> bytes:
    return roster(
        enterprise(1, 所属区市="高区", 镇街="田和", 监管部门="应急局"),
        enterprise(2, 所属区市="经开区", 镇街="凤林街道办事处", 监管部门="市水利局"),
        enterprise(3, 所属区市="火炬高技术产业开发区", 镇街="怡园", 监管部门="环翠区应急管理局"),
        enterprise(4, 所属区市="临港", 镇街="汪疃镇", 监管部门="消防支队"),
        enterprise(5, 所属区市="山东省威海市荣成市", 镇街="371082101", 监管部门="卫健委"),
        enterprise(6, 监管部门="太阳成集团"),
    )


def wrong_sectors() -> bytes:
    return roster(
        enterprise(1, 行业领域="矿山"),
        enterprise(2, 行业领域=None),
        enterprise(3, 行业领域="道路交通"),
        enterprise(4, 经营状态="关闭"),
        enterprise(5, 经营状态="吊销，未注销"),
    )


def twice_in_file() -> bytes:
    return roster(enterprise(1), enterprise(2), enterprise(1), enterprise(2, 镇街="羊亭镇"), enterprise(1, 主要负责人姓名="另一人"))


def restaurants() -> bytes:
    header = (*HEADER, "登记注册号", "燃气类型", "单位类型")
    catering = {"行业领域": "餐饮", "监管部门": "商务局", "统一社会信用代码": None}
    return roster(
        enterprise(1, 登记注册号="371002600012345", 燃气类型="瓶装液化气", **catering),
        enterprise(2, 登记注册号="371002600012346", 燃气类型="电", **catering | {"统一社会信用代码": "待补码"}),
        enterprise(3, **catering),
        enterprise(4, 登记注册号="371002600012347", 统一社会信用代码=None),
        enterprise(5, 单位类型="个体工商户", 登记注册号="371002600012348", 统一社会信用代码=None),
        enterprise(6, **catering | {"统一社会信用代码": "371002600012349"}),
        header=header,
    )


def several_principals() -> bytes:
    return roster(
        enterprise(1, 职务类别="法定代表人", 是否指定参训人="否"),
        enterprise(1, 职务类别="实际控制人", 主要负责人姓名="实控人", 手机号=phone(71), 是否指定参训人="是"),
        enterprise(2, 职务类别=None, 是否指定参训人="是"),
        enterprise(2, 职务类别=None, 是否指定参训人="否", 主要负责人姓名="第二人", 手机号=phone(72)),
        enterprise(3, 职务类别="法定代表人"),
        enterprise(3, 职务类别="法定代表人", 主要负责人姓名="矛盾人", 手机号=phone(73)),
    )


def formulas() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in table([enterprise(1), enterprise(2), enterprise(3)]):
        sheet.append(row)
    sheet["A2"] = '="威海"&"公式公司"'
    sheet["A3"] = "=cmd|'/c calc'!A1"
    sheet["L4"] = "=VLOOKUP(A4,B:C,2,0)"
    return saved(book)


def spaced_and_hidden() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "环翠区"
    header = [name for name in HEADER if name != "所属区市"]
    sheet["C3"] = "名册"
    for offset, row in enumerate(table([enterprise(1), enterprise(2)], header)):
        for column, value in enumerate(row):
            sheet.cell(5 + offset * 2, 3 + column * 2, value)
    sheet.column_dimensions["E"].hidden = True
    hidden = book.create_sheet("旧名册")
    for row in table([enterprise(8), enterprise(9)]):
        hidden.append(row)
    hidden.sheet_state = "hidden"
    return saved(book)


def printed_pages() -> bytes:
    header = ("序号", *HEADER)
    first = table([enterprise(1, 序号=1), enterprise(2, 序号=2)], header)
    second = table([enterprise(3, 序号=3)], header)
    return xlsx([["第一页"], *first, *second, ["小计", "3"], ["注：以上企业均已核实"], [4]])


def real_dates() -> bytes:
    return roster(
        enterprise(1, 任职日期=date(2024, 3, 5)),
        enterprise(2, 任职日期=45356),
        enterprise(3, 任职日期="2024年3月"),
        enterprise(4, 任职日期=datetime(2024, 3, 5, 8, 30)),
        enterprise(5, 任职日期="20240305"),
        enterprise(6, 任职日期=None),
        enterprise(7, 任职日期="2024-02-30"),
    )


def nobody() -> bytes:
    header = tuple("法人代表" if name == "主要负责人姓名" else name for name in HEADER)
    return roster(enterprise(1, 法人代表="张三"), enterprise(2), header=header)


def feature_columns() -> bytes:
    header = (*HEADER, "特征标签", "是否涉及有限空间", "粉尘涉爆")
    return roster(
        enterprise(1, 特征标签="有限空间、涉氨"),
        enterprise(2, 是否涉及有限空间="是", 粉尘涉爆="否"),
        enterprise(3, 是否涉及有限空间="√", 粉尘涉爆="不清楚"),
        enterprise(4, 特征标签="飞碟"),
        header=header,
    )


def shared_phone_and_two_shops() -> bytes:
    header = (*HEADER, "身份证号")
    return roster(
        enterprise(1, 主要负责人姓名="张三", 手机号=phone(50), 身份证号=identity(1)),
        enterprise(2, 主要负责人姓名="张三", 手机号=phone(50), 身份证号=identity(1)),
        enterprise(3, 主要负责人姓名="李四", 手机号=phone(50)),
        enterprise(4, 主要负责人姓名="王五", 身份证号=identity(1)),
        enterprise(5, 主要负责人姓名="张三", 手机号=phone(51), 身份证号=identity(1)),
        header=header,
    )


def branches() -> bytes:
    header = (*HEADER, "经营场所")
    return roster(
        enterprise(1), enterprise(1, 经营场所="高区分店", 企业名称="威海测试1号机械有限公司高区分店"), enterprise(1, 企业名称="另一个名字"),
        header=header,
    )  # fmt: skip


def other_posts() -> bytes:
    header = (*HEADER, "安全总监", "分管负责人", "安全管理人员")
    first = enterprise(1, 安全总监="赵总监", 分管负责人="钱分管", 安全管理人员="孙员、李员")
    return roster(first, enterprise(2, 安全管理人员="无"), header=header)


def several_sheets() -> bytes:
    second = table([enterprise(2, 所属区市="文登", 镇街="宋村镇")])
    return xlsx(table([enterprise(1)]), title="环翠", more={"文登": second, "说明": [["本表由各区市填报"]]})


UGLY = (
    Ugly("plain", lambda: roster(enterprise(1), enterprise(2)), (2, 0, 0, 0, 0)),
    Ugly("two-row merged header below titles, totals and signatures", two_row_header, (2, 0, 0, 0, 2)),
    Ugly("enterprise cells merged over two principals", merged_enterprise, (1, 1, 0, 0, 0)),
    Ugly("codes that Excel turned to numbers", codes_as_numbers, (2, 0, 0, 2, 0), {"B2": "digits_lost", "B3": "digits_lost"}),
    Ugly("full width, blanks, quotes, lower case", typed_strangely, (4, 0, 0, 0, 0)),
    Ugly(
        "wrong codes",
        wrong_codes,
        (1, 0, 0, 6, 0),
        {
            "B2": "uscc_check_digit",
            "B3": "uscc_length",
            "B4": "organisation_code",
            "B5": "uscc_letter",
            "B6": "missing_code",
            "B7": "registration_number",
        },
    ),
    Ugly(
        "wrong phones, identity numbers and dates",
        wrong_people,
        (1, 0, 0, 8, 0),
        {
            "I2": "phone_form",
            "I3": "phone_landline",
            "M4": "identity_15",
            "M5": "identity_check_digit",
            "J6": "date_form",
            "J7": "future_date",
            "H8": "several_people",
            "I9": "phone_several",
        },
    ),
    Ugly(
        "wrong districts and towns",
        wrong_places,
        (3, 0, 0, 4, 0),
        {"C2": "unknown_district", "D3": "town_elsewhere", "D4": "unknown_town", "C6": "unknown_district"},
        {"D5": "district_from_town"},
    ),
    Ugly("aliases of districts and departments", aliases, (5, 0, 0, 1, 0), {"F7": "unknown_department"}),
    Ugly(
        "sectors and statuses",
        wrong_sectors,
        (2, 0, 0, 3, 0),
        {"E2": "unknown_sector", "E3": "missing_sector", "G5": "unknown_status"},
    ),
    Ugly("the same enterprise twice", twice_in_file, (2, 0, 0, 2, 1), {"D5": "conflict", "H6": "conflict"}),
    Ugly(
        "restaurants without a code",
        restaurants,
        (4, 0, 0, 2, 0),
        {"B4": "missing_code", "B5": "missing_code"},
        {"B2": "code_pending", "B3": "code_pending", "B6": "code_pending", "B7": "code_pending"},
    ),
    Ugly("several principals", several_principals, (3, 2, 0, 1, 0), {"H7": "conflict"}),
    Ugly("formulas without a result", formulas, (0, 0, 0, 3, 0), {"A2": "formula", "A3": "formula", "L4": "formula"}),
    Ugly("cells far from the corner, blank and hidden columns, a hidden sheet", spaced_and_hidden, (2, 0, 0, 0, 0)),
    Ugly("printed pages with repeated header", printed_pages, (3, 0, 0, 0, 4)),
    Ugly("dates of every kind", real_dates, (6, 0, 0, 1, 0), {"J8": "date_form"}, {"J4": "month_only", "J7": "missing_held_from"}),
    Ugly(
        "only a legal representative",
        nobody,
        (2, 0, 0, 0, 0),
        warnings={"H2": "candidate_only", "A3": "missing_principal"},
    ),
    Ugly("features as a list and as columns", feature_columns, (4, 0, 0, 0, 0), warnings={"O4": "yes_or_no", "M5": "unknown_feature"}),
    Ugly(
        "one phone for two people, one person for two enterprises",
        shared_phone_and_two_shops,
        (4, 0, 0, 1, 0),
        {"M5": "identity_name"},
        {"I4": "phone_shared", "I6": "phone_differs"},
    ),
    Ugly("one code, several premises", branches, (2, 0, 0, 1, 0), {"A4": "conflict"}),
    Ugly("other posts", other_posts, (2, 0, 0, 0, 0)),
    Ugly("several sheets", several_sheets, (2, 0, 0, 0, 0)),
    Ugly("csv in UTF-8", lambda: text([enterprise(1), enterprise(2)], encoding="utf-8-sig"), (2, 0, 0, 0, 0)),
    Ugly("csv in GB18030", lambda: text([enterprise(1), enterprise(2)], encoding="gb18030"), (2, 0, 0, 0, 0)),
    Ugly(
        "csv with semicolons and floats",
        lambda: text([enterprise(1, 手机号="13800000001.0")], encoding="utf-8", delimiter=";"),
        (1, 0, 0, 0, 0),
    ),
    Ugly("tabs in UTF-16", lambda: text([enterprise(1)], encoding="utf-16", delimiter="\t"), (1, 0, 0, 0, 0)),
    Ugly(
        "a changed name",
        lambda: roster(enterprise(1, 企业名称="威海改名机械有限公司")),
        (0, 1, 0, 0, 0),
        warnings={"A2": "renamed"},
        before=lambda: roster(enterprise(1)),
        changes=(("name", "威海测试1号机械有限公司", "威海改名机械有限公司"),),
    ),
    Ugly(
        "a name with other brackets is no new name",
        lambda: roster(enterprise(1, 企业名称="威海(测试) 有限公司")),
        (0, 0, 1, 0, 0),
        before=lambda: roster(enterprise(1, 企业名称="威海（测试）有限公司")),
    ),
    Ugly(
        "a changed principal",
        lambda: roster(enterprise(1, 主要负责人姓名="新任人", 手机号=phone(60), 任职日期="2026-05-01"), enterprise(2)),
        (0, 1, 1, 0, 0),
        before=lambda: roster(enterprise(1, 主要负责人姓名="前任人"), enterprise(2)),
        changes=(("principal", "前任人", "新任人"),),
    ),
    Ugly(
        "an older roster does not bring the former principal back",
        lambda: roster(enterprise(1, 主要负责人姓名="前任人", 任职日期="2020-01-01")),
        (0, 0, 0, 1, 0),
        {"J2": "stale_principal"},
        before=lambda: roster(enterprise(1, 主要负责人姓名="现任人", 任职日期="2024-03-05")),
    ),
    Ugly(
        "another category is another principal, not a successor",
        lambda: roster(enterprise(1, 主要负责人姓名="实控人", 手机号=phone(61), 职务类别="实际控制人", 是否指定参训人="否")),
        (0, 1, 0, 0, 0),
        before=lambda: roster(enterprise(1, 主要负责人姓名="法人")),
        changes=(("principal", "", "实控人"),),
    ),
    Ugly(
        "a moved enterprise, a new phone, a new date of post",
        lambda: roster(enterprise(1, 所属区市="荣成", 镇街="俚岛", 手机号=phone(62), 任职日期="2023-01-01")),
        (0, 1, 0, 0, 0),
        warnings={"C2": "moved", "I2": "phone_changed", "J2": "held_from_kept"},
        before=lambda: roster(enterprise(1, 主要负责人姓名="李小一")),
        changes=(("district_code", "环翠区", "荣成市"), ("town_code", "张村镇", "俚岛镇"), ("phone", "138****0001", "李小一 138****0062")),
    ),
    Ugly(
        "blank cells erase nothing",
        lambda: roster(enterprise(1, 镇街=None, 行业领域=None, 监管部门=None, 手机号=None, 任职日期=None, 职务类别=None, 经营状态=None)),
        (0, 0, 1, 0, 0),
        before=lambda: roster(enterprise(1)),
    ),
    Ugly(
        "the missing code arrives",
        lambda: roster(enterprise(1, 统一社会信用代码=uscc(1, prefix="92"), 行业领域="餐饮")),
        (0, 1, 0, 0, 0),
        warnings={"B2": "code_filled"},
        before=lambda: roster(
            enterprise(1, 统一社会信用代码=None, 行业领域="餐饮", 登记注册号="371002600012345"), header=(*HEADER, "登记注册号")
        ),
        changes=(("uscc", "", uscc(1, prefix="92")),),
    ),
    Ugly(
        "deregistered on a day",
        lambda: roster(enterprise(1, 经营状态="注销", 注销日期="2026-06-30"), header=(*HEADER, "注销日期")),
        (0, 1, 0, 0, 0),
        before=lambda: roster(enterprise(1)),
        changes=(("status", "在业", "注销"), ("closed_on", "", "2026-06-30")),
    ),
    Ugly(
        "two principals on record and no category",
        lambda: roster(enterprise(1, 主要负责人姓名="新人", 手机号=phone(63), 职务类别=None)),
        (0, 0, 0, 1, 0),
        {"H2": "ambiguous_principal"},
        before=lambda: roster(
            enterprise(1), enterprise(1, 主要负责人姓名="实控人", 手机号=phone(64), 职务类别="实际控制人", 是否指定参训人="否")
        ),
    ),
)
