"""Coverage as figures: by source, with what was not covered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tools.coverage.instrument import Probes
from tools.coverage.sources import Range, Source


@dataclass
class Row:
    """Coverage of one source. `missed_ways` are sentences."""

    name: str
    lines: int = 0
    branches: int = 0
    missed_lines: list[int] = field(default_factory=list)
    missed_ways: list[str] = field(default_factory=list)


def rows(sources: Mapping[str, Source], probes: Probes, hits: Iterable[int]) -> list[Row]:
    """One row a source that has code."""
    ran: set[tuple[str, Range]] = set()
    taken: set[tuple[str, Range, bool]] = set()
    for probe in hits:
        ran.update(probes.units.get(probe, ()))
        if probe in probes.ways:
            taken.add(probes.ways[probe])
    found = []
    for name, source in sorted(sources.items()):
        if not source.units:
            continue
        row = Row(name)
        # A function ran if anything in it did.
        began = {unit for unit in source.units if (name, unit) in ran}
        begun = {unit for unit in source.units if any(unit[0] <= u[0] and u[1] <= unit[1] for u in began)}
        lines = {source.line(unit[0]) for unit in source.units}
        row.lines = len(lines)
        row.missed_lines = sorted({source.line(unit[0]) for unit in source.units - begun})
        for place, kind in sorted(source.conditions.items()):
            for way in (True, False):
                row.branches += 1
                if (name, place, way) not in taken:
                    row.missed_ways.append(f"{source.line(place[0])}: {_told(kind, way)}")
        found.append(row)
    return found


def _told(kind: str, jumped: bool) -> str:
    """What it means that the JUMPI of a condition did or didn't jump."""
    held = jumped != (kind in ("IfStatement", "ForStatement", "WhileStatement", "&&"))
    if kind in ("&&", "||"):
        return f"left of {kind} never {'true' if held else 'false'}"
    if kind == "TryStatement":
        return f"the call tried never {'succeeds' if held else 'fails'}"
    return f"{kind.removesuffix('Statement').lower()} never {'true' if held else 'false'}"


def table(found: list[Row]) -> str:
    """For people."""
    width = max(len(row.name) for row in found) + 2
    text = [f"{'source':<{width}}{'lines':>14}{'branches':>14}"]
    for row in found:
        covered = row.lines - len(row.missed_lines), row.branches - len(row.missed_ways)
        text.append(f"{row.name:<{width}}{covered[0]:>7}/{row.lines:<6}{covered[1]:>7}/{row.branches:<6}")
        if row.missed_lines:
            text.append(f"    lines not run: {', '.join(map(str, row.missed_lines))}")
        text += [f"    line {way}" for way in row.missed_ways]
    return "\n".join(text)


def share(found: list[Row]) -> tuple[float, float]:
    """Lines and branches covered, in percent."""
    lines, branches = sum(row.lines for row in found), sum(row.branches for row in found)
    missed = sum(len(row.missed_lines) for row in found), sum(len(row.missed_ways) for row in found)
    return 100 * (1 - missed[0] / lines), 100 * (1 - missed[1] / max(branches, 1))
