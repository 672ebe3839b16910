"""Deploys ClusterGovernor beside a live deployment. It holds no role until it is given one."""

import msgspec
from msgspec import Struct

from cluster.chain import artifacts, manifest
from cluster.chain.manifest import Deployed
from cluster.chain.roles import DAY, TWO_DAYS
from deployment import code, verify
from deployment.errors import NothingToDo
from deployment.office import Office

NAME = "ClusterGovernor"
CP = 10**18


class Settings(Struct, frozen=True, rename="camel"):
    """First settings: times in seconds, threshold in wei of CP. Bounds stand in `IClusterGovernor.Settings`."""

    voting_delay: int = DAY
    voting_period: int = 5 * DAY
    base_delay: int = TWO_DAYS
    proposal_threshold: int = 1_000_000 * CP
    quorum_percent: int = 4


def deploy(office: Office, settings: Settings, another: bool = False) -> Deployed:
    """Deploys, verifies and puts it into the manifest; `another` in the place of the one that is there, which keeps
    its roles until they are handed over.
    """
    chain, known = office.chain, office.manifest.contracts.get(NAME)
    if known is not None and not another:
        raise NothingToDo(f"the deployment has a governor, {known.address}; `--another` deploys its successor")
    arguments = (office.address("ClusterToken"), office.manager, msgspec.structs.astuple(settings))
    initcode = chain.initcode(NAME, *arguments)
    with office.sending(f"deploy {NAME}") as sender:
        step = sender.create(NAME, initcode)
        deployed = Deployed(
            address=str(step.address),
            block=step.block,
            transaction=step.transaction,
            code_hash=step.code_hash,
            abi=artifacts.load(NAME).abi,
        )
        verify.require(check(office, deployed.address, settings))
        contracts = {**office.manifest.contracts, NAME: deployed}
        parameters = {
            **office.manifest.parameters,
            "governor": {key: str(value) for key, value in msgspec.to_builtins(settings).items()},
        }
        office.manifest = msgspec.structs.replace(office.manifest, contracts=contracts, parameters=parameters)
        manifest.save(office.manifest, office.path)
    return deployed


def check(office: Office, address: str, settings: Settings) -> list[verify.Check]:
    """It is ours, votes with CP, acts through our AccessManager, and has these settings."""
    chain = office.chain

    def read(method: str) -> str:
        return str(chain.read(NAME, address, method))

    return [
        verify.yes(f"{NAME}: code is that of the sources", is_governor(office, address)),
        verify.Check(f"{NAME}: token", office.address("ClusterToken"), read("token")),
        verify.Check(f"{NAME}: manager", office.manager, read("accessManager")),
        verify.Check(f"{NAME}: voting delay", str(settings.voting_delay), read("votingDelay")),
        verify.Check(f"{NAME}: voting period", str(settings.voting_period), read("votingPeriod")),
        verify.Check(f"{NAME}: base delay", str(settings.base_delay), read("baseDelaySeconds")),
        verify.Check(f"{NAME}: threshold", str(settings.proposal_threshold), read("proposalThreshold")),
        verify.Check(
            f"{NAME}: quorum",
            str(settings.quorum_percent),
            str(chain.read(NAME, address, "quorumNumerator")),
        ),
    ]


def is_governor(office: Office, address: str) -> bool:
    """Whether the code at an address is ClusterGovernor's."""
    return code.matches(artifacts.load(NAME).runtime, office.chain.code(address))
