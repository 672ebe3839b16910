"""What can keep the local stack from running, in sentences for the person at the terminal.

StackError
├── PortInUse        somebody else listens there
├── HomeInUse        another stack has the folder
├── DiskFull         too little space for the stack's files
└── ServiceFailed    a service did not start, or ended
"""


class StackError(Exception):
    """The stack can't run; the message says why and what to do."""


class PortInUse(StackError):
    """Another program listens on a port that a service needs."""


class HomeInUse(StackError):
    """Another stack runs in the same folder."""


class DiskFull(StackError):
    """There is not enough disk space."""


class ServiceFailed(StackError):
    """A service did not start in time, or ended by itself."""
