"""Which dead letters wait for a document that is quarantined; never reads a topic."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from shared.delivery.ports import Record
from shared.topics import REPLAYS
from tindak.ops.dead_letters import DeadLetter


def by_document(records: Iterable[Record]) -> Mapping[str, list[DeadLetter]]:
    """Return the dead letters that wait, by document, in the order in which they first came.

    One that was replayed and did not come back waits no more. A replay says how often it had failed before, and a
    letter that comes back has failed once more: that tells them apart without comparing clocks.

    Args:
        records: The dead letters and replays of one service, in the order of their times.
    """
    letters: dict[str, DeadLetter] = {}
    replayed: dict[str, int] = defaultdict(int)
    for letter in map(DeadLetter, records):
        if letter.record.topic.endswith(REPLAYS):
            replayed[letter.id] = max(replayed[letter.id], letter.attempts)
        elif letter.id not in letters or letter.attempts >= letters[letter.id].attempts:
            letters[letter.id] = letter
    waiting: dict[str, list[DeadLetter]] = defaultdict(list)
    for letter in letters.values():
        if letter.document is not None and letter.attempts > replayed[letter.id]:
            waiting[letter.document].append(letter)
    return waiting
