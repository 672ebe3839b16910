"""Calldata, return values, events and errors of one ABI, with everything prepared once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from eth_utils import keccak

from cluster.chain.words import checksummed, decoder, encoder

JsonAbi = list[dict[str, Any]]


def type_of(parameter: dict[str, Any]) -> str:
    """ABI type of a parameter, with tuples spelt out."""
    kind: str = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(type_of(part) for part in parameter["components"])
    return f"({inner}){kind.removeprefix('tuple')}"


def signature_of(entry: dict[str, Any]) -> str:
    """Canonical signature of a function, event or error."""
    return f"{entry['name']}({','.join(type_of(part) for part in entry.get('inputs', ()))})"


def plain(value: Any) -> Any:
    """Accounts and contracts as their addresses, structs as tuples, all the way down."""
    if type(value) in (int, str, bytes, bool):
        return value
    address = getattr(value, "address", None)
    if address is not None:
        return address
    if isinstance(value, dict):
        return tuple(plain(part) for part in value.values())
    if isinstance(value, list | tuple):
        return type(value)(plain(part) for part in value) if type(value) in (list, tuple) else tuple(map(plain, value))
    return value


def shaped(value: Any, parameter: dict[str, Any]) -> Any:
    """A decoded value as tests want it: checksummed addresses, structs by field name."""
    kind: str = parameter["type"]
    if kind.endswith("]"):
        element = {**parameter, "type": kind[: kind.rindex("[")]}
        return [shaped(part, element) for part in value]
    if kind == "tuple":
        parts = parameter["components"]
        return SimpleNamespace(**{p["name"]: shaped(v, p) for p, v in zip(parts, value, strict=True)})
    return checksummed(value) if kind == "address" else value


def _shaped_all(values: Sequence[Any], parameters: list[dict[str, Any]]) -> tuple[Any, ...]:
    return tuple(shaped(value, parameter) for value, parameter in zip(values, parameters, strict=True))


@dataclass(frozen=True)
class Function:
    """A function of an ABI."""

    entry: dict[str, Any]

    @cached_property
    def selector(self) -> bytes:
        return keccak(text=signature_of(self.entry))[:4]

    @cached_property
    def inputs(self) -> list[str]:
        return [type_of(part) for part in self.entry["inputs"]]

    @cached_property
    def outputs(self) -> list[str]:
        return [type_of(part) for part in self.entry["outputs"]]

    @cached_property
    def _encode(self) -> Callable[[Sequence[Any]], bytes]:
        return encoder(self.inputs)

    @cached_property
    def _decode(self) -> Callable[[bytes], tuple[Any, ...]]:
        return decoder(self.outputs)

    @cached_property
    def reads_only(self) -> bool:
        return self.entry["stateMutability"] in ("view", "pure")

    def calldata(self, args: Sequence[Any]) -> bytes:
        return self.selector + self._encode([plain(arg) for arg in args])

    def result(self, data: bytes) -> Any:
        """The one return value, or a tuple of several, or None."""
        if not self.outputs:
            return None
        values = _shaped_all(self._decode(data), self.entry["outputs"])
        return values[0] if len(values) == 1 else values


@dataclass(frozen=True)
class ErrorType:
    """A custom error of an ABI."""

    entry: dict[str, Any]

    @cached_property
    def selector(self) -> bytes:
        return keccak(text=signature_of(self.entry))[:4]

    @cached_property
    def types(self) -> list[str]:
        return [type_of(part) for part in self.entry["inputs"]]

    @cached_property
    def _decode(self) -> Callable[[bytes], tuple[Any, ...]]:
        return decoder(self.types)

    def values(self, data: bytes) -> tuple[Any, ...]:
        return _shaped_all(self._decode(data), self.entry["inputs"])


@dataclass(frozen=True)
class EventType:
    """An event of an ABI."""

    entry: dict[str, Any]

    @cached_property
    def topic(self) -> bytes:
        return keccak(text=signature_of(self.entry))

    @cached_property
    def indexed(self) -> list[dict[str, Any]]:
        return [part for part in self.entry["inputs"] if part["indexed"]]

    @cached_property
    def in_data(self) -> list[dict[str, Any]]:
        return [part for part in self.entry["inputs"] if not part["indexed"]]

    @cached_property
    def _decode_topics(self) -> list[Callable[[bytes], tuple[Any, ...]] | None]:
        """For each that is indexed; None for a string, bytes or struct, of which the chain keeps the hash."""
        kinds = [part["type"] for part in self.indexed]
        hashed = [kind in ("string", "bytes", "tuple") or kind.endswith("]") for kind in kinds]
        return [None if is_hash else decoder([kind]) for kind, is_hash in zip(kinds, hashed, strict=True)]

    @cached_property
    def _decode_data(self) -> Callable[[bytes], tuple[Any, ...]]:
        return decoder([type_of(part) for part in self.in_data])

    def values(self, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
        """Values by name. An indexed string, bytes or struct is its hash, as the chain keeps no more."""
        found: dict[str, Any] = {}
        for part, topic, decode in zip(self.indexed, topics[1:], self._decode_topics, strict=True):
            found[part["name"]] = topic if decode is None else shaped(decode(topic)[0], part)
        decoded = self._decode_data(data)
        for part, value in zip(self.in_data, decoded, strict=True):
            found[part["name"]] = shaped(value, part)
        return {part["name"]: found[part["name"]] for part in self.entry["inputs"]}


class Codec:
    """Functions, events and errors of one ABI."""

    def __init__(self, abi: JsonAbi) -> None:
        self.functions: dict[str, list[Function]] = {}
        self.errors: dict[bytes, ErrorType] = {}
        self.events: dict[bytes, EventType] = {}
        self.constructor: list[str] = []
        for entry in abi:
            kind = entry["type"]
            if kind == "function":
                self.functions.setdefault(entry["name"], []).append(Function(entry))
            elif kind == "error":
                error = ErrorType(entry)
                self.errors[error.selector] = error
            elif kind == "event" and not entry.get("anonymous"):
                event = EventType(entry)
                # Two events may share a topic and differ in what is indexed; the first one wins.
                self.events.setdefault(event.topic, event)
            elif kind == "constructor":
                self.constructor = [type_of(part) for part in entry["inputs"]]

    def function(self, name: str, count: int) -> Function:
        """The function `name` with `count` arguments."""
        fitting = [f for f in self.functions[name] if len(f.inputs) == count]
        if len(fitting) != 1:
            known = ", ".join(signature_of(f.entry) for f in self.functions[name])
            raise TypeError(f"{name} with {count} arguments fits {len(fitting)} of: {known}")
        return fitting[0]
