"""The parts of the import of questions: where to, which file, what reading it comes to, and the import itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from quiz import clock, wiring
from quiz.accounts.audit import Actor
from quiz.accounts.domain import User
from quiz.banks import catalogue
from quiz.db import database
from quiz.exchange import fixed_file, new_bank, queries, service
from quiz.exchange.detect import MAX_FILE_BYTES
from quiz.exchange.domain import Fate, Format, Reading
from quiz.exchange.plan import ImportPlan
from quiz.exchange.queries import Target
from quiz.exchange.service import ImportReport
from quiz.exchange.writers import template as template_file
from quiz.problems import Invalid, Refusal
from quiz.settings import settings
from quiz.ui import bank_import_clashes as clashes
from quiz.ui import bank_import_past, components, gate, office, store
from quiz.ui import bank_import_rows as rows
from quiz.ui.background import Job
from quiz.ui.files import XLSX, file_name
from quiz.ui.state import Slot
from quiz.vocabulary import EditionStatus

PAGE = "import_bank"
_OLD, _NEW = "已有的题库", "新建题库"
_AT_ONCE, _AS_DRAFTS = "导入后立即发布，可以组卷", "先作为草稿，复核后发布"
_AUTO = "自动识别"
_SUFFIXES = {
    Format.XLSX: ("xlsx", "xlsm", "xls", "ods", "et"), Format.CSV: ("csv", "tsv", "txt"), Format.DOCX: ("docx", "docm"),
    Format.TEXT: ("txt", "md"), Format.JSON: ("json",), Format.GIFT: ("txt", "gift"), Format.AIKEN: ("txt",), Format.MOODLE_XML: ("xml",),
    Format.QTI12: ("xml", "zip", "imscc"), Format.QTI21: ("xml", "zip", "imscc"), Format.QTI30: ("xml", "zip", "imscc"),
}  # fmt: skip


@dataclass(frozen=True)
class Destination:
    """Where the items go: a bank there is, or one to be opened."""

    code: str
    title: str
    is_new: bool
    is_built_in: bool = False
    edition_code: str | None = None


@dataclass(frozen=True)
class Upload:
    """The chosen file, and the format it is said to have."""

    name: str
    data: bytes
    digest: str
    format: Format | None

    @property
    def made_from(self) -> tuple[str, Format | None]:
        return self.digest, self.format


@dataclass(frozen=True)
class Planned:
    """A file against a bank as it was then."""

    fingerprint: tuple[int, ...]
    plan: ImportPlan
    time: int = 1
    """How often it was planned because the bank had changed; a click on what was shown before decides nothing."""


@dataclass(frozen=True)
class Done:
    """An import that was carried out, with its file for marking."""

    report: ImportReport
    upload: Upload
    title: str
    as_drafts: bool
    replaced: int
    """New wordings of items the bank had: they wait for review in any case."""


READING = Slot[Job[Reading] | None]("bank_import_reading", lambda: None)
PLANNING = Slot[Job[Planned] | None]("bank_import_planning", lambda: None)
IMPORTING = Slot[Job[Done] | None]("bank_import_running", lambda: None)
DONE = Slot[Done | None]("bank_import_done", lambda: None)
CODE = Slot[str]("bank_import_code", str)
"""The proposed code of a new bank, kept while the person works on the rest."""
_UPLOADER = Slot[int]("bank_import_uploader", lambda: 1)
"""Number of the uploader: another number is an empty one."""


# 导入到哪里 -----------------------------------------------------------------------------------------------------------


def destination() -> Destination:
    """The bank there is, or the one to be opened."""
    with store.reading() as session:
        found = queries.targets(session)
    own = any(not target.is_built_in for target in found)
    named = office.chosen("bank", page=PAGE) in {target.code for target in found}
    ways = [_OLD, _NEW] if found else [_NEW]
    way = st.radio("导入到", ways, index=0 if own or named else len(ways) - 1, horizontal=True, key=f"{PAGE}_way")
    return _existing(found) if way == _OLD else _opened()


def _existing(found: list[Target]) -> Destination:
    titles = {target.code: f"{target.title}（{'随系统提供' if target.is_built_in else target.code}）" for target in found}
    code = office.choose("题库", titles, name="bank", page=PAGE, always=True)
    target = next(target for target in found if target.code == code)
    if target.is_built_in:
        components.note("这是随系统提供的题库：导入的题目先作为草稿，复核发布后才会用来组卷。", tone="info")
    return Destination(target.code, target.title, is_new=False, is_built_in=target.is_built_in)


def _opened() -> Destination:
    with store.reading() as session:
        editions = {
            edition.code: f"{edition.title}（{edition.status.label}）"
            for standard in catalogue.standards(session)
            for edition in standard.editions
            if edition.status is not EditionStatus.SUPERSEDED
        }
        CODE.set(CODE.get() or queries.next_bank_code(session))
    title = st.text_input("题库名称", key=f"{PAGE}_title", max_chars=120, placeholder="例如：本厂安全培训题库")
    code = st.text_input("题库编号（只用于区分，可以不改）", value=CODE.get(), key=f"{PAGE}_code", max_chars=60)
    edition = st.selectbox(
        "依据的标准（可以不选）", list(editions), index=None, format_func=editions.__getitem__, key=f"{PAGE}_edition",
        placeholder="不对应标准", help="选了标准，文件里写明的条款会自动对应，并能统计条款覆盖。",
    )  # fmt: skip
    return Destination(code.strip(), title.strip(), is_new=True, edition_code=edition)


def _fault_of(goal: Destination) -> str:
    """Why nothing can go there yet; empty when it can."""
    if not goal.is_new:
        return ""
    if not goal.title:
        return "请在上面填写题库名称。"
    try:
        new_bank.check_code(goal.code)
        with store.reading() as session:
            known = next((target for target in queries.targets(session) if target.code == goal.code), None)
    except Invalid as refusal:
        return refusal.message
    return f"编号 {goal.code} 已经是题库“{known.title}”的编号，请换一个，或选择导入到已有的题库。" if known else ""


# 文件 -----------------------------------------------------------------------------------------------------------------


def template() -> None:
    """The empty table to fill in."""
    st.download_button(
        "下载题库模板", template_file.write, file_name="题库模板.xlsx", mime=XLSX, key=f"{PAGE}_template", icon=":material/download:",
        on_click="ignore",
    )  # fmt: skip


def upload() -> Upload | None:
    """The chosen file. Any kind may be chosen: what cannot be read is answered with what to do."""
    largest = min(MAX_FILE_BYTES // 2**20, int(st.get_option("server.maxUploadSize")))
    spot = f'[class*="st-key-{PAGE}_file_"]'
    st.html(
        f"<style>{spot} [data-testid='stFileUploaderDropzoneInstructions']::after "
        f'{{ content: "也可以把文件拖到这里，不超过 {largest} MB"; }}'
        f"{spot} [data-testid='stFileUploaderFileErrorMessage'] {{ font-size: 0 !important; }}"
        f"{spot} [data-testid='stFileUploaderFileErrorMessage']::after "
        f'{{ content: "没有传上来：文件超过 {largest} MB，或网络中断。请拆成几个文件，或重新选择。"; font-size: 1rem; }}</style>'
    )
    file = st.file_uploader(
        "选择题库文件：Excel（xlsx、xls、ods）、CSV、Word（docx）、纯文本、JSON、GIFT、Aiken、Moodle XML、QTI（xml 或 zip）",
        key=f"{PAGE}_file_{_UPLOADER.get()}", max_upload_size=largest,
    )  # fmt: skip
    if file is None:
        return None
    chosen = st.selectbox(
        "文件格式", [_AUTO, *Format], format_func=lambda each: each if each == _AUTO else each.label, key=f"{PAGE}_format", width=280,
        help="一般不用改。识别错了，在这里指定格式，再读一遍。",
    )  # fmt: skip
    data = file.getvalue()
    return Upload(file.name, data, service.digest_of(data), None if chosen == _AUTO else chosen)


def reading(chosen: Upload) -> Reading | None:
    """The file, read once in a process of its own while a bar says so; None when it cannot be read, with what to do."""
    job = READING.get()
    if job is None or job.made_from != chosen.made_from:
        job = Job(chosen.made_from, lambda _: service.read(chosen.data, name=chosen.name, format=chosen.format))
        READING.set(job)
        clashes.CHOICES.clear()
        rows.OPENED.clear()
    try:
        found = job.watch("正在读取文件……")
    except Invalid as refusal:
        components.note(refusal.message, tone="bad", title="这个文件不能读取")
        return None
    how = "按指定的格式" if chosen.format else "识别为"
    components.hint(f"{how} {found.format.label}，读到 {len(found.rows)} 行。")
    suffix = chosen.name.lower().rsplit(".", 1)[-1]
    if not chosen.format and suffix not in _SUFFIXES[found.format]:
        components.note(f"文件名的后缀是“{suffix[:12]}”，内容其实是 {found.format.label}，已按内容读取。", tone="warn")
    return found


# 核对 -----------------------------------------------------------------------------------------------------------------


def plan(user: User, goal: Destination, chosen: Upload, read: Reading) -> Planned:
    """The file against the bank as it is at this moment, with the choices made so far."""
    code = "" if goal.is_new else goal.code
    made_from = (chosen.made_from, code)
    with store.reading() as session:
        fingerprint = queries.fingerprint(session, code)
    job, time = PLANNING.get(), 1
    if job is not None and job.made_from == made_from and job.is_done:
        before = job.watch("")
        job, time = (job, before.time) if before.fingerprint == fingerprint else (None, before.time + 1)
    if job is None or job.made_from != made_from:
        job = Job(made_from, _planning(fingerprint, code, read, gate.actor(user), time))
        PLANNING.set(job)
    planned = job.watch("正在与题库比对……")
    if planned.time > 1:
        text = "题库在您核对期间有了变化，已按现在的题库重新比对。请再看一遍下面的结果，再导入。"
        components.note(text, tone="warn", title="已重新比对")
    decisions = clashes.decisions(planned.plan.pairs, clashes.CHOICES.get())
    return replace(planned, plan=replace(planned.plan, decisions=decisions))


def _planning(fingerprint: tuple[int, ...], code: str, read: Reading, actor: Actor, time: int) -> Callable[..., Planned]:
    def work(_: object) -> Planned:
        with database().reading() as session:
            return Planned(fingerprint, service.plan(session, reading=read, bank_code=code, actor=actor), time)

    return work


def check(planned: Planned, chosen: Upload) -> None:
    """Everything about the file before anything is written."""
    result = planned.plan.result
    rows.figures(result)
    rows.about_file(planned.plan.reading.remarks)
    with st.container(horizontal=True):
        rows.problems_download(
            [remark.as_json() for remark in result.problems], file_name=chosen.name, key=f"{PAGE}_problems", label="下载问题清单"
        )
        _marked_download(chosen, result, key=f"{PAGE}_marked")
    components.section("逐行查看", "先列拒绝和修正过的。“查看题目”显示考生将看到的样子。")
    rows.listed(result, key=PAGE)
    clashes.show(planned.plan)


def _marked_download(chosen: Upload, result: Reading, *, key: str) -> None:
    """The file with refused and repaired rows marked; nothing to mark, no button."""
    if not result.counts[Fate.REFUSED] and not result.counts[Fate.REPAIRED]:
        return

    def data() -> bytes:
        try:
            return fixed_file.write(chosen.data, result)
        except Invalid:  # the sheet cannot be written as it was: the rows come back in our own table
            return fixed_file.write(chosen.data, replace(result, format=Format.TEXT))

    st.download_button(
        "下载标注后的文件", data, file_name=file_name(settings().organiser, "题库导入标注", clock.now(), "xlsx"), mime=XLSX, key=key,
        icon=":material/edit_document:", on_click="ignore",
        help="拒绝的行标红，修正过的标黄，原因写在批注里。改好后可以再导入，已导入的题会自动跳过。",
    )  # fmt: skip


# 确认 -----------------------------------------------------------------------------------------------------------------


def confirm(user: User, goal: Destination, chosen: Upload, planned: Planned) -> None:
    """Publish or draft, and the button; the bar is where the person looks, and a click elsewhere finds it at the head of the page."""
    result = planned.plan.result
    if not result.items:
        components.note(_nothing(result), tone="warn", title="没有可以导入的题目")
        return
    as_drafts = goal.is_built_in or st.radio("导入后", [_AT_ONCE, _AS_DRAFTS], key=f"{PAGE}_publish", horizontal=True) == _AS_DRAFTS
    faults = _faults(goal, planned.plan)
    for fault in faults:
        components.note(fault, tone="warn")
    question = (
        f"将向“{goal.title}”导入 {len(result.items)} 题，{'作为草稿等待复核' if as_drafts else '并立即发布'}。"
        f"拒绝 {result.counts[Fate.REFUSED]} 行、跳过 {result.counts[Fate.SKIPPED]} 行，不导入。没有用过之前，可以整批撤销。"
    )
    if components.confirm_button(
        f"导入 {len(result.items)} 题", key=f"{PAGE}_confirm_{planned.time}", question=question, yes="确认导入", icon=":material/upload:",
        disabled=bool(faults),
    ):  # fmt: skip
        IMPORTING.set(Job(goal, _importing(user, goal, chosen, planned.plan, as_drafts)))
        if not running():
            st.rerun()


def _nothing(result: Reading) -> str:
    if result.counts[Fate.REFUSED]:
        return "请按上面的原因改正文件，再重新选择。可以下载标注后的文件，在里面改。"
    if any(remark.code == "already_in_bank" for row in result.rows for remark in row.remarks):
        return "文件里的题目题库里都有了，或按您的选择不导入。"
    return "文件里没有认出题目。请确认选对了文件；或在“文件格式”里指定格式再试；也可以下载题库模板填写。"


def _faults(goal: Destination, planned: ImportPlan) -> list[str]:
    """What has to be settled before the import."""
    undecided = clashes.open_conflicts(planned.pairs, clashes.CHOICES.get())
    doubled = clashes.replaced_twice(planned)
    found = [_fault_of(goal)]
    found.append(f"还有 {undecided} 处答案冲突没有决定。请在上面逐处选择，或选一个统一的办法。" if undecided else "")
    found.append(f"题库中的 {'、'.join(doubled[:5])} 被选作由几道新题替换，只能由一道替换。请改选其余的。" if doubled else "")
    return [fault for fault in found if fault]


def _importing(user: User, goal: Destination, chosen: Upload, planned: ImportPlan, as_drafts: bool) -> Callable[..., Done]:
    wiring.wire()
    actor, now = gate.actor(user), clock.now()

    def work(progress: service.Progress) -> Done:
        if goal.is_new:
            report = new_bank.import_into_new_bank(
                database(), reading=planned.reading, bank_code=goal.code, title=goal.title, edition_code=goal.edition_code,
                file_name=chosen.name, digest=chosen.digest, actor=actor, now=now, decisions=planned.decisions, publish=not as_drafts,
                progress=progress,
            )  # fmt: skip
        else:
            report = service.import_bank(
                database(), reading=planned.reading, bank_code=goal.code, file_name=chosen.name, digest=chosen.digest, actor=actor, now=now,
                decisions=planned.decisions, publish=not as_drafts, progress=progress,
            )  # fmt: skip
        replaced = len(planned.replacing)
        return Done(report, chosen, goal.title, as_drafts, replaced)

    return work


def running() -> bool:
    """Watch the import that was begun, to its end; True when it was refused and the preview should be shown again."""
    job = IMPORTING.get()
    if job is None:
        _forget_undone()
        return DONE.get() is None
    try:
        done = job.watch("正在导入，可以离开本页，导入会继续……", unit="题")
    except Refusal as refusal:
        components.note(refusal.message, tone="bad", title="没有导入")
        return True
    finally:
        if job.is_done:
            IMPORTING.clear()
    DONE.set(done)
    begin_again(keep_result=True)
    return False


def _forget_undone() -> None:
    """The result of an import that was taken back meanwhile is none."""
    done = DONE.get()
    if done is not None:
        with store.reading() as session:
            found = service.imports_of_bank(session, done.report.bank)
        if any(each.id == done.report.import_id and each.undone_at for each in found):
            begin_again()


def begin_again(*, keep_result: bool = False) -> None:
    """Forget the file and what was decided about it."""
    for slot in (READING, PLANNING, CODE, clashes.CHOICES, rows.OPENED):
        slot.clear()
    _UPLOADER.set(_UPLOADER.get() + 1)
    if not keep_result:
        DONE.clear()


def result(user: User) -> None:
    """What the import just made did, and where to go from here."""
    done = DONE.get()
    if done is None:
        return
    report = done.report
    counts = report.reading.counts
    with st.container(border=True):
        lost = counts[Fate.REFUSED]
        added = len(report.reading.items) - done.replaced
        text = f"{done.upload.name} 已导入“{done.title}”，新增 {added} 题{'，等待复核发布' if done.as_drafts else '，已发布' if added else ''}。"
        text += f"{done.replaced} 题替换原题，复核发布之前，原题照用。" if done.replaced else ""
        more = f"有 {lost} 行没有导入：下载标注后的文件，改好红色的行，再导入一次；已导入的题会自动跳过。" if lost else "没有拒绝的行。"
        components.note(text + more, tone="warn" if lost else "ok", title="导入完成")
        rows.figures(report.reading, is_done=True)
        with st.container(horizontal=True):
            components.link(
                "打开题库", f"/banks?bank={report.bank}" + ("&waiting=1" if done.as_drafts or done.replaced else ""), primary=True
            )
            _marked_download(done.upload, report.reading, key=f"{PAGE}_done_marked")
            rows.problems_download(
                [remark.as_json() for remark in report.reading.problems], file_name=done.upload.name, key=f"{PAGE}_done_problems"
            )
            if st.button("再导一个", key=f"{PAGE}_again", icon=":material/replay:"):
                begin_again()
                st.rerun()
    bank_import_past.show(user, report.bank, done.title)
