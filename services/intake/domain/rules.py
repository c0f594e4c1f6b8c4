"""The policy of intake, as the rules take it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta, timezone

from services.intake.domain.non_reports import NonReportRules
from services.intake.domain.places import Bounds, Gazetteer
from services.intake.domain.sensitive.recognition import SensitiveRules
from services.intake.domain.wording import Phrases
from shared.identities.masker import Masker
from shared.text import folded_text
from shared.values import value

PARTNER = re.compile(r"[a-z0-9][a-z0-9_]*")


@value
class Limits:
    """From when on a report is not taken, or taken with a remark.

    Args:
        retention: A report that was sent longer ago than this is no longer taken.
        ahead: A time of sending further ahead of the arrival than this cannot be.
        skew: A time of sending further ahead than this is remarked on: the channel's clock is wrong.
        letters_min: A report with fewer different letters says nothing.
        description_words_min: A report with fewer words lacks a description.
        title_length_max: A title made from the body is cut to this many characters.
    """

    retention: timedelta
    ahead: timedelta
    skew: timedelta
    letters_min: int
    description_words_min: int
    title_length_max: int


@value
class Category:
    """A category as intake needs it; ``personal``: about the reporter's own papers, so that a place matters little."""

    code: str
    personal: bool = False


@dataclass(frozen=True)
class Rules:
    """Everything that intake's decisions depend on beside the report.

    Args:
        channels: Codes; one that ends in ``_`` stands for every code that goes on from it.
        agencies: Codes of all agencies.
        categories: By code, name and alias, each as `name_key` gives it.
        places: The city's.
        masker: Covers identities.
        bounds: Coordinates outside are no place of the city's; None: any are taken.
        insults: What is masked as an insult.
        emergencies: What may be an emergency.
        sensitive: Recognises what must not be spread, and who asks not to be named.
        non_reports: Recognises texts that are no reports.
        filler: Folded words of people who only try the form out.
        no_names: Folded words that stand where a name should and name nobody.
        zone: Where the city's calendar date is read.
    """

    channels: frozenset[str]
    agencies: frozenset[str]
    categories: Mapping[str, Category]
    places: Gazetteer
    masker: Masker
    limits: Limits
    bounds: Bounds | None = None
    insults: Phrases = field(default_factory=Phrases)
    emergencies: Phrases = field(default_factory=Phrases)
    sensitive: SensitiveRules = field(default_factory=SensitiveRules)
    non_reports: NonReportRules = field(default_factory=NonReportRules)
    filler: frozenset[str] = frozenset()
    no_names: frozenset[str] = frozenset()
    zone: timezone = timezone(timedelta(hours=7), "WIB")

    def registered(self, code: str) -> str | None:
        """Return the entry of the registry under which reports may come from a channel of this code, or None."""
        if code in self.channels:
            return None if code.endswith("_") else code
        for known in sorted(self.channels):
            if known.endswith("_") and code.startswith(known) and PARTNER.fullmatch(code.removeprefix(known)):
                return known
        return None

    def knows_channel(self, code: str) -> bool:
        """Return whether reports may come from a channel of this code."""
        return self.registered(code) is not None

    def category(self, given: str | None) -> Category | None:
        """Return the category that a channel means by a code or a LAPOR! name."""
        return self.categories.get(name_key(given)) if given else None


def name_key(name: str) -> str:
    """Return a code or name as it is compared: case, accents and surplus white space make no difference."""
    return folded_text(name)
