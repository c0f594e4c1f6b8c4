"""Whether the words of one report tell of several matters, each another agency's; never chooses between them."""

import re
from collections.abc import Iterable, Iterator
from itertools import combinations

from services.routing.domain.agency_choice.evidence import Evidence, Point, points_of
from services.routing.domain.agency_choice.rules import RoutingPolicy
from shared.events import PARTS_MAX, ComplaintAccepted, ProposedPart, Report
from shared.text import words_of

SENTENCE_END = re.compile(r"[.!?;\n]+")

Told = Report | ComplaintAccepted  # of which title, body and place are read
Matter = tuple[str, tuple[Point, ...]]


def parts(policy: RoutingPolicy, report: Told, evidence: Evidence) -> tuple[ProposedPart, ...]:
    """Return the agencies among which a report may be divided, with what speaks for each; none for one matter.

    They are several where two sentences speak strongly for two agencies, each by itself, or where agencies have too
    similar points to choose between and no word speaks for two of them. One phrase that speaks for two is one matter.
    """
    if sum(score >= policy.threshold for _, score in evidence.ranking) < 2:
        return ()
    found = _by_sentence(policy, report, evidence) or _by_score(policy, evidence)
    return tuple(
        ProposedPart(
            agency=agency, words=tuple(dict.fromkeys(point.words for point in points)), rules=_rules_of(points)
        )
        for agency, points in found[:PARTS_MAX]
    )


def _by_sentence(policy: RoutingPolicy, report: Told, evidence: Evidence) -> list[Matter]:
    # Twice what an agency needs: people mention others in passing, and one word must not hold a clear report up.
    enough = 2 * policy.threshold
    if sum(score >= enough for _, score in evidence.ranking) < 2:
        return []
    # What holds for a sentence alone may not hold once all is read: a later word can take it back.
    hold = {point.rule for point in evidence.points}
    strong: dict[str, tuple[Point, ...]] = {}
    for sentence in _sentences(report):
        said = Evidence(tuple(p for p in points_of(policy, (sentence,), report.location) if p.rule in hold))
        (agency, score), (_, next_score) = (*said.ranking, ("", 0), ("", 0))[:2]
        if score >= enough and score - next_score >= policy.margin:
            strong[agency] = strong.get(agency, ()) + said.of(agency)
    return _apart(list(strong.items()))


def _by_score(policy: RoutingPolicy, evidence: Evidence) -> list[Matter]:
    top = evidence.ranking[0][1]
    close = [agency for agency, score in evidence.ranking if top - score < policy.margin and score >= policy.threshold]
    return _apart([(agency, evidence.of(agency)) for agency in close])


def _apart(found: list[Matter]) -> list[Matter]:
    words = [_words_of(points) for _, points in found]
    if len(found) < 2 or any(one & other for one, other in combinations(words, 2)):
        return []
    return found


def _sentences(report: Told) -> Iterator[str]:
    yield report.title
    yield from SENTENCE_END.split(report.body)


def _words_of(points: Iterable[Point]) -> frozenset[str]:
    return frozenset(word for point in points for word in words_of(point.words))


def _rules_of(points: Iterable[Point]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(point.rule.id for point in points))
