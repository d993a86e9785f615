"""The command line: `python -m quiz …`. `--json` prints one JSON object; exit 0 done, 1 refused or incomplete, 2 wrong usage."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlmodel import Session

from quiz import backup as backups
from quiz import cli_banks, cli_certificates, clock, installation
from quiz.accounts import audit, passwords
from quiz.accounts import service as accounts
from quiz.accounts.domain import check_password_strength
from quiz.console import CONSOLE, AsJson, prepared, print_json, progress, reading
from quiz.coverage import proof
from quiz.coverage import queries as coverage_queries
from quiz.coverage import scores as scores_queries
from quiz.db import Database, database
from quiz.http import logs
from quiz.organisations import roster_service, roster_template
from quiz.organisations.reach import Reaches
from quiz.organisations.reference import Reference
from quiz.problems import Invalid, Refusal
from quiz.training import queries as training
from quiz.vocabulary import AccountRole

app = typer.Typer(help="安考：安全生产培训与答题平台", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
account_app = typer.Typer(help="账号", no_args_is_help=True)
roster_app = typer.Typer(help="企业名册", no_args_is_help=True)
programme_app = typer.Typer(help="培训专项", no_args_is_help=True)
audit_app = typer.Typer(help="审计记录", no_args_is_help=True)
for name, group in (
    ("account", account_app),
    ("roster", roster_app),
    ("bank", cli_banks.app),
    ("programme", programme_app),
    ("audit", audit_app),
    ("certificate", cli_certificates.app),
):
    app.add_typer(group, name=name)


def main() -> None:
    """Run; a refusal becomes exit code 1 with its reason on stderr (and in the JSON, where asked for)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    logs.set_up()
    try:
        app()
    except Refusal as refusal:
        _refuse(refusal.code, refusal.message)
    except (ArgumentError, OperationalError) as problem:
        reason = str(getattr(problem, "orig", None) or problem).strip()
        _refuse("database", f"数据库不能使用，请检查 ANKAO_DATABASE_URL 和数据库服务：{reason}")
    except OSError as problem:
        _refuse("file", f"文件不能读写：{problem.filename or ''}（{problem.strerror}）")


def _refuse(code: str, message: str) -> NoReturn:
    if "--json" in sys.argv:
        print_json({"error": {"code": code, "message": message}})
    print(message, file=sys.stderr)
    sys.exit(1)


@app.command()
def setup(
    demo: Annotated[bool, typer.Option("--demo", help="同时生成演示城市（固定种子）")] = False,
    demo_if_new: Annotated[bool, typer.Option("--demo-if-new", hidden=True, help="只在全新的数据库里生成演示城市（make run 用）")] = False,
) -> None:
    """创建或升级数据库；--demo 生成演示城市。"""
    target = database()
    print(f"数据库：{target.url.render_as_string(hide_password=True)}")
    is_new = installation.is_new(target)
    installation.prepare(target)
    print("数据库已是最新版本，内置题库已载入。")
    if demo or (demo_if_new and is_new):
        _fill_demonstration(target)


def _fill_demonstration(target: Database) -> None:
    from quiz.demonstration import service as demonstration

    with progress("生成演示城市") as step:
        report = demonstration.fill(target, now=clock.now(), progress=step)
    print(report.text)


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, envvar="PORT")] = 8501,
    address: Annotated[str, typer.Option(help="监听地址；只在本机使用请填 127.0.0.1")] = "0.0.0.0",
) -> None:
    """启动服务（先升级数据库）。"""
    from quiz import launcher

    target = database()
    with installation.single_server_lock(target):  # the server takes it again: this only tells a second one before it announces itself
        launcher.refuse_if_taken(address=address, port=port)
        installation.prepare(target)
    launcher.announce(target, address=address, port=port)
    launcher.serve(address=address, port=port)


