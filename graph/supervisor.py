"""Keeps the embedded server's life tied to its parent's. Run as a program of its own, with the standard library alone.

    python supervisor.py GRACE_SECONDS COMMAND...

Its standard input is a pipe that only the parent holds. When the parent ends, however it ends, the pipe closes, and the
server is asked to stop, then made to. The data folder's lock is a file this process inherited, so the folder stays taken
until the server is gone.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading

_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _prepare_server() -> None:
    """In the server's process: it hears signals again, and on Linux it also ends if this very process is killed."""
    for number in _IGNORED:
        signal.signal(number, signal.SIG_DFL)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def main() -> int:
    grace, command = float(sys.argv[1]), sys.argv[2:]
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)  # a terminal's Ctrl-C reaches the whole group; the parent decides
    server = subprocess.Popen(  # noqa: S603 - the parent chose the command
        command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_prepare_server
    )

    def stop_at_end_of_input() -> None:
        while os.read(0, 1024):
            pass
        server.terminate()
        try:
            server.wait(grace)
        except subprocess.TimeoutExpired:
            server.kill()

    threading.Thread(target=stop_at_end_of_input, daemon=True).start()
    return server.wait()


if __name__ == "__main__":
    sys.exit(main())
