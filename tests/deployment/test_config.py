"""What a configuration lacks is said in a sentence that names the chain and the key."""

from pathlib import Path

import pytest

from cluster.chain.protocol import CP, Parameters
from cluster.chain.roles import ROLES
from deployment import config
from deployment.errors import DeploymentError

ACCOUNT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
OTHER = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"

FEED = "0x71041dddad3595F9CEd3DcCFBe3D1F4b0a16Bb70"

BASE = f"""
[parameters]
min_own_stake_cp = 10
member_cooldown = 60
idle_rate_wei = 7
tiers = [{{ min_stake_cp = 1, discount_bps = 200, priority = 1 }}]
class_weights = [{{ capacity_class = 1, weight = 100 }}]

[governor]
quorum_percent = 5

[8453]
name = "Base"
usdc = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
confirmations = 10
admin_delay = 172_800
treasury = "{ACCOUNT}"
admin = "{OTHER}"
upgrader = "{OTHER}"
parameters = "{OTHER}"
pauser = "{OTHER}"
moderator = "{OTHER}"
guardian = "{OTHER}"
prober = "{OTHER}"
feeds = [{{ currency = "native", primary = "{FEED}", max_age = 60, min_price = 1, max_price = 2 }}]
sequencer = {{ feed = "{FEED}", grace_period = 60 }}
channels = {{ settlement = "{ACCOUNT}", collector = "{OTHER}" }}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(("chain_id", "name"), [(8453, "Base"), (84532, "Base Sepolia"), (42161, "Arbitrum One")])
def test_a_public_chain_needs_every_holder(chain_id: int, name: str) -> None:
    with pytest.raises(DeploymentError) as error:
        config.load(chain_id, ACCOUNT)
    wanted = "does not say treasury, admin, upgrader, parameters, pauser, moderator, guardian, prober"
    assert str(error.value) == f"[{chain_id}] in {config.DEFAULT} {wanted}; {name} needs them all"


def test_the_orbit_chain_needs_its_usdc_too() -> None:
    with pytest.raises(DeploymentError, match=r"does not say treasury, .*guardian, prober, usdc; Orbit needs them all"):
        config.load(25837, ACCOUNT)


def test_every_chain_of_the_default_file_can_be_read() -> None:
    for chain_id in (8453, 84532, 42161, 421614, 25837, 31337, 1337):
        assert config.confirmations(chain_id) >= 1


def test_a_complete_configuration_names_each_holder(tmp_path: Path) -> None:
    found = config.load(8453, ACCOUNT, written(tmp_path, BASE))
    assert found.treasury == ACCOUNT
    assert found.usdc == "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
    assert (found.confirmations, found.admin_delay, found.local) == (10, 172_800, False)
    assert set(found.holders) == {role.name for role in ROLES if role.contract is None}
    assert set(found.holders.values()) == {OTHER}
    assert found.protocol == Parameters(ACCOUNT, 10 * CP, 60, ((CP, 200, 1),), 7, ((1, 100),))
    assert found.governor.views()["quorumNumerator"] == 5
    assert found.governor.views()["proposalThreshold"] == 1_000_000 * CP
    assert [feed.primary for feed in found.feeds] == [FEED]
    assert found.sequencer == config.Sequencer(FEED, 60)
    assert found.channels == config.Channels(ACCOUNT, OTHER)


def test_a_local_chain_gives_the_deployer_everything() -> None:
    found = config.load(31337, ACCOUNT)
    assert found.local
    assert found.usdc is None
    assert found.treasury == ACCOUNT
    assert set(found.holders.values()) == {ACCOUNT}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (ACCOUNT, ACCOUNT.lower(), f"treasury is not a checksummed address: .*with a checksum it is {ACCOUNT}"),
        (ACCOUNT, "treasury.eth", "treasury is not a checksummed address: 'treasury.eth'$"),
        (ACCOUNT, "0x" + "00" * 20, "treasury is the zero address"),
        ("confirmations = 10", "confirmations = 0", "confirmations must be at least 1"),
        ("admin_delay = 172_800", "admin_delay = -1", "admin_delay at least 0"),
        ("pauser =", "pausser =", "unknown field `pausser`"),
        ("confirmations = 10\n", "", "missing required field `confirmations`"),
        ('name = "Base"', 'name = "Base"\nlocal = true', "only chains 1337 and 31337 can be local"),
        ("[8453]", "[8453", "is not TOML"),
        ("[8453]", "[1]", "knows no chain 8453; it has: 1$"),
        ("[parameters]", "[limits]", r"has no \[parameters\]"),
        ("min_own_stake_cp = 10", "min_own_stake_cp = 10.5", r"\[parameters\] .*Expected `int`, got `float`"),
        ("quorum_percent = 5", "quorum = 5", r"\[governor\] .*unknown field `quorum`"),
        (f'primary = "{FEED}", ', "", r"feeds\[0\] has no primary; only local chains get a test feed"),
        (f'primary = "{FEED}"', f'primary = "{FEED.lower()}"', r"feeds\[0\].primary is not a checksummed address"),
        (f'feed = "{FEED}"', 'feed = "0x00"', "sequencer.feed is not a checksummed address"),
        (f'collector = "{OTHER}"', 'collector = ""', "channels.collector is not a checksummed address"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert old in BASE
    path = written(tmp_path, BASE.replace(old, new, 1))
    with pytest.raises(DeploymentError, match=sentence) as error:
        config.load(8453, ACCOUNT, path)
    assert str(path) in str(error.value)


def test_a_local_chain_is_given_no_usdc(tmp_path: Path) -> None:
    path = written(tmp_path, BASE.replace("[8453]", "[31337]").replace('name = "Base"', 'name = "x"\nlocal = true'))
    with pytest.raises(DeploymentError, match="a local chain gets a test USDC of its own; remove `usdc`"):
        config.load(31337, ACCOUNT, path)


def test_no_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match=r"no configuration at .*none\.toml"):
        config.load(31337, ACCOUNT, tmp_path / "none.toml")
