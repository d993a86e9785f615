"""What the city lives on: districts with their numbers and temper, trades with their risks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class District:
    """How many of each are there, how its enterprises are called, and how eagerly its principals take part."""

    code: str
    prefixes: tuple[str, ...]
    """What a company's name begins with here."""
    table_prefix: str
    """What a restaurant's name begins with."""
    authority: str
    """Six digits of the registering authority."""
    industry: int
    catering: int
    non_coal: int
    coal: int
    hospitals: int
    others: int
    zeal: float
    """Share of principals who come by themselves in about two months."""


DISTRICTS = (
    District("371082", ("荣成市", "荣成", "荣成", "威海"), "荣成市", "371082", 262, 186, 38, 2, 5, 8, 0.83),
    District("371002", ("威海", "威海市", "威海", "山东"), "环翠区", "371002", 178, 218, 8, 1, 6, 8, 0.66),
    District("371003", ("威海市文登区", "文登", "威海", "威海市"), "文登区", "371003", 178, 132, 27, 2, 4, 7, 0.60),
    District("371083", ("乳山市", "乳山", "乳山", "威海"), "乳山市", "371083", 126, 112, 25, 2, 4, 5, 0.57),
    District("371072", ("威海", "威海经区", "威海市", "威海"), "威海经区", "371072", 118, 108, 3, 1, 4, 5, 0.61),
    District("371071", ("威海", "威海市", "威海高区", "山东"), "威海高区", "371071", 98, 88, 2, 1, 4, 5, 0.75),
    District("371073", ("威海", "威海市", "威海临港区", "威海"), "威海临港区", "371073", 84, 44, 6, 1, 3, 3, 0.56),
    District("WH-NH", ("威海", "威海南海新区", "威海市", "山东"), "威海南海新区", "371003", 30, 32, 3, 1, 2, 2, 0.61),
)
"""荣成 leads, 临港 lags; about 2,100 in all."""

TOWNS_OF_MANAGING_UNIT = {"WH-NH": {"371003108": 0.8, "371003107": 0.2}}
"""南海新区 manages towns that lie in 文登."""


@dataclass(frozen=True, eq=False)
class Trade:
    """A trade of 工贸: names of its firms, its size, its features with their likelihood, and where it is at home."""

    subsector: str
    names: tuple[str, ...]
    employees: int
    """Median."""
    features: dict[str, float]
    weight: dict[str, float]
    """By district; `*` elsewhere."""
    department: str = "emergency_management"


