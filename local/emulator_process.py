"""Runs MiniStack for exactly as long as its parent lives.

The parent holds the other end of this process's standard input. However the parent ends (a normal stop, Ctrl-C,
`kill -9`), the operating system closes that pipe, the emulator sees the end of file and leaves. That works alike on
Linux, macOS and Windows. A parent that stops it in order says so with a word and tidies up itself; one that vanished
said nothing, so its folder is removed here.

Run as a script by `local.emulator`, with that folder as its only argument.
"""

import os
import shutil
import signal
import sys
import threading


class ParentWatch(threading.Thread):
    """Ends this process, as a polite `kill` would, when standard input ends.

    Attributes:
        orphaned: Whether the parent vanished, so that nobody else will tidy up.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.orphaned = False

    def run(self) -> None:
        """Wait for the end of standard input."""
        self.orphaned = not sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)


def main(folder: str) -> None:
    """Serve until the parent is gone."""
    from ministack.app import main as serve

    watch = ParentWatch()
    watch.start()
    sys.argv = ["ministack"]
    try:
        serve()
    finally:
        if watch.orphaned:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