@account_app.command("create")
def account_create(
    account: Annotated[str, typer.Option()],
    role: Annotated[AccountRole, typer.Option()],
    region: Annotated[str | None, typer.Option(help="区划或管理单位代码，如 371002")] = None,
    department: Annotated[str | None, typer.Option(help="部门代码")] = None,
    name: Annotated[str, typer.Option(help="姓名或单位")] = "",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="从标准输入读密码")] = False,
) -> None:
    """创建账号。不带 --password-stdin 时生成临时密码，首次登录须修改。"""
    target = prepared()
    given = _line_from_stdin() if password_stdin else None
    if given is not None:
        check_password_strength(given, account=account)
    password = given if given is not None else accounts.temporary_password()
    hashed = passwords.hash_password(password)
    with target.transaction() as session:
        region, department = _known_codes(session, region, department)
        accounts.create_account(
            session,
            account=account,
            password_hash=hashed,
            name=name,
            roles=[(role, region, department, None)],
            now=clock.now(),
            must_change_password=given is None,
            actor=CONSOLE,
        )
    print(f"已创建账号 {account}（{role.label}）。" + ("" if given is not None else f"临时密码：{password}"))


def _line_from_stdin() -> str:
    try:
        return sys.stdin.buffer.readline().decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise Invalid("从标准输入读到的密码不是 UTF-8 编码。", code="password_encoding") from None


def _known_codes(session: Session, region: str | None, department: str | None) -> tuple[str | None, str | None]:
    """The codes as stored. Raises Invalid for one that does not exist; a department may be given by its name."""
    reference = Reference.load(session)
    if region is not None and region not in reference.regions:
        raise Invalid(f"没有代码为 {region} 的区划。例如：371002 环翠区，371082 荣成市，WH-NH 威海南海新区。", code="region")
    if department is not None and department not in reference.departments:
        named = reference.department(department)
        if named is None:
            raise Invalid(f"没有部门 {department}。可用：{'、'.join(reference.departments)}。", code="department")
        department = named
    return region, department


@roster_app.command("import")
def roster_import_command(
    file: Path,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只预览，不写入")] = False,
    as_json: AsJson = False,
) -> None:
    """导入企业名册（xlsx、xls、csv）。"""
    target = prepared()
    if not file.is_file():
        raise Invalid(f"没有这个文件：{file}", code="no_file")
    with progress("导入名册") as step:
        report = roster_service.import_roster(
            target,
            data=file.read_bytes(),
            file_name=file.name,
            today=_today(),
            now=clock.now(),
            dry_run=dry_run,
            progress=lambda done, total: step("导入名册", done, total),
        )
    if not dry_run:
        counts = {word: getattr(report, word) for word in ("rows", "created", "updated", "unchanged", "refused", "skipped")}
        _on_the_trail(target, action="import_roster", subject=report.file, detail=counts)
    if as_json:
        print_json(report.to_json())
    else:
        _print_roster(report)
    if report.refused:
        print(f"有 {report.refused} 行被拒绝，其余各行{'可以导入' if dry_run else '已导入'}。", file=sys.stderr)
        sys.exit(1)


def _on_the_trail(target: Database, *, action: str, subject: str, detail: dict[str, Any]) -> None:
    with target.transaction() as session:
        audit.record(session, actor=CONSOLE, action=action, subject=subject, at=clock.now(), detail=detail)


def _print_roster(report: roster_service.RosterReport) -> None:
    for problem in report.problems:
        where = f"{problem['sheet']} {problem['cell']}".strip()
        value = f"“{problem['value']}”" if problem["value"] else ""
        verdict = "拒绝" if problem["severity"] == "error" else "提醒"
        print(f"{verdict}  {where}  {problem['column']}{value}  {problem['message']}{problem['action']}")
    print(
        f"{report.file}：共 {report.rows} 行，新增 {report.created}，更新 {report.updated}，无变化 {report.unchanged}，"
        f"拒绝 {report.refused}，跳过 {report.skipped}。" + ("（预览，未写入）" if report.dry_run else "")
    )


