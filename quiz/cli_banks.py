"""`python -m quiz bank …`: list, check, import, export."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from quiz import clock
from quiz.accounts import audit
from quiz.banks import queries as banks
from quiz.banks.review import ERROR, review
from quiz.banks.review_basis import basis_of_bank
from quiz.console import CONSOLE, AsJson, prepared, print_json, progress, reading
from quiz.exchange import export, fixed_file, service
from quiz.exchange.domain import Fate, Format
from quiz.problems import Invalid, NotFound
from quiz.vocabulary import ItemState

app = typer.Typer(help="题库", no_args_is_help=True)


@app.command("list")
def bank_list(as_json: AsJson = False) -> None:
    """列出题库。"""
    with reading() as session:
        found = banks.list_banks(session)
    if as_json:
        print_json({"banks": [view.as_json() for view in found]})
        return
    for view in found:
        print(f"{view.code:36} {view.items:5} 题  条款 {view.clauses_covered}/{view.clauses}  {view.title}")


@app.command("check")
def bank_check(code: str, as_json: AsJson = False) -> None:
    """检查题库的命题质量；有错误时退出码为 1。"""
    with reading() as session:
        view = next((bank for bank in banks.list_banks(session) if bank.code == code), None)
        if view is None:
            raise NotFound(f"没有编号为 {code} 的题库。用 bank list 查看全部题库。")
        items = [item for item in banks.items_of_bank(session, code) if item.state == ItemState.PUBLISHED]
        findings = review(items, basis_of_bank(session, code))
    errors = sum(finding.severity == ERROR for finding in findings)
    if as_json:
        print_json(
            {
                "bank": code,
                "items": len(items),
                "errors": errors,
                "warnings": len(findings) - errors,
                "findings": [f.as_json() for f in findings],
            }
        )
    else:
        for finding in findings:
            print(f"{finding.label}  {finding.item or '（题库）'}  {finding.rule.title}：{finding.message}{finding.action}")
        print(f"{view.title}：{len(items)} 题，错误 {errors} 处，提醒 {len(findings) - errors} 处。")
    if errors:
        sys.exit(1)


@app.command("import")
def bank_import(
    file: Path,
    bank: Annotated[str, typer.Option("--bank", help="题库编号；没有则新建")],
    title: Annotated[str, typer.Option(help="新建题库的名称")] = "",
    format: Annotated[Format | None, typer.Option("--format", help="文件格式；默认自动识别")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只预览，不写入")] = False,
    fixed: Annotated[Path | None, typer.Option("--fixed", help="把标出问题的文件另存到这里")] = None,
    as_json: AsJson = False,
) -> None:
    """导入题目：xlsx、xls、ods、csv、docx、txt、GIFT、Aiken、Moodle XML、QTI、JSON。"""
    target = prepared()
    if not file.is_file():
        raise Invalid(f"没有这个文件：{file}", code="no_file")
    data = file.read_bytes()
    found = service.read(data, name=file.name, format=format)
    with progress("导入题库") as step:
        report = service.import_bank(
            target,
            reading=found,
            bank_code=bank,
            title=title,
            file_name=file.name,
            digest=service.digest_of(data),
            actor=CONSOLE,
            now=clock.now(),
            dry_run=dry_run,
            progress=lambda done, total: step("导入题库", done, total),
        )
    if fixed is not None:
        fixed.write_bytes(fixed_file.write(data, report.reading))
    if as_json:
        print_json(report.as_json())
    else:
        for remark in report.reading.problems:
            print(f"{remark.severity.label}  {remark.place}  {remark.text}")
        print(f"{file.name}：{service.counts_line(report.reading)}。" + ("（预览，未写入）" if dry_run else ""))
    refused = report.reading.counts[Fate.REFUSED]
    if refused or not report.reading.items:
        print(f"有 {refused} 处被拒绝，没有导入。" if refused else "文件里没有可以导入的题目。", file=sys.stderr)
        sys.exit(1)


@app.command("export")
def bank_export(
    code: str,
    format: Annotated[export.ExportFormat, typer.Option("--format", help="文件格式")],
    output: Annotated[Path, typer.Option("--output", help="写到这个文件")],
    as_json: AsJson = False,
) -> None:
    """导出题库；这种格式保存不了的内容逐条列出。"""
    target = prepared()
    with target.reading() as session:
        made = export.export_bank(session, bank_code=code, format=format)
    output.write_bytes(made.data)
    with target.transaction() as session:
        detail = {"format": format.value, "items": made.items, "left_out": len(made.left_out)}
        audit.record(session, actor=CONSOLE, action="export_bank", subject=code, at=clock.now(), detail=detail)
    if as_json:
        print_json(made.as_json())
    else:
        for item, reasons in (*made.left_out, *made.losses):
            print(f"{item}  {'；'.join(reasons)}")
        print(f"已导出 {made.items} 题到 {output}。" + (f"有 {len(made.left_out)} 题这种格式保存不了。" if made.left_out else ""))
    if made.left_out:
        print(f"有 {len(made.left_out)} 题没有导出，见上面的说明。", file=sys.stderr)
        sys.exit(1)
