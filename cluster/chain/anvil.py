"""A local chain: the native anvil binary as a child process."""

import ctypes
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cluster.chain.paths import root

START_TIMEOUT_S = 20
STOP_TIMEOUT_S = 5
_PR_SET_PDEATHSIG = 1


class AnvilUnavailable(RuntimeError):
    """There is no anvil, or it did not start; the message says what to do."""


def binary() -> Path:
    """The native binary from the Node packages. npm's own wrapper would leave it running when it is killed."""
    system = {"Linux": "linux", "Darwin": "darwin"}.get(platform.system(), platform.system().lower())
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    path = root() / "node_modules" / "@foundry-rs" / f"anvil-{system}-{machine}" / "bin" / "anvil"
    if path.exists():
        return path
    found = shutil.which("anvil")
    if found is None:
        raise AnvilUnavailable(f"anvil was not found at {path} nor on the PATH; run `make setup`")
    return Path(found)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def dying_with_this() -> Callable[[], None]:
    """To be run in a child before its program starts: the kernel ends it when this process dies, however it dies."""
    parent = os.getpid()

    def begin() -> None:
        if sys.platform != "linux":
            return
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # A parent that died before the kernel was told is nobody's to tell.
        if os.getppid() != parent:
            os._exit(1)

    return begin


def command(port: int, options: Sequence[str] = ()) -> list[str]:
    """The command line of a quiet anvil on the loopback interface."""
    return [str(binary()), "--host", "127.0.0.1", "--port", str(port), "--silent", *options]


@contextmanager
def running(port: int | None = None, options: Sequence[str] = ()) -> Iterator[str]:
    """An anvil of its own; gives its URL and stops it at the end."""
    port = free_port() if port is None else port
    process = subprocess.Popen(
        command(port, options),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=dying_with_this(),
    )
    try:
        _wait(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise AnvilUnavailable(f"anvil ended with exit code {process.returncode}; is port {port} in use?")
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AnvilUnavailable(f"anvil did not listen on port {port} within {START_TIMEOUT_S} s")
