"""A service as a child process: started, waited for, stopped, or killed for a test."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cluster.chain.anvil import dying_with_this
from cluster.stack.errors import ServiceFailed

STOP_S = 10.0
PROBE_S = 2.0
PAUSE_S = 0.05
LOG_LINES = 12
INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


def spawn(
    command: Sequence[str], env: Mapping[str, str], log: Path, folder: Path | None = None
) -> "subprocess.Popen[bytes]":
    """Starts a program whose output goes to the end of `log`, and which ends with this process, however it ends."""
    # An interrupt that arrives while Python forks is raised in a callback and lost, so it waits.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTS)
    try:
        with log.open("ab") as output:
            return subprocess.Popen(
                list(command),
                env=dict(env),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_beginning(),
            )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_of(log: Path) -> str:
    """The last lines of a program's output, to be shown with what went wrong."""
    lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:]
    return "\n".join([f"its log, {log}, ends with:", *(f"  {line}" for line in lines)])


def _beginning() -> Callable[[], None]:
    die_with_parent = dying_with_this()

    def begin() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)
        die_with_parent()

    return begin


class Process:
    """One service. Its output goes to `log`; it ends with this process, however this process ends.

    `ready_url` is asked until it answers with 200; JSON-RPC nodes, which take no GET, answer anything.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        ready_url: str,
        *,
        env: Mapping[str, str] | None = None,
        start_s: float = 30.0,
        any_answer: bool = False,
    ) -> None:
        self.name = name
        self.log = log
        self._command = list(command)
        self._env = {**os.environ, **(env or {})}
        self._ready_url = ready_url
        self._start_s = start_s
        self._any_answer = any_answer
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def launch(self) -> None:
        """Starts the program, without waiting for it."""
        self._process = spawn(self._command, self._env, self.log)

    def wait_ready(self) -> None:
        """Returns when the service answers. Raises `ServiceFailed`, with the end of its log."""
        until = time.monotonic() + self._start_s
        while time.monotonic() < until:
            self.require_running()
            if self._answers():
                return
            time.sleep(PAUSE_S)
        raise ServiceFailed(f"{self.name} did not answer within {self._start_s:.0f} s\n{end_of(self.log)}")

    def start(self) -> None:
        """`launch` and `wait_ready`."""
        self.launch()
        self.wait_ready()

    def require_running(self) -> None:
        """Raises `ServiceFailed` if the service has ended."""
        if self._process is None:
            raise ServiceFailed(f"{self.name} was not started")
        code = self._process.poll()
        if code is not None:
            raise ServiceFailed(f"{self.name} ended with exit code {code}\n{end_of(self.log)}")

    def stop(self) -> None:
        """Asks it to end, and makes it end if it does not."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self._process.wait()
        self._process = None

    def kill(self) -> None:
        """`kill -9`."""
        if self._process is not None and self._process.poll() is None:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, number)

    def _answers(self) -> bool:
        try:
            # The URL is ours: loopback and a port.
            with urllib.request.urlopen(self._ready_url, timeout=PROBE_S) as response:  # noqa: S310
                return int(response.status) == 200
        except urllib.error.HTTPError:
            return self._any_answer
        except (OSError, urllib.error.URLError):
            return False
