"""Mistakes to plant: what is changed where in a source, from its syntax tree.

A mutant's name says contract, function, operator and text, not a line, so that it outlives changes elsewhere.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

COMPARISON = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "<<": ">>", ">>": "<<", "&": "|", "|": "&", "^": "|"}
ASSIGNMENT = {"+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "|=": "&=", "&=": "|="}
STEP = {"++": "--", "--": "++"}
# Functions whose first two arguments may stand in either order.
COMMUTATIVE = ("max", "min", "mulDiv")

Change = tuple[str, int, int, str]


@dataclass(frozen=True)
class Mutant:
    """A source with one mistake."""

    name: str
    source: str
    start: int
    end: int
    text: str

    @property
    def place(self) -> str:
        """Contract and function."""
        return self.name.partition(":")[0]

    def applied(self, content: str) -> str:
        """The source's content with the mistake in it."""
        raw = content.encode()
        return (raw[: self.start] + self.text.encode() + raw[self.end :]).decode()


def mutants_of(source: str, content: str, tree: dict[str, Any]) -> list[Mutant]:
    """All mutants of a source, in order of their places."""
    raw = content.encode()
    found: list[Mutant] = []
    seen: Counter[str] = Counter()
    for contract in (node for node in tree["nodes"] if node["nodeType"] == "ContractDefinition"):
        if contract["contractKind"] == "interface":
            continue
        for part in contract["nodes"]:
            place = f"{contract['name']}.{part.get('name') or part.get('kind') or part['nodeType']}"
            changes = sorted(set(_changes(part, raw)), key=lambda change: (change[1], change[2], change[3], change[0]))
            for operator, start, end, text in changes:
                before = " ".join(raw[start:end].decode().split())
                after = " ".join(text.split())
                name = f"{place}: {operator}: {before}" + (f" -> {after}" if after not in ("", "{}") else "")
                seen[name] += 1
                if seen[name] > 1:
                    name += f" #{seen[name]}"
                found.append(Mutant(name, source, start, end, text))
    return found


def _changes(tree: dict[str, Any], raw: bytes) -> Iterator[Change]:
    for node in _nodes(tree):
        method = _OPERATORS.get(node["nodeType"])
        if method is not None:
            yield from method(node, raw)


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        if tree.get("nodeType") in ("InlineAssembly", "StructuredDocumentation", "OverrideSpecifier"):
            return
        if "nodeType" in tree and "src" in tree:
            yield tree
        for key, value in tree.items():
            # A loop that doesn't end is no mistake of interest.
            if not (tree.get("nodeType") == "ForStatement" and key in ("loopExpression", "initializationExpression")):
                yield from _nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _nodes(value)


def _span(node: dict[str, Any]) -> tuple[int, int]:
    start, length, _ = map(int, node["src"].split(":"))
    return start, start + length


def _text(node: dict[str, Any], raw: bytes) -> str:
    start, end = _span(node)
    return raw[start:end].decode()


def _is_number(node: dict[str, Any]) -> bool:
    kind = node["typeDescriptions"].get("typeString") or ""
    return kind.startswith(("uint", "int_const", "int"))


def _statement(node: dict[str, Any], raw: bytes) -> Iterator[Change]:
    start, end = _span(node)
    if raw[end : end + 1] == b";":
        end += 1
    kind = {"EmitStatement": "no event", "RevertStatement": "no revert"}.get(node["nodeType"], "no statement")
    yield kind, start, end, "{}"


def _if(node: dict[str, Any], _raw: bytes) -> Iterator[Change]:
    body = node["trueBody"]
    inner = body["statements"] if body["nodeType"] == "Block" else [body]
    condition = _span(node["condition"])
    if node.get("falseBody") or [one["nodeType"] for one in inner] != ["RevertStatement"]:
        yield "condition", *condition, "true"
        yield "condition", *condition, "false"
    # A guard without its revert is the revert's own mutant.


