"""One process serves an SQLite database; a second one is told so, in Chinese, before it announces itself."""

from __future__ import annotations

from tests.cli.console import Console
from tests.journeys.server import Server, free_port


def test_a_second_server_on_the_same_file_or_port_is_refused(own_town: Console) -> None:
    server = Server(own_town.environment["ANKAO_DATABASE_URL"], own_town.folder)
    server.start()
    try:
        same_file = own_town.run("serve", "--address", "127.0.0.1", "--port", str(free_port()))
        restored = own_town.run("restore", str(own_town.folder / "any.zip"))
        elsewhere = own_town.at(f"sqlite:///{own_town.folder}/other/ankao.db", own_town.folder)
        same_port = elsewhere.run("serve", "--address", "127.0.0.1", "--port", str(server.port))
        listed = own_town.run("programme", "list")
    finally:
        server.stop()

    assert "另一个进程正在使用数据库" in same_file.reason and same_file.out == ""
    assert "另一个进程正在使用数据库" in restored.reason
    assert f"端口 {server.port}" in same_port.reason and same_port.out == ""
    assert listed.code == 0  # reading does not need the lock
