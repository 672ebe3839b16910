"""Upgrades a proxy through the AccessManager's delay: prepared and scheduled, later executed, or canceled."""

import time
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from cluster.chain import artifacts, manifest
from cluster.chain.manifest import Deployed, PastImplementation
from cluster.chain.protocol import constructor_args
from cluster.chain.roles import FUNCTIONS
from deployment import checks, code, events, layout, verify, wiring
from deployment.chain import IMPLEMENTATION_SLOT, Chain
from deployment.errors import DeploymentError, NothingToDo
from deployment.managed import NextCall
from deployment.progress import Progress, ProgressFile
from deployment.sender import Sender
from deployment.terminal import Reporter

UUPS_ID = IMPLEMENTATION_SLOT.to_bytes(32)
"""What `proxiableUUID` of an implementation says (ERC-1822)."""

STEPS = {"schedule": 2, "execute": 1, "cancel": 1}


class Pending(Struct, frozen=True):
    """An upgrade that was prepared. `data` is the calldata of the proxy's `upgradeToAndCall`, in hex; `proposer` is
    who scheduled it, and the only one who can execute it. `abi` and `layout` are the implementation's: the sources may
    have moved on by the time it is executed.
    """

    source: str
    implementation: str
    data: str
    proposer: str
    abi: list[dict[str, Any]]
    layout: layout.Layout


