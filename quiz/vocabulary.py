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
    MERGED = "merged", "已合并"

    @property
    def is_closed(self) -> bool:
        """A closed organisation owes nothing; a suspended or missing one still does."""
        return self in (OrganisationStatus.DEREGISTERED, OrganisationStatus.REVOKED, OrganisationStatus.MERGED)


class PostRole(Labelled):
    PRINCIPAL = "principal", "主要负责人"
    SAFETY_DIRECTOR = "safety_director", "安全总监"
    DEPUTY = "deputy", "分管安全负责人"
    SAFETY_MANAGER = "safety_manager", "安全生产管理人员"
    WORKER = "worker", "其他从业人员"
    ENFORCEMENT_OFFICER = "enforcement_officer", "安全生产执法人员"
    OFFICIAL = "official", "机关干部"


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
    ORGANISATION_CLOSED = "organisation_closed", "企业注销、吊销或合并"
    OUT_OF_AUDIENCE = "out_of_audience", "不再属于培训对象"


class NotCoveredReason(Labelled):
    """Why an enterprise is on the list of the uncovered, most telling first."""

    OVERDUE = "overdue", "逾期"
    NEW_HOLDER = "new_holder", "新任待训"
    NEVER_SIGNED_IN = "never_signed_in", "未登录"
    NOT_ATTEMPTED = "not_attempted", "未参加"
    NOT_PASSED = "not_passed", "未合格"
    HOURS_SHORT = "hours_short", "学时未满"
    NO_HOLDER = "no_holder", "未登记负责人"


class HoursRule(Labelled):
    """How many hours of class a programme asks of a holder."""

    NONE = "none", "不要求学时"
    FIXED = "fixed", "统一规定学时"
    LAW_FIRST = "law_first", "按法定初次培训学时"
    LAW_YEARLY = "law_yearly", "按法定每年再培训学时"
    LAW = "law", "按法定学时（初次任职按初次，其余按每年）"


class ExemptionGround(Labelled):
    """Why an organisation asks for 核减."""

    SUSPENDED = "suspended", "停产停业且无从业人员"
    CLOSING = "closing", "正在办理注销"
    ABROAD = "abroad", "负责人长期在外，已指定其他负责人参训"
    DUPLICATE = "duplicate", "与其他单位合并计数"
    OTHER = "other", "其他（须说明）"


class ExemptionState(Labelled):
    REQUESTED = "requested", "待初审"
    FIRST_APPROVED = "first_approved", "待审核"
    APPROVED = "approved", "已核减"
    REFUSED = "refused", "不予核减"
    WITHDRAWN = "withdrawn", "已撤回"
    ENDED = "ended", "已恢复应训"


class InstitutionState(Labelled):
    LISTED = "listed", "在册"
    STRUCK_OFF = "struck_off", "已清退"


class ReviewVerdict(Labelled):
    PASSED = "passed", "符合基本条件"
    TO_MEND = "to_mend", "限期整改"
    FAILED = "failed", "不符合基本条件"


class ClassState(Labelled):
    """A class session on its way."""

    DRAFT = "draft", "草稿"
    ANNOUNCED = "announced", "已发布"
    CLOSED = "closed", "已办结"
    CANCELLED = "cancelled", "已取消"


class SiteKind(Labelled):
    MAIN = "main", "主课堂"
    BRANCH = "branch", "分课堂"


class RegistrationState(Labelled):
    REGISTERED = "registered", "已报名"
    CANCELLED = "cancelled", "已取消"


class PresenceSource(Labelled):
    CODE = "code", "扫码或输码"
    SHEET = "sheet", "纸质签到表"
    HAND = "hand", "工作人员补登"


class WithoutSignOut(Labelled):
    """What a presence is worth that was never signed out."""

    SETTLE = "settle", "不计学时，列入“未签退”由工作人员核实"
    LESSON_END = "lesson_end", "按在场到当天最后一节课结束计"


class CertificateState(Labelled):
    VALID = "valid", "有效"
    EXPIRED = "expired", "已过期"
    REVOKED = "revoked", "已撤销"
    REPLACED = "replaced", "已被新证替代"


class ContactOutcome(Labelled):
    """What came of a call."""

    CALLED = "called", "已通知"
    PROMISED = "promised", "承诺完成"
    NO_ANSWER = "no_answer", "无人接听"
    REFUSED = "refused", "拒绝"
    WRONG_NUMBER = "wrong_number", "号码有误"


class Channel(Labelled):
    """By which road a message travels."""

    EMAIL = "email", "电子邮件"
    SMS = "sms", "短信"
    WECOM = "wecom", "企业微信群"


class OutboxState(Labelled):
    QUEUED = "queued", "待发送"
    SENDING = "sending", "发送中"
    SENT = "sent", "已发送"
    FAILED = "failed", "发送失败"
    CANCELLED = "cancelled", "已取消"
    DRY = "dry", "试运行（未真正发出）"
