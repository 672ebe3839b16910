"""What makes the demo fail."""


class NotAsTold(RuntimeError):
    """The story took another turn than it should; the message says what was expected and what happened."""