class Status(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Where an upgrade stands. `state` is none, prepared, scheduled or ready; `ready_at` is in unix seconds."""

    contract: str
    proxy: str
    implementation: str
    state: str
    source: str | None = None
    next_implementation: str | None = None
    proposer: str | None = None
    ready_at: int | None = None
    next_call: NextCall | None = None

    def __str__(self) -> str:
        lines = [f"{self.contract} {self.proxy}, implementation {self.implementation}"]
        then = f"{self.next_implementation} ({self.source})"
        match self.state:
            case "none":
                lines.append("no upgrade is prepared")
            case "prepared":
                lines.append(f"prepared, not scheduled (or expired): {then}")
            case _:
                when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(self.ready_at))
                verb = "can be executed since" if self.state == "ready" else "can be executed from"
                lines.append(f"scheduled: {then}, {verb} {when}")
        if self.next_call is not None:
            lines.append(str(self.next_call))
        return "\n".join(lines)


class Upgrade:
    """The upgrade of one contract on one chain. Each method goes on where an interrupted one stopped."""

    def __init__(
        self, chain: Chain, confirmations: int, folder: Path, contract: str, action: str, quiet: bool = False
    ) -> None:
        if contract not in FUNCTIONS:
            raise DeploymentError(f"{contract!r} is not upgradeable; these are: {', '.join(FUNCTIONS)}")
        self._chain = chain
        self._contract = contract
        self._folder = folder
        self._report = Reporter(STEPS.get(action, 0), quiet)
        self._path = folder / f"{chain.id}.json"
        self._manifest = manifest.load(self._path)
        self._deployed = self._manifest.contract(contract)
        self._addresses = {name: deployed.address for name, deployed in self._manifest.contracts.items()}
        self._file = ProgressFile(folder / f"{chain.id}.upgrade-{contract}.partial.json")
        self._progress = self._file.read() or Progress(chain.id, chain.sender)
        self._sender = Sender(chain, self._file, self._progress, self._report, confirmations)
        self._finish_if_executed()
        self._require_live()

    def status(self) -> Status:
        """Where the upgrade stands."""
        current = self._chain.implementation(self._deployed.address)
        status = Status(self._contract, self._deployed.address, current, "none")
        pending = self._pending()
        if pending is None:
            return status
        at = self._scheduled_for(pending)
        state = "prepared" if not at else "ready" if at <= self._chain.now() else "scheduled"
        return msgspec.structs.replace(
            status,
            state=state,
            source=pending.source,
            next_implementation=pending.implementation,
            proposer=pending.proposer,
            ready_at=at or None,
            next_call=self._next_call(state, pending),
        )

    def schedule(self, source: str, data: bytes = b"", proposer: str | None = None) -> Status:
        """Checks the new implementation, deploys it, and schedules the upgrade to it. `data` is a call that the proxy
        makes to itself after the upgrade. With a `proposer` other than the signing account, that one is told what to
        send. Raises `NothingToDo` if the code is what is deployed, or is scheduled.
        """
        proposer = proposer or self._chain.sender
        pending = self._pending()
        if pending is not None and self._scheduled_for(pending):
            raise NothingToDo(f"an upgrade is scheduled already\n{self.status()}")
        compiled = artifacts.load(source)
        if code.matches(compiled.runtime, self._chain.code(self._chain.implementation(self._deployed.address))):
            raise NothingToDo(f"{self._contract} runs the code of {source} already; nothing to upgrade")
        self._require_upgrader(proposer)
        new_layout = layout.require_compatible(self._contract, source, self._layout())
        initcode = self._chain.initcode(source, *constructor_args(self._contract, self._addresses))
        step = self._sender.create(f"{source} implementation {code.hash_of(initcode)[:10]}", initcode)
        upgrade = self._chain.encode(self._contract, "upgradeToAndCall", str(step.address), data)
        pending = Pending(source, str(step.address), "0x" + upgrade.hex(), proposer, compiled.abi, new_layout)
        self._require_deployed(pending, compiled.runtime)
        self._note(pending)
        if proposer == self._chain.sender:
            call = self._schedule_call(pending)
            self._sender.call("schedule", self._addresses["AccessManager"], call)
        return self.status()

    def call(self, proposer: str) -> tuple[str, bytes]:
        """Target and calldata of the upgrade that was prepared for a proposer: for a governor to vote on."""
        pending = self._required()
        if pending.proposer != proposer:
            raise DeploymentError(
                f"the upgrade of {self._contract} was prepared for {pending.proposer}; prepare it for the governor: "
                f"`ape run upgrade {self._contract} --schedule --proposer {proposer}`"
            )
        return self._deployed.address, bytes.fromhex(pending.data[2:])

    def execute(self) -> Status:
        """Upgrades the proxy, and puts the new implementation on record. Raises `DeploymentError` if it is early."""
        pending = self._required()
        at = self._scheduled_for(pending)
        if not at:
            raise DeploymentError(f"nothing is scheduled (or it expired)\n{self.status()}")
        now = self._chain.now()
        if at > now:
            raise DeploymentError(f"it is {at - now} s too early\n{self.status()}")
        if self._chain.sender != pending.proposer:
            raise DeploymentError(f"only {pending.proposer}, who scheduled it, can execute it\n{self.status()}")
        self._sender.call("execute", self._addresses["AccessManager"], self._execute_call(pending))
        self._finish_if_executed()
        self._require_live()
        return self.status()

    def cancel(self) -> Status:
        """Cancels what is scheduled. For the proposer, a guardian or an admin."""
        pending = self._required()
        if not self._scheduled_for(pending):
            raise NothingToDo(f"nothing is scheduled\n{self.status()}")
        data = bytes.fromhex(pending.data[2:])
        args = (pending.proposer, self._deployed.address, data)
        call = self._chain.encode(wiring.MANAGER, "cancel", *args)
        self._sender.call("cancel", self._addresses["AccessManager"], call)
        return self.status()

    def _finish_if_executed(self) -> None:
        """Puts an upgrade on record that the chain shows to be done: by this run, or one that was interrupted."""
        pending = self._pending()
        current = self._chain.implementation(self._deployed.address)
        if pending is None or current != pending.implementation or current == self._deployed.implementation:
            return
        # Whoever sent it: this command, a multisig, somebody who executed what a governor had passed.
        began = min((step.block for step in self._progress.steps.values() if step.block), default=self._deployed.block)
        upgraded = [
            event
            for event in events.read(self._chain, self._contract, self._deployed.address, ("Upgraded",), began)
            if event.values["implementation"] == current
        ]
        if not upgraded:
            raise DeploymentError(f"{self._contract} was upgraded to {current}, but the node has no event of it")
        self._deployed = self._upgraded(pending, upgraded[-1].block, upgraded[-1].transaction)
        record = layout.load_record(self._folder, self._chain.id)
        record[self._contract] = layout.Recorded(pending.implementation, pending.layout)
        layout.save_record(record, self._folder, self._chain.id)
        contracts = {**self._manifest.contracts, self._contract: self._deployed}
        self._manifest = msgspec.structs.replace(self._manifest, contracts=contracts)
        manifest.save(self._manifest, self._path)
        self._file.remove()
        self._progress.steps.clear()
        self._progress.notes.clear()

    def _upgraded(self, pending: Pending, block: int, transaction: str) -> Deployed:
        before = PastImplementation(
            address=str(self._deployed.implementation),
            code_hash=str(self._deployed.implementation_code_hash),
            replaced_at_block=block,
            replaced_by_transaction=transaction,
        )
        return msgspec.structs.replace(
            self._deployed,
            abi=pending.abi,
            implementation=pending.implementation,
            implementation_code_hash=code.hash_of(self._chain.code(pending.implementation)),
            history=[*self._deployed.history, before],
        )

    def _require_live(self) -> None:
        one = msgspec.structs.replace(self._manifest, contracts={self._contract: self._deployed})
        checks.require(verify.check_code(self._chain, one))

    def _layout(self) -> layout.Layout:
        """What the running implementation keeps in storage."""
        recorded = layout.load_record(self._folder, self._chain.id).get(self._contract)
        if recorded is None or recorded.implementation != self._deployed.implementation:
            raise DeploymentError(
                f"{layout.record_path(self._folder, self._chain.id)} does not have the storage layout of "
                f"{self._contract}'s implementation {self._deployed.implementation}"
            )
        return recorded.layout

    def _require_deployed(self, pending: Pending, runtime: bytes) -> None:
        """The chain has the code, and a proxy would take it: found out now, not after the delay."""
        address = pending.implementation
        slot = self._chain.read(pending.source, address, "proxiableUUID")
        same = code.matches(runtime, self._chain.code(address))
        checks.require(
            [
                checks.yes(f"{pending.source} at {address}: code is that of the sources", same),
                checks.yes(f"{pending.source} at {address}: is made for ERC-1967 proxies", slot == UUPS_ID),
            ]
        )

    def _require_upgrader(self, proposer: str) -> None:
        manager, proxy = self._addresses["AccessManager"], self._deployed.address
        (selector,) = self._chain.selectors(self._contract, "upgradeToAndCall")
        immediate, delay = self._chain.read(wiring.MANAGER, manager, "canCall", proposer, proxy, selector)
        if not immediate and not delay:
            raise DeploymentError(
                f"{proposer} may not upgrade {self._contract}; sign with a holder of UPGRADER, or name one that "
                "schedules it elsewhere with --proposer"
            )

    def _next_call(self, state: str, pending: Pending) -> NextCall | None:
        """What the proposer has to send, if that is not the account that signs here."""
        if pending.proposer == self._chain.sender:
            return None
        manager = self._addresses["AccessManager"]
        match state:
            case "prepared":
                return NextCall(pending.proposer, manager, "0x" + self._schedule_call(pending).hex())
            case "ready":
                return NextCall(pending.proposer, manager, "0x" + self._execute_call(pending).hex())
        return None

    def _schedule_call(self, pending: Pending) -> bytes:
        data = bytes.fromhex(pending.data[2:])
        return self._chain.encode(wiring.MANAGER, "schedule", self._deployed.address, data, 0)

    def _execute_call(self, pending: Pending) -> bytes:
        data = bytes.fromhex(pending.data[2:])
        return self._chain.encode(wiring.MANAGER, "execute", self._deployed.address, data)

    def _scheduled_for(self, pending: Pending) -> int:
        """Unix seconds from when it can be executed, 0 if it is not scheduled or has expired."""
        manager = self._addresses["AccessManager"]
        data = bytes.fromhex(pending.data[2:])
        operation = self._chain.read(
            wiring.MANAGER, manager, "hashOperation", pending.proposer, self._deployed.address, data
        )
        return int(self._chain.read(wiring.MANAGER, manager, "getSchedule", operation))

    def _required(self) -> Pending:
        pending = self._pending()
        if pending is None:
            raise DeploymentError(f"no upgrade of {self._contract} is prepared; `--schedule` prepares one")
        return pending

    def _pending(self) -> Pending | None:
        notes = self._progress.notes
        return msgspec.convert(notes, Pending) if notes else None

    def _note(self, pending: Pending) -> None:
        self._progress.notes.update(msgspec.structs.asdict(pending))
        self._file.write(self._progress)
