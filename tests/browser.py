"""Finds a Chromium for the browser journeys; run as a program it installs one (Debian, as root) when there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def executable() -> str | None:
    """Path of a Chromium on this machine: `ANKAO_CHROMIUM`, else what the PATH offers."""
    given = os.environ.get("ANKAO_CHROMIUM")
    return given or next((path for name in _NAMES if (path := shutil.which(name))), None)


def _has_chinese_font() -> bool:
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh"], capture_output=True, text=True, check=False).stdout.strip())


def ensure() -> str:
    """The path of a Chromium, installed with apt if need be and possible."""
    found = executable()
    if found and _has_chinese_font():
        return found
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        print("installing Chromium and a Chinese font for the browser journeys …", flush=True)
        subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment, stdout=subprocess.DEVNULL)
        packages = ["chromium", "fonts-noto-cjk", "fontconfig"]
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
            check=True,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        found = executable()
    if not found:
        sys.exit(
            "The browser journeys need Chromium: install it (apt-get install chromium fonts-noto-cjk) or set ANKAO_CHROMIUM to its path."
        )
    return found


if __name__ == "__main__":
    print("browser:", ensure())
