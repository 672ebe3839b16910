"""What others publish about their disputes. We found no figure of the gas of a whole one, so what is compared is how
often the parties have to move, and what is recomputed in the end.
"""

from typing import NamedTuple


class Dispute(NamedTuple):
    """As the source has it."""

    name: str
    about: str
    moves: str
    last_step: str
    source: str


PUBLISHED = (
    Dispute(
        "Verde",
        "training or inference of a neural network",
        "two phases of several rounds: the training step, then the operator",
        "one operator of the graph, by a referee off chain",
        "https://arxiv.org/abs/2502.19405",
    ),
    Dispute(
        "opML",
        "inference, compiled for a virtual machine",
        "a bisection of all instructions, in one phase or several",
        "one instruction of the virtual machine",
        "https://ethresear.ch/t/opml-optimistic-machine-learning-on-blockchain/16234",
    ),
    Dispute(
        "Cartesi Dave",
        "any computation",
        "a tournament of bisections; 2 to 5 challenge periods",
        "one state transition",
        "https://arxiv.org/abs/2411.05463",
    ),
    Dispute(
        "Arbitrum BoLD",
        "blocks of a rollup",
        "bisections of all rivals; within a challenge period of 6.4 days and a small delta",
        "one instruction, by a one-step proof",
        "https://docs.arbitrum.io/how-arbitrum-works/bold/bold-technical-deep-dive",
    ),
)
