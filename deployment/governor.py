"""ClusterGovernor, of a deployment or of its successor. It holds no role until it is given one."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from cluster.chain import artifacts, manifest
from cluster.chain.manifest import Deployed
from cluster.chain.protocol import CP, GOVERNOR
from cluster.chain.roles import DAY, TWO_DAYS
from deployment import checks, code
from deployment.chain import Chain
from deployment.errors import NothingToDo
from deployment.office import Office

NAME = GOVERNOR


class Settings(Struct, frozen=True, rename="camel"):
    """First settings: times in seconds, threshold in wei of CP. Bounds stand in `IClusterGovernor.Settings`."""

    voting_delay: int = DAY
    voting_period: int = 5 * DAY
    base_delay: int = TWO_DAYS
    proposal_threshold: int = 1_000_000 * CP
    quorum_percent: int = 4

    def shown(self) -> dict[str, str]:
        """As the manifest has them."""
        return {key: str(value) for key, value in msgspec.to_builtins(self).items()}


def arguments(addresses: Mapping[str, str], settings: Settings) -> tuple[Any, ...]:
    """Constructor arguments."""
    return (addresses["ClusterToken"], addresses["AccessManager"], msgspec.structs.astuple(settings))


def deploy(office: Office, settings: Settings, another: bool = False) -> Deployed:
    """Deploys, verifies and puts it into the manifest; `another` in the place of the one that is there, which keeps
    its roles until they are handed over.
    """
    chain, known = office.chain, office.manifest.contracts.get(NAME)
    if known is not None and not another:
        raise NothingToDo(f"the deployment has a governor, {known.address}; `--another` deploys its successor")
    initcode = chain.initcode(NAME, *arguments(office.manifest.addresses(), settings))
    with office.sending(f"deploy {NAME}") as sender:
        step = sender.create(NAME, initcode)
        deployed = Deployed(
            address=str(step.address),
            block=step.block,
            transaction=step.transaction,
            code_hash=step.code_hash,
            abi=artifacts.load(NAME).abi,
        )
        contracts = {**office.manifest.contracts, NAME: deployed}
        parameters = {**office.manifest.parameters, "governor": settings.shown()}
        checks.require(check(chain, {name: each.address for name, each in contracts.items()}, settings))
        office.manifest = msgspec.structs.replace(office.manifest, contracts=contracts, parameters=parameters)
        manifest.save(office.manifest, office.path)
    return deployed


def check(chain: Chain, addresses: Mapping[str, str], settings: Settings) -> list[checks.Check]:
    """It votes with CP, acts through our AccessManager, and has these settings."""
    expected = {
        "token": addresses["ClusterToken"],
        "accessManager": addresses["AccessManager"],
        "votingDelay": settings.voting_delay,
        "votingPeriod": settings.voting_period,
        "baseDelaySeconds": settings.base_delay,
        "proposalThreshold": settings.proposal_threshold,
        "quorumNumerator": settings.quorum_percent,
    }
    return [
        checks.yes(f"{NAME}: code is that of the sources", is_governor(chain, addresses[NAME])),
        *(
            checks.Check(f"{NAME}: {view}", str(value), str(chain.read(NAME, addresses[NAME], view)))
            for view, value in expected.items()
        ),
    ]


def is_governor(chain: Chain, address: str) -> bool:
    """Whether the code at an address is ClusterGovernor's."""
    return code.matches(artifacts.load(NAME).runtime, chain.code(address))
