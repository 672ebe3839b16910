"""Event decoders, compiled once from an ABI: word slices instead of a walk through types for each log.

Values are as Python has them: addresses checksummed, `bytesN` and `bytes` as bytes, tuples and arrays as
tuples. Text that is not UTF-8 comes with its bytes escaped (`\\xff`), because a contract takes any bytes as a
string, and nobody may stop a reader by emitting some. An indexed value of a type longer than a word is its
hash: the chain keeps no more.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from eth_utils import keccak

from cluster.chain.codec import JsonAbi, signature_of, type_of

WORD = 32
_ZEROS = bytes(WORD)
_NO_ADDRESS = bytes(12)

# Reads the value that stands at a place in the data; of a dynamic type, where its offset points to.
_Read = Callable[[bytes, int], Any]


class EventDataError(ValueError):
    """A log has not the form that the ABI gives its event; the message says where."""


@dataclass(frozen=True)
class _Type:
    size: int  # bytes in the heads of a frame
    dynamic: bool
    read: _Read


@lru_cache(maxsize=1 << 16)
def _address(raw: bytes) -> str:
    # EIP-55, as eth_utils' to_checksum_address, which takes twice as long.
    digits = raw.hex()
    checksum = keccak(digits.encode()).hex()
    return "0x" + "".join([d.upper() if check > "7" else d for d, check in zip(digits, checksum, strict=False)])


def _word(data: bytes, at: int) -> bytes:
    word = data[at : at + WORD]
    if len(word) != WORD:
        raise EventDataError(f"data ends at byte {len(data)}, in the word that begins at byte {at}")
    return word


def _number(data: bytes, at: int) -> int:
    word = data[at : at + WORD]
    # `_word`, in place: this is called for nearly every word of every log.
    if len(word) != WORD:
        _word(data, at)
    return int.from_bytes(word)


def _read_address(data: bytes, at: int) -> str:
    word = data[at : at + WORD]
    if len(word) != WORD or not word.startswith(_NO_ADDRESS):
        raise EventDataError(f"word at byte {at} is not an address: {_word(data, at).hex()}")
    return _address(word[12:])


def _read_bool(data: bytes, at: int) -> bool:
    number = _number(data, at)
    if number > 1:
        raise EventDataError(f"word at byte {at} is not a bool: {number:#x}")
    return number == 1


def _uint(bits: int) -> _Read:
    limit = 1 << bits
    if bits == WORD * 8:
        return _number

    def read(data: bytes, at: int) -> int:
        number = _number(data, at)
        if number >= limit:
            raise EventDataError(f"word at byte {at} is not a uint{bits}: {number:#x}")
        return number

    return read


def _int(bits: int) -> _Read:
    limit = 1 << (bits - 1)

    def read(data: bytes, at: int) -> int:
        number = int.from_bytes(_word(data, at), signed=True)
        if not -limit <= number < limit:
            raise EventDataError(f"word at byte {at} is not an int{bits}: {number:#x}")
        return number

    return read


def _fixed_bytes(length: int) -> _Read:
    def read(data: bytes, at: int) -> bytes:
        word = _word(data, at)
        if word[length:] != _ZEROS[length:]:
            raise EventDataError(f"word at byte {at} is not a bytes{length}: {word.hex()}")
        return word[:length]

    return read


def _tail(data: bytes, frame: int, heads: int, at: int) -> int:
    """Where a dynamic value begins: its offset counts from the frame's start and points past the frame's
    heads.
    """
    offset = _number(data, at)
    if offset < heads or frame + offset + WORD > len(data):
        raise EventDataError(
            f"offset at byte {at} points to {offset:#x}, which is not between the heads ({heads:#x}) and the end "
            f"({len(data) - frame:#x})"
        )
    return frame + offset


def _read_bytes(data: bytes, at: int) -> bytes:
    length = _number(data, at)
    begin, end = at + WORD, at + WORD + length
    padded = begin + -(-length // WORD) * WORD
    if padded > len(data):
        raise EventDataError(f"length at byte {at} is {length:#x}, past the end ({len(data)} bytes)")
    if any(data[end:padded]):
        raise EventDataError(f"bytes {end} to {padded} should be zero")
    return data[begin:end]


def _read_string(data: bytes, at: int) -> str:
    return text(_read_bytes(data, at))


def text(raw: bytes) -> str:
    """A contract's string as text: UTF-8, with what is not escaped."""
    return raw.decode("utf-8", "backslashreplace")