def _binary(node: dict[str, Any], raw: bytes) -> Iterator[Change]:
    left, right, operator = node["leftExpression"], node["rightExpression"], node["operator"]
    texts = _text(left, raw), _text(right, raw)
    span = _span(node)
    if operator in ("&&", "||"):
        yield "and/or", *span, f"({texts[0]} {'||' if operator == '&&' else '&&'} {texts[1]})"
        yield "one operand", *span, texts[0]
        yield "one operand", *span, texts[1]
        return
    other = COMPARISON.get(operator) or ARITHMETIC.get(operator)
    if other is not None:
        kind = "comparison" if operator in COMPARISON else "arithmetic"
        yield kind, *span, f"({texts[0]} {other} {texts[1]})"
    inner = left
    while inner["nodeType"] == "TupleExpression" and len(inner["components"]) == 1:
        inner = inner["components"][0]
    if operator == "/" and inner["nodeType"] == "BinaryOperation" and inner["operator"] == "*":
        first, second = _text(inner["leftExpression"], raw), _text(inner["rightExpression"], raw)
        yield "divided first", *span, f"(({first} / {texts[1]}) * {second})"
    if operator == "/":
        yield "rounded up", *span, f"(({texts[0]} + {texts[1]} - 1) / {texts[1]})"


def _unary(node: dict[str, Any], raw: bytes) -> Iterator[Change]:
    start, end = _span(node)
    operand = _text(node["subExpression"], raw)
    if node["operator"] == "!":
        yield "not", start, end, operand
    elif node["operator"] in STEP:
        other = STEP[node["operator"]]
        yield "step", start, end, other + operand if node["prefix"] else operand + other


def _assignment(node: dict[str, Any], raw: bytes) -> Iterator[Change]:
    right = node["rightHandSide"]
    if node["operator"] in ASSIGNMENT:
        left = _text(node["leftHandSide"], raw)
        yield "assignment", *_span(node), f"{left} {ASSIGNMENT[node['operator']]} {_text(right, raw)}"
    if _is_number(right) and _text(right, raw) != "0":
        yield "zero", *_span(right), "0"


def _literal(node: dict[str, Any], raw: bytes) -> Iterator[Change]:
    start, end = _span(node)
    text = _text(node, raw)
    if node["kind"] == "number" and not text.startswith("0x"):
        yield "off by one", start, end, f"({text} + 1)"
    elif node["kind"] == "bool":
        yield "boolean", start, end, "false" if text == "true" else "true"


def _call(node: dict[str, Any], raw: bytes) -> Iterator[Change]:
    arguments = node["arguments"]
    name = node["expression"].get("memberName")
    if node["kind"] == "functionCall" and not node.get("names"):
        pairs = list(pairwise(arguments))
        for one, two in pairs[1:] if name in COMMUTATIVE else pairs:
            kinds = [argument["typeDescriptions"].get("typeString") for argument in (one, two)]
            texts = _text(one, raw), _text(two, raw)
            if kinds[0] == kinds[1] and texts[0] != texts[1]:
                yield "arguments", _span(one)[0], _span(two)[1], f"{texts[1]}, {texts[0]}"
    if name == "mulDiv":
        start, end = _span(node)
        whole = _text(node, raw)
        if "Rounding." in whole:
            swapped = whole.replace("Rounding.Ceil", "Rounding.*").replace("Rounding.Floor", "Rounding.Ceil")
            yield "rounding", start, end, swapped.replace("Rounding.*", "Rounding.Floor")
        else:
            yield "rounding", start, end, f"{whole[:-1]}, Math.Rounding.Ceil)"
    elif name == "ceilDiv" and len(arguments) == 2:
        yield "rounding", *_span(node), f"({_text(arguments[0], raw)} / {_text(arguments[1], raw)})"


def _conditional(node: dict[str, Any], raw: bytes) -> Iterator[Change]:
    yield "ternary", *_span(node), _text(node["trueExpression"], raw)
    yield "ternary", *_span(node), _text(node["falseExpression"], raw)


def _function(node: dict[str, Any], _raw: bytes) -> Iterator[Change]:
    for modifier in node["modifiers"]:
        if modifier.get("kind") != "baseConstructorSpecifier" and node.get("body"):
            yield "no modifier", *_span(modifier), ""


def _return(node: dict[str, Any], raw: bytes) -> Iterator[Change]:
    value = node.get("expression")
    if value is not None and _is_number(value) and _text(value, raw) != "0":
        yield "zero", *_span(value), "0"


_OPERATORS = {
    "Assignment": _assignment,
    "BinaryOperation": _binary,
    "Conditional": _conditional,
    "EmitStatement": _statement,
    "ExpressionStatement": _statement,
    "FunctionCall": _call,
    "FunctionDefinition": _function,
    "IfStatement": _if,
    "Literal": _literal,
    "Return": _return,
    "RevertStatement": _statement,
    "UnaryOperation": _unary,
}
