"""What can go wrong, in sentences for the person at the terminal."""


class DeploymentError(Exception):
    """The command can't go on; the message says why and what to do."""

    exit_code = 1


class NothingToDo(DeploymentError):
    """What was asked for is so already."""

    exit_code = 3
