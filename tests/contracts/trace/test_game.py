"""The game about withheld data: whoever is right wins it, by moves or by the clock."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from cluster.testing import Account, reverts
from offchain.compute import forest, trees
from offchain.compute.claim import Claim
from offchain.compute.faults import Fault, Opening
from offchain.compute.program import COMPLETION, Kind, depth
from offchain.compute.prover import prove
from tests.compute.tiny import TINY, tiny
from tests.contracts.trace import court as rules
from tests.contracts.trace import tampers
from tests.contracts.trace.court import (
    CLOCK,
    INCONCLUSIVE,
    INVALID,
    JOB,
    PENDING,
    PROVE_TIME,
    SECRET,
    VALID,
    WINDOW,
    Court,
    Said,
    proof,
    said,
)
from tests.contracts.trace.liar import leaf_instead, node_instead

NONE, REVEAL, PICK, LEAF, PROVE, WON, LOST = range(7)
OP, ROW, CHUNK, ELEMENT = 4, 290, 1, 9
"""A leaf of ROPE, and a value of it."""
NOBODY = "0x" + "00" * 20


class Table:
    """One game at a time: what an operator that shows all it has, and a challenger that knows where to go, do."""

    def __init__(self, court: Court, told: Said, claim: Claim) -> None:
        self.court, self.told, self.claim, self.module = court, told, claim, court.module

    def open(self, output: bool = False, challenger: Account | None = None) -> None:
        self.court.submit(rules.game(self.claim, output), challenger or self.court.carl)

    def nodes(self, tree: list[list[bytes]], level: int, place: int) -> list[bytes]:
        """What stands up to four levels below a node, at `level`."""
        down = min(4, level)
        nodes = tree[level - down]
        return [
            bytes(nodes[at]) if at < len(nodes) else trees.ZEROS[level - down]
            for at in range(place << down, (place + 1) << down)
        ]

    def move(self, tree: list[list[bytes]], level: int, place: int, goal: int, challenger: Account) -> tuple[int, int]:
        """A reveal and a pick on the way to a leaf of a tree; gives where that leads."""
        shown = self.nodes(tree, level, place)
        self.module.reveal(JOB, challenger, shown, sender=self.court.operator)
        down = min(4, level)
        index = (goal >> (level - down)) - (place << down)
        path = trees.path(trees.layers(shown, down), index)
        self.module.pick(JOB, index, shown[index], path, sender=challenger)
        return level - down, (place << down) + index

    def descend(self, op: int, row: int, chunk: int, challenger: Account | None = None) -> None:
        """From the root to a leaf."""
        self.down(self.told.trace.top, op, challenger)
        part = self.told.trace.parts[op]
        self.down([[bytes(node) for node in level] for level in part.tree], part.op.place(row, chunk), challenger)

    def down(self, tree: list[list[bytes]], goal: int, challenger: Account | None = None) -> None:
        level, place = len(tree) - 1, 0
        while level:
            level, place = self.move(tree, level, place, goal, challenger or self.court.carl)

    def show_leaf(self, op: int, row: int, chunk: int, challenger: Account | None = None) -> None:
        part = self.told.trace.parts[op]
        salt, data = part.salts[row].tobytes(), part.leaf(row, chunk)
        self.module.revealLeaf(JOB, challenger or self.court.carl, salt, data, sender=self.court.operator)

    def phase(self, challenger: Account | None = None) -> int:
        return int(self.module.gameOf(JOB, challenger or self.court.carl).phase)

    def dispute(self, challenger: Account | None = None) -> int:
        return int(self.module.disputeOf(JOB, challenger or self.court.carl))


@pytest.fixture
def lied(court: Court) -> Iterator[tuple[Table, Fault]]:
    """A claim with one wrong value, and its proof."""
    told = said()
    data = bytearray(told.trace.parts[OP].leaf(ROW, CHUNK))
    data[4 * ELEMENT + 3] ^= 1
    with leaf_instead(told, told.trace.run.op(OP), ROW, CHUNK, bytes(data)) as claim:
        court.open(claim)
        where = (Kind.ROPE, OP, ROW, CHUNK, ELEMENT)
        yield Table(court, told, claim), prove(claim, told.trace, tiny().weights, told.conversation, *where)


@pytest.fixture
def honest(court: Court) -> Table:
    told = said()
    court.open(told.claim)
    return Table(court, told, told.claim)


def test_a_wrong_leaf_is_found_shown_and_refuted(lied: tuple[Table, Fault]) -> None:
    table, fault = lied
    court, module = table.court, table.module
    table.open()
    assert table.phase() == REVEAL
    assert table.dispute() == PENDING
    table.descend(OP, ROW, CHUNK)
    assert table.phase() == LEAF
    table.show_leaf(OP, ROW, CHUNK)
    assert table.phase() == PROVE
    receipt = module.prove(JOB, proof(table.claim, fault), sender=court.carl)
    receipt.expect("ClaimRefuted", jobId=JOB, challenger=court.carl.address)
    assert court.status() == (INVALID, court.carl.address)
    assert table.phase() == WON
    assert table.dispute() == INVALID
    assert module.deadlineOf(JOB, court.carl) == 0


def test_an_operator_that_shows_nothing_loses(lied: tuple[Table, Fault]) -> None:
    table, _ = lied
    table.open()
    deadline = table.module.deadlineOf(JOB, table.court.carl)
    table.court.chain.mine(CLOCK)
    with reverts("ClockRuns", JOB, table.court.carl.address, deadline):
        table.module.timeout(JOB, table.court.carl, sender=table.court.anyone)
    table.court.chain.mine()
    table.module.timeout(JOB, table.court.carl, sender=table.court.anyone)
    assert table.court.status() == (INVALID, table.court.carl.address)


def test_a_move_counts_in_the_last_second_and_not_after(honest: Table) -> None:
    table = honest
    table.open()
    shown = table.nodes(table.told.trace.top, len(table.told.trace.top) - 1, 0)
    deadline = table.module.deadlineOf(JOB, table.court.carl)
    with table.court.chain.isolated():
        table.court.chain.mine(CLOCK + 1)
        with reverts("ClockRanOut", JOB, table.court.carl.address, deadline):
            table.module.reveal(JOB, table.court.carl, shown, sender=table.court.operator)
    table.court.chain.mine(CLOCK)
    table.module.reveal(JOB, table.court.carl, shown, sender=table.court.operator)
    assert table.module.gameOf(JOB, table.court.carl).operatorClock == 0


def test_clocks_run_over_the_whole_game_and_only_for_whose_move_it_is(honest: Table) -> None:
    table, chain, carl = honest, honest.court.chain, honest.court.carl
    table.open()
    top = table.told.trace.top
    shown = table.nodes(top, len(top) - 1, 0)
    chain.mine(100)
    table.module.reveal(JOB, carl, shown, sender=table.court.operator)
    chain.mine(30)
    path = trees.path(trees.layers(shown), 0)
    table.module.pick(JOB, 0, shown[0], path, sender=carl)
    game = table.module.gameOf(JOB, carl)
    assert (game.operatorClock, game.challengerClock) == (CLOCK - 100, CLOCK - 30)
    assert table.module.deadlineOf(JOB, carl) == chain.time + CLOCK - 100


def test_a_challenger_that_does_not_pick_loses_and_the_claim_stands(honest: Table) -> None:
    table, court = honest, honest.court
    table.open()
    top = table.told.trace.top
    table.module.reveal(JOB, court.carl, table.nodes(top, len(top) - 1, 0), sender=court.operator)
    court.chain.mine(WINDOW + 1)
    assert court.status() == (PENDING, NOBODY), "a game delays the verdict"
    court.chain.mine(CLOCK)
    table.module.timeout(JOB, court.carl, sender=court.operator).expect("GameLost", challenger=court.carl.address)
    assert court.status() == (VALID, NOBODY)
    assert table.phase() == LOST
    assert table.dispute() == VALID


def test_a_challenger_that_can_not_prove_what_it_saw_loses(honest: Table) -> None:
    table, court = honest, honest.court
    table.open()
    table.descend(OP, ROW, CHUNK)
    table.show_leaf(OP, ROW, CHUNK)
    court.chain.mine(PROVE_TIME + 1)
    table.module.timeout(JOB, court.carl, sender=court.anyone)
    assert table.dispute() == VALID
    court.chain.mine(WINDOW)
    assert court.status()[0] == VALID


def test_a_proof_of_another_leaf_does_not_end_the_game(lied: tuple[Table, Fault]) -> None:
    table, fault = lied
    table.open()
    table.descend(OP, ROW, 0)
    table.show_leaf(OP, ROW, 0)
    place = (OP << 64) | (ROW << 32)
    with reverts("AnotherLeaf", place + CHUNK, place):
        table.module.prove(JOB, proof(table.claim, fault), sender=table.court.carl)


def test_only_what_leads_to_the_node_is_revealed(honest: Table) -> None:
    table, court = honest, honest.court
    table.open()
    top = table.told.trace.top
    shown = table.nodes(top, len(top) - 1, 0)
    with reverts("ClaimMismatch"):
        table.module.reveal(JOB, court.carl, [*shown[1:], shown[0]], sender=court.operator)
    for count in (1, 2, 8, 15, 17, 32):
        with reverts("WrongCount", count, 16):
            table.module.reveal(JOB, court.carl, (shown * 2)[:count], sender=court.operator)
    part = table.told.trace.parts[OP]
    tree = [[bytes(node) for node in level] for level in part.tree]
    with reverts("ClaimMismatch"):
        table.module.reveal(JOB, court.carl, table.nodes(tree, len(tree) - 1, 0), sender=court.operator)


def test_a_tree_is_never_left_by_a_reveal(honest: Table) -> None:
    """The top tree of 44 ops has 6 levels: 4, then 2; an op's tree begins anew."""
    table, court = honest, honest.court
    table.open()
    top = table.told.trace.top
    level, place = table.move(top, len(top) - 1, 0, OP, court.carl)
    assert (level, table.module.gameOf(JOB, court.carl).levels) == (2, 2)
    with reverts("WrongCount", 16, 4):
        table.module.reveal(JOB, court.carl, [bytes(32)] * 16, sender=court.operator)
    table.move(top, level, place, OP, court.carl)
    game = table.module.gameOf(JOB, court.carl)
    op = table.told.trace.run.op(OP)
    assert (game.op, game.place, game.levels, game.node) == (OP, 0, op.depth, table.told.trace.op_roots[OP])


