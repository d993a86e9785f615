"""Commands on certificates: check one without the server, and say which keys have signed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from quiz import clock
from quiz.certificates import queries, signing
from quiz.certificates.domain import Content
from quiz.console import AsJson, print_json, reading
from quiz.problems import Invalid

app = typer.Typer(help="结业证明", no_args_is_help=True)


@app.command("verify")
def verify(
    what: Annotated[str, typer.Argument(help="签名文件（.json），或离线核验码的文字")],
    key: Annotated[str, typer.Option("--key", help="公钥；不给则用本机数据库里的公钥")] = "",
    as_json: AsJson = False,
) -> None:
    """离线核验一份证明：给出公钥时不需要数据库，也不需要网络。"""
    content, signature = _read(what)
    genuine = any(signing.is_genuine(content, signature=signature, public=public) for public in _keys(key, content))
    answer: dict[str, Any] = {"genuine": genuine, "number": content.number, "fields": dict(content.shown())}
    if as_json:
        print_json(answer)
    else:
        print("签名核对一致，内容未被改动。" if genuine else "签名核对不上：内容被改动过，或不是用这把公钥对应的私钥签发的。")
        for label, value in content.shown():
            print(f"  {label}：{value}")
        print("是否仍然有效（有无撤销、替代），以联网核验页面为准。")
    raise typer.Exit(0 if genuine else 1)


@app.command("keys")
def keys(as_json: AsJson = False) -> None:
    """列出签发过证明的公钥，交给需要离线核验的单位。"""
    with reading() as session:
        known = queries.public_keys(session)
    if as_json:
        print_json({"keys": known})
    else:
        for number, public in known.items():
            print(f"{number} {public}")


@app.command("show")
def show(number: str, as_json: AsJson = False) -> None:
    """按编号查一份证明和它现在的状态。"""
    with reading() as session:
        view = queries.certificate(session, number=number, today=clock.local_day(clock.now()))
    if view is None:
        raise Invalid(f"没有编号为 {number[:40]} 的证明。", code="no_certificate")
    if as_json:
        print_json(view.as_json())
    else:
        print(f"{view.number}  {view.state.label}")
        for label, value in view.content.shown():
            print(f"  {label}：{value}")


def _read(what: str) -> tuple[Content, str]:
    if what.strip().startswith(f"{signing.OFFLINE}."):
        return signing.read_offline_code(what)
    path = Path(what)
    if not path.exists():
        raise Invalid(f"没有这个文件：{what}", code="no_file")
    data = path.read_bytes()
    if data.lstrip().startswith(signing.OFFLINE.encode()):
        return signing.read_offline_code(data.decode("ascii", errors="replace"))
    return signing.read_signed_file(data)


def _keys(key: str, content: Content) -> list[str]:
    if key:
        return [key.strip().split()[-1]]
    with reading() as session:
        known = queries.public_keys(session)
    return [known[content.key]] if content.key in known else []
