"""The local stack starts whole or not at all, and says why not in a sentence."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from cluster.chain import anvil
from cluster.cli import main
from cluster.stack import stack as module
from cluster.stack.errors import DiskFull, HomeInUse, PortInUse, ServiceFailed
from cluster.stack.ports import Ports
from cluster.stack.process import Process
from cluster.stack.stack import Stack

CLUSTER = str(Path(sys.executable).with_name("cluster"))


def living(pids: list[int]) -> list[int]:
    """Those that are neither gone nor only waiting to be reaped."""
    found = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            continue
        if state != "Z":
            found.append(pid)
    return found


def test_a_port_in_use_is_a_sentence_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        stack = Stack(tmp_path, Ports(anvil=anvil.free_port(), relay=port))
        with pytest.raises(PortInUse, match=f"port {port} is needed for relay") as error, stack:
            pass
    assert "--free-ports" in str(error.value)
    assert not any(service.running for service in stack.services)


def test_no_disk_space_is_a_sentence_and_nothing_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: SimpleNamespace(free=7_000_000))
    stack = Stack(tmp_path, Ports.free())
    with pytest.raises(DiskFull, match=r"300 MB of free disk are needed at .*, there are 7 MB"), stack:
        pass
    assert not any(service.running for service in stack.services)


def test_two_stacks_do_not_share_a_folder(tmp_path: Path) -> None:
    first, second = Stack(tmp_path, Ports.free()), Stack(tmp_path, Ports.free())
    first._prepare_home()
    try:
        with pytest.raises(HomeInUse, match="give another --home"), second:
            pass
    finally:
        first.stop()
    second._prepare_home()
    second.stop()


def test_only_the_stacks_own_files_are_removed(tmp_path: Path) -> None:
    (tmp_path / "relay.sqlite-wal").write_text("old")
    (tmp_path / "thesis.txt").write_text("mine")
    stack = Stack(tmp_path, Ports.free())
    stack._prepare_home()
    stack.stop()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_missing_chain_binary_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anvil, "root", lambda: tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(main, ["up", "--free-ports", "--home", str(tmp_path / "stack")])
    assert result.exit_code == 3
    assert "run `make setup`" in result.output


def test_a_service_that_ends_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    code = "print('the reason'); raise SystemExit(7)"
    process = Process("crasher", [sys.executable, "-c", code], tmp_path / "log", "http://127.0.0.1:9/")
    with pytest.raises(ServiceFailed, match=r"(?s)crasher ended with exit code 7.*the reason"):
        process.start()


def test_a_service_that_does_not_answer_is_told(tmp_path: Path) -> None:
    code = "import time; time.sleep(60)"
    process = Process("sleeper", [sys.executable, "-c", code], tmp_path / "log", "http://127.0.0.1:9/", start_s=0.2)
    try:
        with pytest.raises(ServiceFailed, match=r"sleeper did not answer within 0 s"):
            process.start()
    finally:
        process.stop()
    assert not process.running


def test_a_service_that_ignores_the_polite_signal_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.stack.process.STOP_S", 0.2)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    log = tmp_path / "log"
    process = Process("stubborn", [sys.executable, "-c", code], log, "http://127.0.0.1:9/")
    process.launch()
    until = time.monotonic() + 20
    while not log.read_text() and time.monotonic() < until:
        time.sleep(0.01)
    process.stop()
    assert not process.running


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_when_the_command_is_ended_however_nothing_is_left_running(number: int, tmp_path: Path) -> None:
    with subprocess.Popen(
        [CLUSTER, "up", "--free-ports", "--home", str(tmp_path)], stderr=subprocess.PIPE, text=True
    ) as command:
        try:
            assert command.stderr is not None
            for line in command.stderr:
                if "contracts deployed" in line:
                    break
            started = Path(f"/proc/{command.pid}/task/{command.pid}/children").read_text()
            children = [int(pid) for pid in started.split()]
            assert len(children) >= 2
            os.kill(command.pid, number)
            command.communicate(timeout=30)
        finally:
            command.kill()
    assert command.returncode == (130 if number == signal.SIGTERM else -9)
    until = time.monotonic() + 10
    while living(children) and time.monotonic() < until:
        time.sleep(0.05)
    assert living(children) == []
    shutil.rmtree(tmp_path)
