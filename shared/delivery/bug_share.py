"""Tells a bad release of ours from single bugs: by the share of the last records that met one."""

from collections import deque
from collections.abc import Iterable

from shared.delivery.ports import PermanentError

WINDOW_RECORDS = 200
SHARE_MAX = 0.5


class TooManyBugs(PermanentError):
    """So many of the last records met a bug in our rules that the release must be bad: the consumer stops."""

    def __init__(self, bugs: int, window_records: int, last: str) -> None:
        super().__init__(f"{bugs} of the last {window_records} records met a bug of ours, the last: {last}")


class BugShare:
    """Which of the last *window_records* records that reached a rule met a bug there.

    What is no event never reaches a rule, so nothing that outsiders write counts, however much of it there is.

    Args:
        window_records: How many records are looked back on.
        share_max: Of these, how many may have met a bug; more stop the consumer.
    """

    def __init__(self, window_records: int = WINDOW_RECORDS, share_max: float = SHARE_MAX) -> None:
        self.bugs_max = window_records * share_max
        self.recent: deque[bool] = deque(maxlen=window_records)

    def after(self, errors: Iterable[str | None]) -> deque[bool]:
        """Return the window after further records; each is the error that it met, or None.

        Raises:
            TooManyBugs: The share has been exceeded on the way.
        """
        recent, window_records = self.recent.copy(), self.recent.maxlen or 0
        bugs = sum(recent)
        for error in errors:
            bugs += (error is not None) - (recent[0] if len(recent) == window_records else 0)
            recent.append(error is not None)
            if error is not None and bugs > self.bugs_max:
                raise TooManyBugs(bugs, window_records, error)
        return recent
