"""Sets up a fresh machine: `python3 tools/setup.py`. Needs Python 3.11, Node 20, npm and git; standard library only.

Does nothing in under a second if nothing changed since the last time. Exit codes: 0 ready, 1 a step failed, 2 the
machine lacks something, and the message says what.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = ROOT / "build" / "setup"
SOLC = ROOT / ".solcx" / "solc-v0.8.37"

UV_VERSION = "0.13.9"
NEEDED_MB = 2_500
NODE_MAJOR = 20
STEP_TIMEOUT_S = 900


class CannotSetUp(Exception):
    """The machine lacks something; the message is for the person at the terminal."""


def say(text: str, colour: str = "") -> None:
    start, end = (f"\033[{colour}m", "\033[0m") if colour and sys.stderr.isatty() else ("", "")
    print(f"{start}{text}{end}", file=sys.stderr, flush=True)


def check_machine() -> None:
    if sys.version_info[:2] != (3, 11):
        raise CannotSetUp(f"Python 3.11 is needed, this is {platform.python_version()}; run `make PYTHON=python3.11`")
    for program in ("node", "npm", "git"):
        if shutil.which(program) is None:
            raise CannotSetUp(f"{program} was not found on the PATH; install Node {NODE_MAJOR} or newer, and git")
    found = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=30, check=True).stdout.strip()
    major = re.match(r"v(\d+)\.", found)
    if major is None or int(major.group(1)) < NODE_MAJOR:
        raise CannotSetUp(f"Node {NODE_MAJOR} or newer is needed, `node --version` says {found}")


def check_disk() -> None:
    free_mb = shutil.disk_usage(ROOT).free // 1_000_000
    if free_mb < NEEDED_MB:
        raise CannotSetUp(f"{NEEDED_MB} MB of free disk are needed at {ROOT}, there are {free_mb} MB")


def fingerprint(*paths: Path) -> str:
    """Hash of the files' names and contents; folders are walked."""
    digest = hashlib.sha256(f"{UV_VERSION} {ROOT} {platform.machine()}".encode())
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(ROOT)}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def run(*command: str | Path) -> None:
    """Runs a step quietly; shows what it printed only if it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=STEP_TIMEOUT_S,
    )
    if done.returncode != 0:
        say(done.stdout[-4_000:])
        raise CannotSetUp(f"`{' '.join(map(str, command))}` failed with exit code {done.returncode}")


def python_packages() -> None:
    """A virtual environment that holds exactly the lock file, each package checked by its hash."""
    if not PYTHON.exists():
        run(sys.executable, "-m", "venv", VENV)
    run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"uv=={UV_VERSION}")
    run(VENV / "bin" / "uv", "pip", "sync", "--require-hashes", "--python", PYTHON, "requirements.lock")
    # setuptools is in the lock, so the project itself builds without fetching anything.
    run(VENV / "bin" / "uv", "pip", "install", "--python", PYTHON, "--no-deps", "--no-build-isolation", "-e", ".")
    write_environment()


def write_environment() -> None:
    """Lets `.venv/bin/ape`, pytest and the rest find compiler and chain without any variable being set.

    A .pth file runs when the interpreter starts. It only fills in what the caller left unset, and keeps ape's data
    inside the checkout instead of in the home folder.
    """
    system = {"Linux": "linux", "Darwin": "darwin"}.get(platform.system(), platform.system().lower())
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    anvil = ROOT / "node_modules" / "@foundry-rs" / f"anvil-{system}-{machine}" / "bin"
    defaults = {
        "CLUSTER_HOME": str(ROOT),
        "SOLCX_BINARY_PATH": str(SOLC.parent),
        "APE_DATA_FOLDER": str(ROOT / ".ape"),
        "CLUSTER_LOCAL_RPC": "http://127.0.0.1:8545",
        "CLUSTER_ORBIT_RPC": "http://127.0.0.1:8547",
        "CLUSTER_BASE_RPC": "https://mainnet.base.org",
        "CLUSTER_BASE_SEPOLIA_RPC": "https://sepolia.base.org",
        "CLUSTER_ARBITRUM_RPC": "https://arb1.arbitrum.io/rpc",
        "CLUSTER_ARBITRUM_SEPOLIA_RPC": "https://sepolia-rollup.arbitrum.io/rpc",
    }
    line = (
        f"import os; [os.environ.setdefault(k, v) for k, v in {defaults!r}.items()]; "
        f"os.environ['PATH'] = os.pathsep.join(dict.fromkeys([{str(anvil)!r}, *os.get_exec_path()]))\n"
    )
    (site_packages,) = VENV.glob("lib/python3.*/site-packages")
    (site_packages / "cluster_environment.pth").write_text(line)


def node_packages() -> None:
    """Exactly the lock file; no package's own install script is run."""
    run("npm", "ci", "--ignore-scripts", "--no-progress")


def compiler() -> None:
    """An executable with the name that py-solc-x looks for."""
    SOLC.parent.mkdir(exist_ok=True)
    SOLC.unlink(missing_ok=True)
    SOLC.symlink_to(ROOT / "tools" / "solc-shim.cjs")


def contracts() -> None:
    """Compiles all contracts to .build/."""
    # ape compiles the files that changed and leaves those that are made of them as they were.
    shutil.rmtree(ROOT / ".build", ignore_errors=True)
    run(VENV / "bin" / "ape", "compile")
    # The first time, ape leaves the imported packages there, and takes them for ours from then on.
    left = ROOT / "contracts" / ".cache"
    if left.exists():
        shutil.rmtree(left)


def main() -> int:
    steps = (
        ("Python packages", python_packages, (ROOT / "requirements.lock", ROOT / "pyproject.toml", Path(__file__))),
        ("Node packages", node_packages, (ROOT / "package-lock.json", ROOT / "package.json", ROOT / ".npmrc")),
        ("compiler", compiler, (ROOT / "tools" / "solc-shim.cjs",)),
        ("contracts", contracts, (ROOT / "contracts", ROOT / "ape-config.yaml", ROOT / "package-lock.json")),
    )
    results = {
        "Python packages": PYTHON,
        "Node packages": ROOT / "node_modules",
        "compiler": SOLC,
        "contracts": ROOT / ".build" / "__local__.json",
    }
    started = time.monotonic()
    done = 0
    try:
        check_machine()
        for name, step, inputs in steps:
            stamp = STAMPS / name.replace(" ", "-").lower()
            now = fingerprint(*inputs)
            if results[name].exists() and stamp.exists() and stamp.read_text() == now:
                continue
            check_disk()
            say(f"setup: {name} …")
            stamp.unlink(missing_ok=True)
            before = time.monotonic()
            step()
            STAMPS.mkdir(parents=True, exist_ok=True)
            stamp.write_text(now)
            say(f"setup: {name} ready after {time.monotonic() - before:.0f} s", "32")
            done += 1
    except CannotSetUp as error:
        say(f"setup: {error}", "31")
        return 2
    except subprocess.TimeoutExpired as error:
        say(f"setup: gave up after {error.timeout:.0f} s: {error.cmd}", "31")
        return 1
    if done:
        say(f"setup: ready after {time.monotonic() - started:.0f} s", "32")
    return 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
