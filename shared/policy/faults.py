"""What can be wrong with a policy file; imports nothing, so that whoever only catches it waits for no library."""

from collections.abc import Iterable

from shared.values import value


@value
class PolicyFault:
    """One thing wrong in one place; ``line`` counts from 1."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.sentence}"


class PolicyInvalid(Exception):
    """The policy cannot be used; ``faults`` says everything that is wrong, its text one fault per line."""

    def __init__(self, faults: Iterable[PolicyFault]) -> None:
        self.faults = tuple(sorted(set(faults), key=lambda fault: (fault.file, fault.line, fault.sentence)))
        super().__init__("\n".join(map(str, self.faults)))
