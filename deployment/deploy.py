"""Deploys the protocol: each contract once, wired, verified, on record."""

from pathlib import Path

from cluster.chain import artifacts, manifest
from cluster.chain.manifest import Deployed, Manifest
from cluster.chain.protocol import CHANNELS, COLLECTOR, GOVERNOR, PROXIED, constructor_args, currencies, initial_args
from cluster.chain.roles import FUNCTIONS, ROLES
from deployment import channels, checks, code, feeds, governor, layout, scene, usdc, verify, wiring
from deployment.chain import Chain
from deployment.config import Config
from deployment.errors import DeploymentError, NothingToDo
from deployment.progress import Progress, ProgressFile, Step, exclusive
from deployment.sender import Sender
from deployment.terminal import Reporter


def deploy(chain: Chain, config: Config, folder: Path, quiet: bool = False) -> Manifest:
    """Deploys, or goes on where an interrupted run stopped, and writes `<folder>/<chainId>.json`.

    Raises `NothingToDo` if a live deployment is on record, `DeploymentError` if it can't be done.
    """
    report = Reporter(_steps(config), quiet)
    with exclusive(folder):
        return _Deployment(chain, config, folder, report).run()


class _Deployment:
    def __init__(self, chain: Chain, config: Config, folder: Path, report: Reporter) -> None:
        self._chain = chain
        self._config = config
        self._report = report
        self._path = folder / f"{chain.id}.json"
        self._file = ProgressFile(folder / f"{chain.id}.partial.json")
        self._progress = Progress(chain.id, chain.sender)
        self._sender = Sender(chain, self._file, self._progress, report, config.confirmations)

    def run(self) -> Manifest:
        self._refuse_if_live()
        self._resume()
        self._check_account()
        if self._config.usdc is not None:
            found = usdc.check_usdc(self._chain, self._config.usdc)
            checks.require([checks.yes(what, ok) for what, ok in found])
        checks.require(feeds.check_sources(self._chain, self._config))
        checks.require(channels.check_there(self._chain, self._config))
        # Takes seconds, so it goes on beside the transactions.
        with layout.reading(layout.sources_of(FUNCTIONS)) as layouts:
            return self._deploy(layouts)

    def _deploy(self, layouts: layout.Reading) -> Manifest:
        contracts = self._contracts()
        addresses = _addresses(contracts)
        self._settle(addresses)
        self._wire("roles and delays", addresses, wiring.wiring(self._chain, self._config, addresses))
        done = self._manifest(contracts)
        record = self._layouts(contracts, layouts.result())
        # While the deployer can still put things right.
        checks.require(self._checks(done, addresses, final=False))
        self._wire("admin handed over", addresses, wiring.handover(self._config, self._chain.sender))
        checks.require(self._checks(done, addresses, final=True))
        layout.save_record(record, self._path.parent, self._chain.id)
        manifest.save(done, self._path)
        self._file.remove()
        gas = sum(step.gas for step in self._progress.steps.values())
        self._report.say(f"deployed to {self._config.name}: {gas:,} gas, {self._path}")
        return done

    def _refuse_if_live(self) -> None:
        if not self._path.exists():
            return
        known = manifest.load(self._path)
        checks = verify.check_code(self._chain, known)
        if all(check.ok for check in checks):
            self._file.remove()
            router = known.contract("PaymentRouter").address
            raise NothingToDo(
                f"{self._config.name} has a live deployment (router {router}, on record in {self._path}); "
                "to change it, upgrade it: `ape run upgrade`"
            )
        if not self._config.local:
            wrong = "; ".join(check.what for check in checks if not check.ok)
            raise DeploymentError(
                f"{self._path} records a deployment that this node does not show: {wrong}. Is the node in "
                "sync, and the right one? If the record is wrong, move it away"
            )
        self._report.say(
            f"the deployment recorded in {self._path} is not on this chain, which was restarted; replacing it"
        )
        for begun in self._path.parent.glob(f"{self._chain.id}.*-*.partial.json"):
            begun.unlink()

    def _resume(self) -> None:
        """Takes up the record of an interrupted run, if it is of this chain."""
        found = self._file.read()
        if found is None:
            return
        gone = [name for name, step in found.steps.items() if step.done and not self._is_there(step)]
        if gone and self._config.local:
            self._report.say(
                "an interrupted deployment is on record, but this chain was restarted since; starting anew"
            )
            self._file.remove()
            return
        if gone:
            raise DeploymentError(
                f"{self._file.path} records {', '.join(gone)}, which this node does not show. Is it in sync, "
                "and the right one?"
            )
        if found.deployer != self._chain.sender:
            raise DeploymentError(
                f"the interrupted deployment in {self._file.path} was begun by {found.deployer}; go on with "
                "that account"
            )
        self._progress.steps.update(found.steps)
        done = sum(step.done for step in found.steps.values())
        self._report.say(f"going on with an interrupted deployment: {done} steps done")

    def _is_there(self, step: Step) -> bool:
        if not step.code_hash:
            return self._chain.receipt(step.transaction) is not None
        return step.address is not None and code.hash_of(self._chain.code(step.address)) == step.code_hash

    def _check_account(self) -> None:
        waiting = self._chain.nonce("pending") - self._chain.nonce()
        known = any(self._chain.is_pending(sent) for step in self._progress.steps.values() for sent in step.sent)
        if waiting and not known:
            raise DeploymentError(f"{self._chain.sender} has {waiting} transactions waiting; let them be mined first")

    def _contracts(self) -> dict[str, Deployed]:
        manager = self._create("AccessManager", wiring.MANAGER, self._chain.sender)
        done = {"AccessManager": manager, "USDC": self._usdc(manager.block)}
        for number in feeds.to_deploy(self._config):
            name = feeds.name_of(number)
            done[name] = self._create(name, feeds.SOURCE, feeds.DECIMALS)
        for name in PROXIED:
            done[name] = self._behind_proxy(name, _addresses(done))
        done |= self._channels(manager.block)
        addresses = _addresses(done)
        done[GOVERNOR] = self._create(GOVERNOR, GOVERNOR, *governor.arguments(addresses, self._config.governor))
        return done

    def _channels(self, block: int) -> dict[str, Deployed]:
        """The channels' contracts: of the world, of the local chain at the world's addresses, or our own."""
        known = self._config.channels
        if known is None:
            settlement = self._create(CHANNELS, CHANNELS)
            return {CHANNELS: settlement, COLLECTOR: self._create(COLLECTOR, COLLECTOR, settlement.address)}
        if self._config.local:
            for name, address, arguments in (
                (CHANNELS, known.settlement, ()),
                (COLLECTOR, known.collector, (known.settlement,)),
            ):
                model = self._create(f"{name} implementation", name, *arguments)
                self._chain.set_code(address, self._chain.code(model.address))
        return {
            name: Deployed(
                address=address,
                block=block,
                transaction="",
                code_hash=code.hash_of(self._chain.code(address)),
                abi=artifacts.load(name).abi,
            )
            for name, address in ((CHANNELS, known.settlement), (COLLECTOR, known.collector))
        }

    def _usdc(self, block: int) -> Deployed:
        if self._config.usdc is None:
            return self._create("USDC", usdc.SOURCE, usdc.NAME)
        address = self._config.usdc
        return Deployed(
            address=address,
            block=block,
            transaction="",
            code_hash=code.hash_of(self._chain.code(address)),
            abi=usdc.abi(local=False),
        )

    def _create(self, name: str, source: str, *args: object) -> Deployed:
        step = self._sender.create(name, self._chain.initcode(source, *args))
        return _deployed(step, artifacts.load(source).abi)

    def _behind_proxy(self, name: str, addresses: dict[str, str]) -> Deployed:
        initcode = self._chain.initcode(name, *constructor_args(name, addresses))
        implementation = self._sender.create(f"{name} implementation", initcode)
        initial = initial_args(name, addresses, self._config.protocol)
        data = self._chain.encode(name, "initialize", *initial)
        proxy = self._sender.create(name, self._chain.initcode("ClusterProxy", implementation.address, data))
        return _deployed(proxy, artifacts.load(name).abi, implementation)

    def _settle(self, addresses: dict[str, str]) -> None:
        """Sets what `initialize` does not, before PARAMETERS is needed for it, and with it a delay."""
        for setting in scene.settings(self._config, addresses):
            if setting.is_made(self._chain):
                self._report.skip(setting.name)
            else:
                data = self._chain.encode(setting.contract, setting.method, *setting.args)
                self._sender.call(setting.name, setting.address, data)

    def _wire(self, name: str, addresses: dict[str, str], calls: list[wiring.Call]) -> None:
        manager = addresses["AccessManager"]
        missing = wiring.missing(self._chain, manager, calls)
        if missing:
            self._sender.call(name, manager, wiring.multicall(self._chain, missing))
        else:
            self._report.skip(name)

    def _layouts(self, contracts: dict[str, Deployed], found: dict[str, layout.Found]) -> dict[str, layout.Recorded]:
        for name, read in found.items():
            layout.require_safe(name, read)
        return {name: layout.Recorded(str(contracts[name].implementation), read.layout) for name, read in found.items()}

    def _checks(self, done: Manifest, addresses: dict[str, str], final: bool) -> list[checks.Check]:
        return [
            *verify.check_code(self._chain, done),
            *verify.check_compiled(self._chain, done, self._config),
            *verify.check_parameters(self._chain, self._config, addresses),
            *governor.check(self._chain, addresses, self._config.governor),
            *verify.check_access(self._chain, self._config, addresses, self._chain.sender, final),
        ]

    def _manifest(self, contracts: dict[str, Deployed]) -> Manifest:
        config = self._config
        return Manifest(
            chain_id=self._chain.id,
            network=config.name,
            deployer=self._chain.sender,
            complete=True,
            contracts=contracts,
            parameters={
                "treasury": config.treasury,
                "currencies": currencies(_addresses(contracts)),
                "holders": wiring.holders(config, _addresses(contracts)),
                "adminDelay": config.admin_delay,
                "governor": governor.shown(config.governor),
            },
            roles={role.name: role.id for role in ROLES},
        )


def _steps(config: Config) -> int:
    """Lines that a run shows: contracts, settings, wiring, hand-over."""
    contracts = 2 + (config.usdc is None) + len(feeds.to_deploy(config)) + 2 * len(PROXIED)
    contracts += 0 if config.channels and not config.local else 2
    return contracts + scene.count(config) + 2


def _addresses(contracts: dict[str, Deployed]) -> dict[str, str]:
    return {name: deployed.address for name, deployed in contracts.items()}


def _deployed(step: Step, abi: list[dict[str, object]], implementation: Step | None = None) -> Deployed:
    return Deployed(
        address=str(step.address),
        block=step.block,
        transaction=step.transaction,
        code_hash=step.code_hash,
        abi=abi,
        implementation=implementation.address if implementation else None,
        implementation_code_hash=implementation.code_hash if implementation else None,
    )