def test_only_a_node_that_was_revealed_is_picked(honest: Table) -> None:
    table, court = honest, honest.court
    table.open()
    top = table.told.trace.top
    shown = table.nodes(top, len(top) - 1, 0)
    path = trees.path(trees.layers(shown), 3)
    with reverts("WrongPhase", JOB, court.carl.address, REVEAL):
        table.module.pick(JOB, 3, shown[3], path, sender=court.carl)
    table.module.reveal(JOB, court.carl, shown, sender=court.operator)
    with reverts("ClaimMismatch"):
        table.module.pick(JOB, 2, shown[3], path, sender=court.carl)
    with reverts("NothingThere"):
        table.module.pick(JOB, 19, shown[3], path, sender=court.carl)
    with reverts("WrongCount", 3, 4):
        table.module.pick(JOB, 3, shown[3], path[:3], sender=court.carl)
    with reverts("WrongPhase", JOB, court.cora.address, NONE):
        table.module.pick(JOB, 3, shown[3], path, sender=court.cora)


def test_an_empty_place_is_no_place_to_go(honest: Table) -> None:
    """A position that is to come, of an honest trace: the challenger can't pick it, and has to pick another."""
    honest.open()
    with reverts("NothingThere", 5, 6):
        honest.descend(5, 0, 6)


