"""The words of the trade: every code that is stored, with the Chinese label that is shown."""

from __future__ import annotations

from enum import StrEnum


class Labelled(StrEnum):
    """A stored code with its Chinese label: `AttemptState.OPEN.label == "答题中"`."""

    _value_: str
    label: str

    def __new__(cls, code: str, label: str = "") -> Labelled:
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member


class RegionLevel(Labelled):
    CITY = "city", "市"
    DISTRICT = "district", "区市（开发区）"
    TOWN = "town", "镇街"


class RegionKind(Labelled):
    ADMINISTRATIVE = "administrative", "行政区划"
    DEVELOPMENT_ZONE = "development_zone", "开发区（统计代码）"
    MANAGING_UNIT = "managing_unit", "管理单位（无独立区划代码）"


class OrganisationKind(Labelled):
    ENTERPRISE = "enterprise", "企业"
    HOSPITAL = "hospital", "医院"
    SELF_EMPLOYED = "self_employed", "个体工商户"
    OFFICE = "office", "机关单位"


class OrganisationStatus(Labelled):
    ACTIVE = "active", "在业"
    SUSPENDED = "suspended", "停产停业"
    UNREACHABLE = "unreachable", "查无下落"
    DEREGISTERED = "deregistered", "注销"
    REVOKED = "revoked", "吊销"

    @property
    def is_closed(self) -> bool:
        """A closed organisation owes nothing; a suspended or missing one still does."""
        return self in (OrganisationStatus.DEREGISTERED, OrganisationStatus.REVOKED)


class PostRole(Labelled):
    PRINCIPAL = "principal", "主要负责人"
    SAFETY_DIRECTOR = "safety_director", "安全总监"
    DEPUTY = "deputy", "分管安全负责人"
    SAFETY_MANAGER = "safety_manager", "安全生产管理人员"
    WORKER = "worker", "其他从业人员"


class PostCategory(Labelled):
    LEGAL_REPRESENTATIVE = "legal_representative", "法定代表人"
    ACTUAL_CONTROLLER = "actual_controller", "实际控制人"
    OTHER = "other", "其他"


class AccountRole(Labelled):
    TRAINEE = "trainee", "学员"
    TRAINER = "trainer", "培训教师"
    OFFICE = "office", "安委会办公室"
    ADMINISTRATOR = "administrator", "管理员"


class ItemType(Labelled):
    SINGLE = "single", "单选题"
    MULTIPLE = "multiple", "多选题"
    TRUE_FALSE = "true_false", "判断题"
    NUMERIC = "numeric", "计算题"
    BLANK = "blank", "填空题"
    ORDERING = "ordering", "排序题"
    MATCHING = "matching", "配对题"
    CASE = "case", "案例题"

    @property
    def is_choice(self) -> bool:
        """Answered by choosing among options."""
        return self in (ItemType.SINGLE, ItemType.MULTIPLE, ItemType.TRUE_FALSE)


class ItemKind(Labelled):
    KNOWLEDGE = "knowledge", "知识题"
    APPLICATION = "application", "应用题"
    SCENARIO = "scenario", "情景题"


class ItemState(Labelled):
    """Where an item, or a version that is being rewritten, stands."""

    DRAFT = "draft", "草稿"
    REVIEWED = "reviewed", "已复核"
    PUBLISHED = "published", "已发布"
    WITHDRAWN = "withdrawn", "已停用"


class ItemStepAction(Labelled):
    """What somebody did to an item on its way."""

    DRAFTED = "drafted", "起草"
    REVIEWED = "reviewed", "复核通过"
    SENT_BACK = "sent_back", "退回修改"
    DISCARDED = "discarded", "放弃修改"
    PUBLISHED = "published", "发布"
    WITHDRAWN = "withdrawn", "停用"
    RESTORED = "restored", "恢复使用"
    RECITED = "recited", "改引新版同文条款"


class ClauseRelation(Labelled):
    """How an item stands to a clause."""

    TESTS = "tests", "考查"
    CHANGED_FROM = "changed_from", "旧版条款"


class ClauseChange(Labelled):
    """What became of a clause in a new edition."""

    KEPT = "kept", "未变"
    CHANGED = "changed", "有修改"
    NEW = "new", "新增"
    GONE = "gone", "删除"


class Difficulty(Labelled):
    EASY = "easy", "易"
    MEDIUM = "medium", "中"
    HARD = "hard", "难"


class EditionStatus(Labelled):
    UPCOMING = "upcoming", "已公布未施行"
    IN_FORCE = "in_force", "现行有效"
    SUPERSEDED = "superseded", "已被替代"


class ScoringPolicy(Labelled):
    ALL_OR_NOTHING = "all_or_nothing", "多选题全部选对才得分，少选、多选、错选均不得分；填空、配对、排序全部答对才得分"
    PARTIAL = "partial", "多选题少选按比例得分，有错选不得分；填空、配对按答对的个数得分"


class ReviewPolicy(Labelled):
    AFTER_HAND_IN = "after_hand_in", "交卷后即可查看错题、答案和解析"
    AFTER_CLOSE = "after_close", "考试窗口结束后可查看错题、答案和解析"
    SCORE_ONLY = "score_only", "只公布成绩，不公布答案"


class PaperState(Labelled):
    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "已发布"
    WITHDRAWN = "withdrawn", "已停用"


class AttemptState(Labelled):
    OPEN = "open", "答题中"
    HANDED_IN = "handed_in", "已交卷"
    EXPIRED = "expired", "到时自动交卷"

    @property
    def is_closed(self) -> bool:
        return self is not AttemptState.OPEN


class HolderPolicy(Labelled):
    """Whose completion makes an enterprise complete (`domain`: policies A and B)."""

    ALL = "all", "A 全部应训主要负责人均合格"
    DESIGNATED = "designated", "B 指定参训人合格"


class ProgrammeState(Labelled):
    DRAFT = "draft", "草稿"
    OPEN = "open", "进行中"
    CLOSED = "closed", "已结束"


class DutyClosing(Labelled):
    """Why a duty ended without being completed."""

    HOLDER_LEFT = "holder_left", "负责人已变更"
    ORGANISATION_CLOSED = "organisation_closed", "企业注销或吊销"
    OUT_OF_AUDIENCE = "out_of_audience", "不再属于培训对象"


class NotCoveredReason(Labelled):
    """Why an enterprise is on the list of the uncovered, most telling first."""

    OVERDUE = "overdue", "逾期"
    NEW_HOLDER = "new_holder", "新任待训"
    NEVER_SIGNED_IN = "never_signed_in", "未登录"
    NOT_ATTEMPTED = "not_attempted", "未参加"
    NOT_PASSED = "not_passed", "未合格"
    NO_HOLDER = "no_holder", "未登记负责人"
