"""Why a service does not start."""


class CannotStart(RuntimeError):
    """It cannot start as things are; the message is one sentence that says why and what to do."""


class SettingsError(CannotStart):
    """The settings are wrong. `problems` lists all that were found."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class JournalUnusable(CannotStart):
    """The journal file cannot be used."""


class KeyUnusable(CannotStart):
    """There is no usable key. Never tells what was found."""
