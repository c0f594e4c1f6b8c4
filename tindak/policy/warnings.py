"""What a sound policy says that cannot be meant; the services work with it all the same."""

from collections.abc import Iterator
from pathlib import Path

from services.routing.tooling import (
    CATEGORIES_FILE,
    DISTRICT_OFFICE,
    NATIONAL_ADMIN,
    ROUTING_FILE,
    RoutingFile,
    RoutingPolicy,
)
from services.sla.tooling import CALENDARS_FILE, HOLIDAY_YEARS, CalendarFile
from shared.policy.agencies import FILE as AGENCIES_FILE
from shared.policy.agencies import AgencyDirectory
from shared.policy.loading import PolicyFault, load_sourced, read
from shared.text import words_of


def warnings_of(policy_dir: Path, directory: AgencyDirectory, routing: RoutingPolicy) -> Iterator[PolicyFault]:
    """Yield each warning about the policy below *policy_dir*, which is free of faults."""
    yield from _agencies_without_reports(policy_dir, directory, routing)
    yield from _cancelled_phrases(policy_dir, routing)
    yield from _removed_working_days(policy_dir)


def _agencies_without_reports(
    policy_dir: Path, directory: AgencyDirectory, routing: RoutingPolicy
) -> Iterator[PolicyFault]:
    held = load_sourced(policy_dir / ROUTING_FILE, RoutingFile)[0]
    reached = {rule.agency for rule in held.rules} | {category.agency for category in routing.categories.values()}
    if held.outside:
        reached.add(NATIONAL_ADMIN)
    if DISTRICT_OFFICE in reached:
        reached |= {agency.code for agency in directory.agencies if agency.kecamatan}
    source = read(policy_dir / AGENCIES_FILE)
    for index, agency in enumerate(directory.agencies):
        if agency.code not in reached:
            sentence = f"no rule of {ROUTING_FILE} and no category of {CATEGORIES_FILE} routes to `{agency.code}`"
            yield source.fault(("agencies", index, "code"), sentence)


def _cancelled_phrases(policy_dir: Path, routing: RoutingPolicy) -> Iterator[PolicyFault]:
    """Yield the phrases that never count, because the rule does not hold wherever they occur.

    Those of `at` are left out: in the reporter's words about the place they count in spite of `none`.
    """
    held, source = load_sourced(policy_dir / ROUTING_FILE, RoutingFile)
    book = routing.rulebook.book
    for loc, rule in held.each():
        exceptions = {book.usual(words_of(text)): text for text in rule.none}
        for place, phrase in rule.phrases:
            if place[0] in ("any", "all"):
                for cancelling in sorted(book.found_in(phrase) & exceptions.keys()):
                    sentence = f"`{phrase}` never counts for `{rule.id}`: its exception `{exceptions[cancelling]}`"
                    yield source.fault((*loc, *place), f"{sentence} occurs wherever it does")


def _removed_working_days(policy_dir: Path) -> Iterator[PolicyFault]:
    held, source = load_sourced(policy_dir / CALENDARS_FILE, CalendarFile)
    for index, calendar in enumerate(held.calendars):
        holidays = calendar.holidays.dates(HOLIDAY_YEARS) if calendar.holidays else frozenset()
        for number, day in enumerate(calendar.removed):
            if day.date not in holidays:
                sentence = f"{day.date} is no holiday of `{calendar.code}` that could be removed"
                yield source.fault(("calendars", index, "removed", number), sentence)
