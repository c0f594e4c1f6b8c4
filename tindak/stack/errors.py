"""What the local stack says when it cannot do what was asked."""

from tindak.console import Failure


class StackError(Failure):
    """One sentence for people: what is wrong and what is needed."""
