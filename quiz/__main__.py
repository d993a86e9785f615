"""`python -m quiz …`."""

import os
import sys

if os.name == "posix" and sys.getfilesystemencoding() != "utf-8":  # LC_ALL=C can neither read nor name anything Chinese
    os.execv(sys.executable, [sys.executable, "-X", "utf8", "-m", "quiz", *sys.argv[1:]])

from quiz.cli import main

main()
