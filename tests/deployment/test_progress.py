"""What a run has done is on record whole, or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from deployment.errors import DeploymentError
from deployment.progress import Progress, ProgressFile, Step, exclusive

DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    file = ProgressFile(tmp_path / "folder" / "31337.partial.json")
    begun = Step(content="0x01", nonce=3, sent=["0xaa", "0xbb"], address=DEPLOYER)
    done = Step(content="0x02", nonce=4, sent=["0xcc"], transaction="0xcc", block=7, gas=21_000, code_hash="0xdd")
    progress = Progress(31337, DEPLOYER, {"first": begun, "second": done}, {"note": [1, {"a": "b"}]})
    file.write(progress)
    assert file.read() == progress
    assert [step.done for step in progress.steps.values()] == [False, True]


def test_nothing_on_record_is_none(tmp_path: Path) -> None:
    assert ProgressFile(tmp_path / "none.json").read() is None


def test_removing_what_is_not_there_does_nothing(tmp_path: Path) -> None:
    file = ProgressFile(tmp_path / "record.json")
    file.write(Progress(1, DEPLOYER))
    file.remove()
    file.remove()
    assert file.read() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"chainId": 1}'])
def test_a_broken_record_is_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "record.json"
    path.write_text(text)
    with pytest.raises(DeploymentError, match=f"{path} is no record of a deployment"):
        ProgressFile(path).read()


def test_a_record_that_can_not_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    file = ProgressFile(tmp_path / "record.json")
    old = Progress(1, DEPLOYER)
    file.write(old)
    with pytest.raises(TypeError):
        file.write(Progress(2, DEPLOYER, notes={"unwritable": object()}))
    assert file.read() == old


def test_one_command_at_a_time_and_a_killed_one_lets_go(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom deployment.progress import exclusive\n"
        "with exclusive(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(DeploymentError, match="another deployment or upgrade is running"), exclusive(tmp_path):
            pass
        other.kill()
        other.wait()
        with exclusive(tmp_path):
            pass