@roster_app.command("template")
def roster_template_command(file: Path) -> None:
    """写出名册模板（xlsx）。"""
    file.touch()  # raises OSError where it cannot be written; the writer's own error is none
    roster_template.write_template(file)
    print(f"模板已写入 {file}")


@programme_app.command("list")
def programme_list(as_json: AsJson = False) -> None:
    """列出培训专项。"""
    with reading() as session:
        found = training.programmes(session)
    if as_json:
        print_json({"programmes": [{"code": view.code, "title": view.title, "due_day": view.due_on.isoformat()} for view in found]})
        return
    for view in found:
        print(f"{view.code:24} 截止 {view.due_on}  {view.title}")


@app.command()
def coverage(
    programme: Annotated[str, typer.Argument(help="专项编号；写 verify 则核对统计表与明细是否一致")],
    by: Annotated[coverage_queries.Dimension | None, typer.Option(help="分组口径")] = None,
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="统计日，默认今天")] = None,
    as_json: AsJson = False,
) -> None:
    """某一日的覆盖率；coverage verify 从明细重新点数并与统计表比对。"""
    if programme == "verify":
        _coverage_verify(as_json)
        return
    with reading() as session:
        day = as_of.date() if as_of else clock.local_day(clock.now())
        view = coverage_queries.coverage(session, programme_code=programme, as_of=day, by=by, reach=Reaches.everything())
    if as_json:
        print_json(view.as_json())
    else:
        print(view.text)


def _coverage_verify(as_json: bool) -> None:
    with reading() as session:
        report = proof.prove(session)
    if as_json:
        print_json(report.as_json())
    else:
        print(report.text)
    if not report.consistent:
        sys.exit(1)


@app.command()
def scores(
    programme: str,
    by: Annotated[scores_queries.GroupedBy, typer.Option(help="分组口径")],
    as_json: AsJson = False,
) -> None:
    """按企业、岗位或区域统计成绩。"""
    with reading() as session:
        view = scores_queries.scores(session, programme_code=programme, by=by, as_of=_today())
    if as_json:
        print_json(view.as_json())
    else:
        print(view.text)


def _today() -> date:
    return clock.local_day(clock.now())


@app.command()
def backup(file: Path) -> None:
    """备份整个数据库（可在服务运行时进行）。"""
    target = database()
    if installation.is_new(target):
        where = target.url.render_as_string(hide_password=True)
        raise Invalid(f"数据库 {where} 里还没有数据，不需要备份。请检查 ANKAO_DATABASE_URL。", code="empty")
    installation.migrate(target)
    report = backups.backup(target, file)
    _on_the_trail(target, action="backup", subject=file.name, detail={"rows": report.total})
    print(f"已备份 {report.total} 行到 {file}。请妥善保管：其中含有个人信息和密钥。")


@app.command()
def restore(
    file: Path,
    replace: Annotated[bool, typer.Option("--replace", help="用备份整体替换现有数据")] = False,
) -> None:
    """从备份恢复（先停止服务）。"""
    target = database()
    with installation.single_server_lock(target):
        installation.migrate(target)
        report = backups.restore(target, file, replace=replace)
        _on_the_trail(target, action="restore", subject=file.name, detail={"rows": report.total})
    print(f"已恢复 {report.total} 行（备份时间 {report.taken_at}）。")


@audit_app.command("verify")
def audit_verify(as_json: AsJson = False) -> None:
    """核对审计记录的校验链；有断裂时退出码为 1。"""
    with reading() as session:
        report = audit.verify(session)
    if as_json:
        print_json(
            {"rows": report.rows, "intact": report.intact, "broken": [{"id": row.id, "reason": row.reason} for row in report.broken]}
        )
    else:
        for row in report.broken:
            print(f"第 {row.id} 条：{row.reason}", file=sys.stderr)
        print(f"共 {report.rows} 条审计记录，" + ("校验链完整。" if report.intact else f"{len(report.broken)} 处异常。"))
    if not report.intact:
        sys.exit(1)
