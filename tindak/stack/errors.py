"""What the local stack says when it cannot do what was asked."""


class StackError(Exception):
    """One sentence for people: what is wrong and what is needed."""
