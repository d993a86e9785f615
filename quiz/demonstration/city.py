"""Founds the enterprises: who there is, where, in which trade, with which risks, and what befell them in these months."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from quiz.demonstration import trades
from quiz.demonstration.names import Names
from quiz.demonstration.numbers import Numbers
from quiz.demonstration.trades import District, Trade
from quiz.organisations.reference import Reference
from quiz.vocabulary import OrganisationKind, OrganisationStatus

ROSTER_AGE_DAYS = 100
"""The rosters came in so many days before today, ten days before the first programme opened."""
WITHOUT_CODE = 0.045
"""Share of self-employed restaurants that are 待补码."""
MOVES = 9
NEWLY_FOUNDED = 16
FATES = (
    (OrganisationStatus.DEREGISTERED, 15),
    (OrganisationStatus.REVOKED, 3),
    (OrganisationStatus.SUSPENDED, 28),
    (OrganisationStatus.UNREACHABLE, 7),
)
"""How many came to what since the rosters came in."""

_ROADS = ("兴业路", "海滨路", "工业路", "富民路", "创新路", "港湾路", "振兴街", "文化路", "和平路", "渔港路", "科技路", "昌盛街")


@dataclass(frozen=True)
class Move:
    """From this day on counted elsewhere; before, it stood there."""

    day: date
    district_code: str
    town_code: str


@dataclass
class Enterprise:
    """An organisation with its features and its history."""

    id: int
    kind: OrganisationKind
    name: str
    uscc: str | None
    district_code: str
    town_code: str
    address: str
    sector_code: str
    subsector: str
    department_code: str
    direct_department_code: str
    employees: int
    registered_on: date
    known_on: date
    """When a roster first named it."""
    features: tuple[str, ...] = ()
    registration_number: str | None = None
    gas_kind: str = ""
    standardisation: str = ""
    hospital_grade: str = ""
    status: OrganisationStatus = OrganisationStatus.ACTIVE
    status_on: date | None = None
    remark: str = ""
    moved: Move | None = None

    @property
    def closed_on(self) -> date | None:
        return self.status_on if self.status.is_closed else None

    @property
    def is_company(self) -> bool:
        return self.kind is OrganisationKind.ENTERPRISE


@dataclass
class Founder:
    """Draws one enterprise after another."""

    chance: random.Random
    today: date
    towns: Mapping[str, Sequence[str]]
    """Codes by district."""
    enterprises: list[Enterprise] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = Names(self.chance)
        self.numbers = Numbers(self.chance)

    def found_city(self) -> list[Enterprise]:
        """All districts, in the order of their list, then the history of these months."""
        for district in trades.DISTRICTS:
            for _ in range(district.industry):
                self._factory(district)
            for _ in range(district.catering):
                self._restaurant(district)
            for _ in range(district.non_coal):
                self._mine(district)
            for _ in range(district.coal):
                self._coal_mine(district)
            for number in range(district.hospitals):
                self._hospital(district, must_count=number == 0)
            for _ in range(district.others):
                self._other(district)
        self._let_time_pass()
        return self.enterprises

    # --- kinds ------------------------------------------------------------------------------------------------------------------

    def _factory(self, district: District) -> None:
        trade: Trade = self._weighted({each: _at(each.weight, district.code) for each in trades.TRADES})
        employees = self._employees(trade.employees)
        self._add(
            district, OrganisationKind.ENTERPRISE, self._company_name(district, trade.names), rural=1.5,
            sector_code="industry_trade", subsector=trade.subsector, features=self._features(trade.features), employees=employees,
            department_code=trade.department if self.chance.random() < 0.5 else "emergency_management",
            direct_department_code="emergency_management", standardisation=self._standardisation(employees),
        )  # fmt: skip

    def _restaurant(self, district: District) -> None:
        uses_gas = self.chance.random() < 0.965
        is_company = self.chance.random() < 0.17
        if is_company:
            kind, name = OrganisationKind.ENTERPRISE, self._company_name(district, trades.TABLE_COMPANIES)
        else:
            kind = OrganisationKind.SELF_EMPLOYED
            name = self.names.restaurant(district.table_prefix, self._weighted(trades.TABLES))
        self._add(
            district, kind, name, rural=0.35, sector_code="catering",
            subsector="正餐服务" if is_company else "小餐饮",
            features=(("gas_catering",) if uses_gas else ()) + (("fire_key_unit",) if is_company and self.chance.random() < 0.3 else ()),
            gas_kind=self._weighted({"管道": 5, "瓶装": 4, "管道、瓶装": 0.4}) if uses_gas else "未用",
            employees=self._employees(34 if is_company else 6), department_code="commerce",
            direct_department_code="housing_construction" if uses_gas else "market_regulation",
        )  # fmt: skip

    def _mine(self, district: District) -> None:
        mine = self._weighted({each: _at(each.weight, district.code) for each in trades.MINES})
        self._add(
            district, OrganisationKind.ENTERPRISE, self._company_name(district, mine.names), rural=9, sector_code="non_coal_mine",
            subsector=mine.subsector, employees=self._employees(mine.employees), department_code="emergency_management",
            direct_department_code=self._weighted({"emergency_management": 6, "natural_resources": 1}),
            features=self._features({"outsourced_work": 0.5, "work_at_height": 0.3}),
            standardisation=self._weighted({"三级": 6, "二级": 3, "": 1}),
        )  # fmt: skip

    def _coal_mine(self, district: District) -> None:
        self._add(
            district, OrganisationKind.ENTERPRISE, self._company_name(district, ("煤业有限公司", "矿业投资有限公司")), rural=0.5,
            sector_code="coal_mine", subsector="井工煤矿", employees=self._employees(260), department_code="development_reform",
            direct_department_code="emergency_management", standardisation=self._weighted({"一级": 3, "二级": 5}),
            remark="企业注册在本市，矿井在市外（演示数据）",
        )  # fmt: skip

    def _hospital(self, district: District, *, must_count: bool) -> None:
        kind: str = self._weighted({each: 6 if not each else 1 for each in trades.HOSPITALS})
        grades = {grade: weight for grade, weight in trades.HOSPITAL_GRADES.items() if not (must_count and grade == "一级")}
        grade: str = self._weighted(grades)
        self._add(
            district, OrganisationKind.HOSPITAL, self.names.hospital(district.prefixes[0], kind), rural=0.2,
            prefix=self._weighted({"12": 6 if grade != "一级" else 1, "52": 3, "91": 2}), sector_code="hospital",
            subsector="综合医院" if not kind else "专科医院", hospital_grade=grade, features=("fire_key_unit",),
            employees=self._employees({"一级": 60, "二级": 320, "三级": 1100}[grade]),
            department_code="health", direct_department_code="fire_rescue",
        )  # fmt: skip

    def _other(self, district: District) -> None:
        other = self.chance.choice(trades.OTHERS)
        department = {"hazardous_chemicals": "emergency_management", "construction": "housing_construction", "commerce": "commerce"}
        self._add(
            district, OrganisationKind.ENTERPRISE, self._company_name(district, other.names), rural=1, sector_code=other.sector,
            subsector=other.subsector, employees=self._employees(other.employees),
            department_code=department.get(other.sector, "transport"), direct_department_code=department.get(other.sector, "transport"),
        )  # fmt: skip

    # --- one enterprise ---------------------------------------------------------------------------------------------------------

    def _add(
        self, district: District, kind: OrganisationKind, name: str, *, rural: float, prefix: str | None = None, **rest: object
    ) -> None:
        is_table = kind is OrganisationKind.SELF_EMPLOYED
        authority = "371000" if not is_table and self.chance.random() < 0.25 else district.authority
        without_code = is_table and self.chance.random() < WITHOUT_CODE
        age = ROSTER_AGE_DAYS + 60 + self.chance.triangular(0, 365 * (11 if is_table else 24), 1500)
        registered_on = self.today - timedelta(days=int(age))
        town = self._town(district.code, rural=rural)
        uscc = None if without_code else self.numbers.uscc(prefix or ("92" if is_table else "91"), authority)
        self.enterprises.append(
            Enterprise(
                id=len(self.enterprises) + 1, kind=kind, name=name, uscc=uscc, district_code=district.code, town_code=town,
                registration_number=self.numbers.registration_number(authority) if without_code else None,
                address=f"{self.chance.choice(_ROADS)}{self.chance.randrange(1, 320)}号", registered_on=registered_on,
                known_on=self.today - timedelta(days=ROSTER_AGE_DAYS), **rest,  # type: ignore[arg-type]
            )
        )  # fmt: skip

    def _features(self, likelihoods: Mapping[str, float]) -> tuple[str, ...]:
        return tuple(code for code, likelihood in likelihoods.items() if self.chance.random() < likelihood)

    def _company_name(self, district: District, trade_names: Sequence[str]) -> str:
        return self.names.company(self.chance.choice(district.prefixes), self.chance.choice(trade_names))

    def _town(self, district_code: str, *, rural: float) -> str:
        """A street or, `rural` times as likely, a town (their codes end in 100 and more)."""
        if district_code in trades.TOWNS_OF_MANAGING_UNIT:
            return str(self._weighted(trades.TOWNS_OF_MANAGING_UNIT[district_code]))
        return str(self._weighted({code: (rural if int(code[6:]) >= 100 else 1.0) * _bustle(code) for code in self.towns[district_code]}))

    def _employees(self, median: int) -> int:
        return max(2, round(median * self.chance.lognormvariate(0, 0.75)))

    def _standardisation(self, employees: int) -> str:
        return str(self._weighted({"": 5, "三级": 4, "二级": 2 if employees > 150 else 0.2, "一级": 0.2 if employees > 300 else 0}))

    def _weighted(self, weights: Mapping):  # type: ignore[no-untyped-def,type-arg]
        return self.chance.choices(list(weights), list(weights.values()))[0]

    # --- these months -----------------------------------------------------------------------------------------------------------

    def _let_time_pass(self) -> None:
        """Some close, stop work, vanish, move or are founded. Coal mines and hospitals stay, so that each district keeps its own."""
        fickle = [each for each in self.enterprises if each.sector_code in ("industry_trade", "catering")]
        self.chance.shuffle(fickle)
        for status, number in FATES:
            for _ in range(number):
                each = fickle.pop()
                each.status, each.status_on = status, self._day_lately(3, 80)
        for _ in range(NEWLY_FOUNDED):
            each = fickle.pop()
            each.registered_on = self._day_lately(4, 55)
            each.known_on = each.registered_on + timedelta(days=3)
        movers = [each for each in fickle if each.is_company and each.district_code not in trades.TOWNS_OF_MANAGING_UNIT]
        for each in movers[:MOVES]:
            former = self.chance.choice([code for code in ("371002", "371003", "371072", "371073") if code != each.district_code])
            each.moved = Move(self._day_lately(6, 50), former, self._town(former, rural=1))

    def _day_lately(self, newest: int, oldest: int) -> date:
        return self.today - timedelta(days=self.chance.randint(newest, oldest))


def _at(weights: Mapping[str, float], district_code: str) -> float:
    return weights.get(district_code, weights["*"])


def _bustle(town_code: str) -> float:
    """How much is going on in a town: between a third and one and a half of the ordinary, always the same for the same town."""
    return 0.33 + random.Random(f"town {town_code}").random() * 1.2


def found_city(*, seed: int, today: date, reference: Reference) -> list[Enterprise]:
    """The enterprises of the demonstration city, the same for the same seed and day."""
    towns = {row.code: sorted(town.code for town in reference.towns_of(row.code)) for row in reference.districts()}
    return Founder(random.Random(f"{seed} city"), today, towns).found_city()
