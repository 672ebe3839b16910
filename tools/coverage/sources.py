"""What there is to cover in a source: places where a statement or function begins, and conditions with two ways out."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

STATEMENTS = frozenset(
    {
        "Break",
        "Continue",
        "DoWhileStatement",
        "EmitStatement",
        "ExpressionStatement",
        "ForStatement",
        "IfStatement",
        "InlineAssembly",
        "Return",
        "RevertStatement",
        "TryStatement",
        "VariableDeclarationStatement",
        "WhileStatement",
    }
)
CONDITIONS = frozenset({"Conditional", "DoWhileStatement", "ForStatement", "IfStatement", "WhileStatement"})

Range = tuple[int, int]


@dataclass
class Source:
    """Byte ranges of a source: of its statements and functions, and of its conditions with what each is."""

    name: str
    text: bytes
    units: set[Range] = field(default_factory=set)
    conditions: dict[Range, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lines = [0, *(i + 1 for i, byte in enumerate(self.text) if byte == 0x0A)]
        self._innermost: dict[Range, Range | None] = {}

    def line(self, offset: int) -> int:
        """Number of the line, from 1."""
        return bisect_right(self._lines, offset)

    def innermost(self, place: Range) -> Range | None:
        """The smallest unit around a place."""
        if place not in self._innermost:
            around = [unit for unit in self.units if unit[0] <= place[0] and place[1] <= unit[1]]
            self._innermost[place] = min(around, key=lambda unit: unit[1] - unit[0], default=None)
        return self._innermost[place]


def read(name: str, text: str, ast: dict[str, Any]) -> Source:
    """Finds what there is to cover in a source's syntax tree."""
    source = Source(name, text.encode())
    for node in nodes(ast):
        kind, place = node["nodeType"], _range(node)
        if kind in STATEMENTS or (kind in ("FunctionDefinition", "ModifierDefinition") and _has_code(node)):
            source.units.add(place)
        if kind in CONDITIONS and not (kind == "ForStatement" and node.get("condition") is None):
            source.conditions[place] = kind
        elif kind == "BinaryOperation" and node["operator"] in ("&&", "||"):
            source.conditions[place] = node["operator"]
        elif kind == "FunctionCall" and node["expression"].get("name") in ("require", "assert"):
            source.conditions[place] = node["expression"]["name"]
        elif kind == "TryStatement":
            source.conditions[_range(node["externalCall"])] = kind
    return source


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """All nodes of a syntax tree."""
    if isinstance(tree, dict):
        if "nodeType" in tree and "src" in tree:
            yield tree
        for value in tree.values():
            yield from nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from nodes(value)


def _has_code(function: dict[str, Any]) -> bool:
    """The compiler makes no code of its own for an empty `receive`."""
    body = function.get("body")
    empty = body is not None and not body["statements"] and not function.get("modifiers")
    return body is not None and not (empty and function.get("kind") in ("receive", "fallback"))


def _range(node: dict[str, Any]) -> Range:
    start, length, _ = map(int, node["src"].split(":"))
    return start, start + length