def test_an_op_that_is_not_there_is_no_place_to_go(honest: Table) -> None:
    table = honest
    table.open()
    with reverts("NothingThere", 0xFFFFFFFE, TINY.ops):
        table.down(table.told.trace.top, TINY.ops)


def test_something_at_an_empty_place_refutes_as_it_is_picked(court: Court) -> None:
    told = said()
    op = told.trace.run.op(5)
    with node_instead(told, op, op.place(0, 6), b"\x07" * 32) as claim:
        court.open(claim)
        table = Table(court, told, claim)
        table.open()
        table.descend(5, 0, 6)
    assert court.status() == (INVALID, court.carl.address)
    assert table.phase() == WON


def test_a_word_behind_the_ops_refutes_as_it_is_picked(court: Court) -> None:
    told = said()
    top = trees.layers([*told.trace.op_roots, b"\x07" * 32])
    claim = replace(told.claim, trace_root=top[-1][0])
    court.open(claim)
    table = Table(court, told, claim)
    table.open()
    table.down(top, TINY.ops)
    assert court.status() == (INVALID, court.carl.address)


def test_a_leaf_of_another_form_can_not_be_shown(court: Court) -> None:
    """A leaf that is a word too long is in the trace; its operator has nothing to show, and its clock runs out."""
    told = said()
    op = told.trace.run.op(OP)
    salt = told.trace.parts[OP].salts[ROW].tobytes()
    data = told.trace.parts[OP].leaf(ROW, CHUNK) + bytes(4)
    leaf = trees.trace_leaf(told.claim.id, OP, ROW, CHUNK, salt, data)
    with node_instead(told, op, op.place(ROW, CHUNK), leaf) as claim:
        court.open(claim)
        table = Table(court, told, claim)
        table.open()
        table.descend(OP, ROW, CHUNK)
    with reverts("WrongLength", len(data), len(data) - 4):
        table.module.revealLeaf(JOB, court.carl, salt, data, sender=court.operator)
    with reverts("ClaimMismatch"):
        table.module.revealLeaf(JOB, court.carl, salt, data[:-4], sender=court.operator)
    court.chain.mine(CLOCK + 1)
    table.module.timeout(JOB, court.carl, sender=court.cora)
    assert court.status() == (INVALID, court.carl.address)