TRADES = (
    Trade("轻工（水产品冷冻加工）", ("水产食品有限公司", "海产品冷冻加工有限公司", "冷藏有限公司", "海洋食品股份有限公司"), 85,
          {"confined_space": 0.96, "ammonia_refrigeration": 0.34, "hot_work": 0.2, "fire_key_unit": 0.15},
          {"371082": 34, "371083": 14, "371072": 8, "*": 6}, "marine"),
    Trade("轻工（海藻生物制品）", ("海藻生物科技有限公司", "海带食品有限公司", "生物制品有限公司"), 60,
          {"confined_space": 0.97, "dust_explosion": 0.12}, {"371082": 14, "*": 2}),
    Trade("轻工（渔具制造）", ("渔具有限公司", "钓具有限公司", "户外用品有限公司"), 70,
          {"confined_space": 0.88, "dust_explosion": 0.25, "shared_premises": 0.2}, {"371002": 20, "371071": 14, "371073": 12, "*": 3}),
    Trade("纺织（地毯、家纺）", ("地毯有限公司", "纺织有限公司", "家纺有限公司", "针织服装有限公司"), 110,
          {"confined_space": 0.93, "dust_explosion": 0.1, "fire_key_unit": 0.2}, {"371002": 14, "371003": 16, "371083": 8, "*": 6}),
    Trade("机械（船舶配件）", ("船舶配件有限公司", "船用设备有限公司", "船舶工程有限公司"), 75,
          {"confined_space": 0.98, "hot_work": 0.9, "work_at_height": 0.55, "outsourced_work": 0.4},
          {"371082": 20, "371072": 14, "371003": 6, "*": 4}, "industry_information"),
    Trade("机械（铸造）", ("铸造有限公司", "铸业有限公司", "精密铸件有限公司"), 65,
          {"confined_space": 0.9, "metal_smelting": 0.7, "dust_explosion": 0.2, "hot_work": 0.6},
          {"371003": 18, "371083": 8, "371073": 8, "*": 3}),
    Trade("机械（零部件加工）", ("机械有限公司", "精工机械有限公司", "汽车零部件有限公司", "机床附件有限公司"), 55,
          {"confined_space": 0.88, "hot_work": 0.6, "shared_premises": 0.15},
          {"371003": 18, "371073": 18, "371072": 14, "*": 9}, "industry_information"),
    Trade("轻工（食品加工）", ("食品有限公司", "花生制品有限公司", "果蔬食品有限公司", "调味品有限公司"), 60,
          {"confined_space": 0.95, "ammonia_refrigeration": 0.12, "dust_explosion": 0.15}, {"371083": 18, "371003": 12, "*": 8}),
    Trade("轻工（橡胶制品）", ("橡胶制品有限公司", "轮胎有限公司", "密封件有限公司"), 120,
          {"confined_space": 0.93, "dust_explosion": 0.3, "fire_key_unit": 0.3}, {"371082": 8, "371003": 8, "*": 3}),
    Trade("轻工（造纸包装）", ("包装制品有限公司", "纸业有限公司", "包装印刷有限公司"), 45,
          {"confined_space": 0.97, "fire_key_unit": 0.2}, {"371071": 8, "371072": 8, "*": 6}),
    Trade("轻工（医疗器械）", ("医疗器械有限公司", "医用制品有限公司"), 90,
          {"confined_space": 0.85, "shared_premises": 0.25}, {"371071": 18, "371002": 5, "371073": 6, "*": 1}, "industry_information"),
    Trade("轻工（木制品）", ("木制品有限公司", "木业有限公司", "家具有限公司"), 35,
          {"confined_space": 0.8, "dust_explosion": 0.92, "fire_key_unit": 0.1}, {"371002": 6, "371003": 8, "*": 5}),
    Trade("建材（石材、混凝土制品）", ("石材有限公司", "混凝土制品有限公司", "新型建材有限公司"), 40,
          {"confined_space": 0.95, "work_at_height": 0.3, "hot_work": 0.3}, {"371082": 10, "371003": 8, "371083": 8, "WH-NH": 14, "*": 4}),
    Trade("机械（电子电器）", ("电子有限公司", "电器有限公司", "智能装备有限公司"), 95,
          {"confined_space": 0.82, "shared_premises": 0.3}, {"371071": 18, "371072": 12, "*": 3}, "industry_information"),
)  # fmt: skip


@dataclass(frozen=True)
class Other:
    """An enterprise that none of the five programmes is about; a roster has them too."""

    sector: str
    subsector: str
    names: tuple[str, ...]
    employees: int


OTHERS = (
    Other("hazardous_chemicals", "加油站", ("加油站有限公司", "油品销售有限公司"), 9),
    Other("construction", "房屋建筑", ("建筑工程有限公司", "安装工程有限公司"), 60),
    Other("commerce", "商场超市", ("超市有限公司", "商贸有限公司"), 32),
    Other("road_transport", "道路货运", ("物流有限公司", "运输有限公司"), 28),
)

TABLES = {
    "海鲜大排档": 16, "海鲜馆": 13, "家常菜馆": 16, "饺子馆": 8, "烧烤店": 12, "火锅店": 9, "面馆": 8, "鲁菜馆": 5, "羊汤馆": 5,
    "包子铺": 5, "渔家菜馆": 6, "酒楼": 4,
}  # fmt: skip
"""Kinds of self-employed restaurants with their weights."""
TABLE_COMPANIES = ("餐饮管理有限公司", "酒店有限公司", "餐饮服务有限公司", "渔港酒楼有限公司")


@dataclass(frozen=True, eq=False)
class Mine:
    """A kind of non-coal mine."""

    subsector: str
    names: tuple[str, ...]
    employees: int
    weight: dict[str, float]


MINES = (
    Mine("地下矿山（金矿）", ("黄金矿业有限公司", "金矿有限公司"), 95, {"371083": 8, "371003": 6, "*": 2}),
    Mine("露天矿山（饰面用花岗石）", ("花岗石矿业有限公司", "石材矿业有限公司", "石材开采有限公司"), 28,
         {"371082": 12, "371003": 6, "*": 3}),
    Mine("露天矿山（建筑用石料）", ("石料有限公司", "砂石矿业有限公司"), 22, {"*": 4}),
    Mine("尾矿库", ("尾矿综合利用有限公司",), 18, {"371083": 1, "371003": 1, "*": 0.2}),
)  # fmt: skip

HOSPITALS = ("", "骨科", "中医", "妇产", "康复", "眼科", "口腔", "老年病", "肿瘤")
"""What a hospital is for; the first is a general one."""
HOSPITAL_GRADES = {"二级": 0.62, "三级": 0.2, "一级": 0.18}