def _elements(data: bytes, frame: int, heads: int, placed: Iterable[tuple[int, _Type]]) -> tuple[Any, ...]:
    """Values whose heads stand at given places of a frame."""
    return tuple(
        [kind.read(data, _tail(data, frame, heads, frame + at) if kind.dynamic else frame + at) for at, kind in placed]
    )


def _frame(types: Sequence[_Type]) -> _Type:
    """Values one after another: a tuple, an array of fixed length, the data of an event."""
    placed: list[tuple[int, _Type]] = []
    heads = 0
    for kind in types:
        placed.append((heads, kind))
        heads += kind.size
    dynamic = any(kind.dynamic for kind in types)
    return _Type(WORD if dynamic else heads, dynamic, lambda data, at: _elements(data, at, heads, placed))


def _array(element: _Type) -> _Type:
    def read(data: bytes, at: int) -> tuple[Any, ...]:
        count = _number(data, at)
        heads = count * element.size
        if at + WORD + heads > len(data):
            raise EventDataError(f"length at byte {at} is {count:#x}, past the end ({len(data)} bytes)")
        placed = ((i * element.size, element) for i in range(count))
        return _elements(data, at + WORD, heads, placed)

    return _Type(WORD, True, read)


def _compile(parameter: dict[str, Any]) -> _Type:
    kind: str = parameter["type"]
    if kind.endswith("]"):
        inner, _, length = kind.rpartition("[")
        element = _compile({**parameter, "type": inner})
        return _array(element) if length == "]" else _frame([element] * int(length[:-1]))
    if kind == "tuple":
        return _frame([_compile(part) for part in parameter["components"]])
    if kind in ("bytes", "string"):
        return _Type(WORD, True, _read_bytes if kind == "bytes" else _read_string)
    if kind == "address":
        return _Type(WORD, False, _read_address)
    if kind == "bool":
        return _Type(WORD, False, _read_bool)
    for prefix, make in (("uint", _uint), ("int", _int), ("bytes", _fixed_bytes)):
        if kind.startswith(prefix) and kind.removeprefix(prefix).isdecimal():
            return _Type(WORD, False, make(int(kind.removeprefix(prefix))))
    raise ValueError(f"no decoder for values of type {type_of(parameter)}")


def values_of(parameters: Sequence[dict[str, Any]]) -> Callable[[bytes], tuple[Any, ...]]:
    """A decoder for values of these ABI parameters: an event's data, or what a function returned.

    It raises `EventDataError`.
    """
    read = _frame([_compile(part) for part in parameters]).read
    return lambda data: read(data, 0)


class EventDecoder:
    """Decodes the logs of one event."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self.name: str = entry["name"]
        self.signature = signature_of(entry)
        self.topic = keccak(text=self.signature)
        indexed: list[tuple[str, _Read | None]] = []
        in_data: list[dict[str, Any]] = []
        names: list[str] = []
        for place, part in enumerate(entry["inputs"]):
            name = part["name"] or f"arg{place}"
            if not part["indexed"]:
                names.append(name)
                in_data.append(part)
                continue
            kind: str = part["type"]
            hashed = kind in ("string", "bytes") or kind.endswith("]") or kind == "tuple"
            indexed.append((name, None if hashed else _compile(part).read))
        self.topic_count = 1 + len(indexed)
        self._indexed = indexed
        self._names = names
        self._data = values_of(in_data)

    def decode(self, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
        """Values by name, indexed ones first. Raises `EventDataError`."""
        if len(topics) != self.topic_count or topics[0] != self.topic:
            raise EventDataError(f"these {len(topics)} topics are not those of {self.signature}")
        values: dict[str, Any] = {}
        for (name, read), topic in zip(self._indexed, topics[1:], strict=True):
            values[name] = topic if read is None else read(topic, 0)
        values.update(zip(self._names, self._data(data), strict=True))
        return values


def decoders(abi: JsonAbi) -> dict[tuple[bytes, int], EventDecoder]:
    """Decoders of all events of an ABI, by topic and number of topics: events that differ only in what is
    indexed share a topic, as ERC-20's and ERC-721's Transfer do.
    """
    found = {}
    for entry in abi:
        if entry["type"] == "event" and not entry.get("anonymous"):
            decoder = EventDecoder(entry)
            found[decoder.topic, decoder.topic_count] = decoder
    return found