def test_the_answer_has_a_game_of_its_own(court: Court) -> None:
    """One leaf of tokens is the root itself: the operator shows it, and the token is refuted."""
    told = said()
    answer = list(told.conversation.completion)
    answer[1] = 7
    claim, conversation = tampers.answered(told, answer)
    court.open(claim)
    table = Table(court, told, claim)
    table.open(output=True)
    assert table.phase() == LEAF
    salt = trees.salt(SECRET, COMPLETION, 0)
    table.module.revealLeaf(JOB, court.carl, salt, trees.u32(*answer), sender=court.operator)
    fault = prove(claim, told.trace, tiny().weights, conversation, Kind.TOKEN, COMPLETION, 0, 0, 1)
    table.module.prove(JOB, proof(claim, fault), sender=court.carl)
    assert court.status() == (INVALID, court.carl.address)


def test_several_challengers_play_at_once_and_the_first_to_prove_is_paid(lied: tuple[Table, Fault]) -> None:
    table, fault = lied
    court, (carl, cora) = table.court, (table.court.carl, table.court.cora)
    table.open(challenger=carl)
    table.open(challenger=cora)
    with reverts("GameExists", JOB, carl.address):
        table.open(challenger=carl)
    assert table.module.claimOf(JOB)[2] == 2
    table.descend(OP, ROW, CHUNK, cora)
    table.show_leaf(OP, ROW, CHUNK, cora)
    assert table.phase(carl) == REVEAL
    with reverts("WrongPhase", JOB, carl.address, REVEAL):
        table.module.prove(JOB, proof(table.claim, fault), sender=carl)
    table.module.prove(JOB, proof(table.claim, fault), sender=cora)
    assert court.status() == (INVALID, cora.address)
    assert (table.dispute(cora), table.dispute(carl)) == (INVALID, INCONCLUSIVE)
    with reverts("AlreadyRefuted", JOB, cora.address):
        table.module.reveal(JOB, carl, [bytes(32)] * 16, sender=court.operator)
    court.chain.mine(CLOCK + 1)
    with reverts("AlreadyRefuted", JOB, cora.address):
        table.module.timeout(JOB, carl, sender=court.anyone)


def test_a_proof_is_heard_while_games_are_open(lied: tuple[Table, Fault]) -> None:
    table, fault = lied
    table.open()
    table.court.submit(proof(table.claim, fault), table.court.cora)
    assert table.court.status() == (INVALID, table.court.cora.address)
    assert table.dispute() == INCONCLUSIVE


def test_a_lost_game_stays_lost_when_another_challenger_wins(lied: tuple[Table, Fault]) -> None:
    table, fault = lied
    court, top = table.court, table.told.trace.top
    table.open()
    table.module.reveal(JOB, court.carl, table.nodes(top, len(top) - 1, 0), sender=court.operator)
    court.chain.mine(WINDOW)
    table.open(challenger=court.cora)
    court.chain.mine(CLOCK - WINDOW + 1)
    table.module.timeout(JOB, court.carl, sender=court.operator)
    table.descend(OP, ROW, CHUNK, court.cora)
    table.show_leaf(OP, ROW, CHUNK, court.cora)
    table.module.prove(JOB, proof(table.claim, fault), sender=court.cora)
    assert (table.dispute(), table.dispute(court.cora)) == (VALID, INVALID)


def test_there_is_no_time_out_without_a_game(honest: Table) -> None:
    honest.court.chain.mine(2 * CLOCK)
    with reverts("WrongPhase", JOB, honest.court.carl.address, NONE):
        honest.module.timeout(JOB, honest.court.carl, sender=honest.court.anyone)


def test_all_openings_of_a_proof_are_known_from_the_game(lied: tuple[Table, Fault]) -> None:
    """Whoever has the honest trace and saw the game can make the paths: left of the way all is honest, right of it the
    siblings were revealed.
    """
    table, fault = lied
    part, top = table.told.trace.parts[OP], table.told.trace.top
    path = forest.path(part.tree, part.op.place(ROW, CHUNK)) + trees.path(top, OP)
    shown: set[bytes] = set()
    for tree, place in ((top, OP), ([[bytes(n) for n in level] for level in part.tree], part.op.place(ROW, CHUNK))):
        level = len(tree) - 1
        while level:
            for nodes in trees.layers(table.nodes(tree, level, place >> level), min(4, level))[:-1]:
                shown.update(nodes)
            level -= min(4, level)
    assert set(path) <= shown | set(trees.ZEROS)
    assert fault.openings[0] == Opening(part.salts[ROW].tobytes(), part.leaf(ROW, CHUNK), path)
    assert depth(TINY.ops) + part.op.depth == len(path)
