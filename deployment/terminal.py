"""What a person sees while a command runs. Everything goes to stderr; stdout is for results."""

import click

from deployment.progress import Step


class Reporter:
    """One line a step: what, where, gas."""

    def __init__(self, steps: int, quiet: bool = False) -> None:
        self._steps = steps
        self._done = 0
        self._quiet = quiet

    def say(self, text: str) -> None:
        """A sentence."""
        if not self._quiet:
            click.echo(text, err=True)

    def step(self, name: str, step: Step, again: bool = False) -> None:
        """A step is done; `again` if an earlier run had done it."""
        self._done += 1
        where = step.address or step.transaction
        cost = "done before" if again else f"{step.gas:,} gas"
        self._line(name, where, cost)

    def skip(self, name: str) -> None:
        """A step that the chain shows to be done."""
        self._done += 1
        self._line(name, "", "in place already")

    def _line(self, name: str, where: str, cost: str) -> None:
        count = click.style(f"[{self._done:>2}/{self._steps}]", dim=True)
        self.say(f"{count} {name:<32} {where:<42.42} {cost:>15}")
