import shutil
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.notify.domain.notices import Matters
from services.notify.domain.sending.addresses import AddressLimits
from services.notify.domain.sending.timing import QuietHours, Retries
from services.notify.policy import load_notices
from shared.events import SlaClock
from shared.policy.loading import PolicyInvalid
from tests.unit.notify.samples import POLICY_DIR

pytestmark = pytest.mark.unit

HEAD = """\
version: 1
languages: [id, en]
default_language: id
language_of_locale: {id: id, en: en}
zone: Asia/Jakarta
notices:
"""
ACCEPTED = """\
  - code: accepted
    on: tindak.complaint.accepted.v1
    to: [reporter]
    channels: [email]
"""
SENDING = """\
version: 1
quiet_hours: {start: "21:00", end: "06:00"}
wait_seconds: 60
attempts_max: 5
first_retry_seconds: 10
longest_retry_seconds: 100
stale_after_hours: 72
daily_max: 20
"""
Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A policy folder whose notices.yaml and sending.yaml a test may write."""
    for name in ("agencies.yaml", "calendars.yaml", "channels.yaml", "places.yaml"):
        shutil.copy(POLICY_DIR / name, tmp_path)
    (tmp_path / "notices").mkdir()
    for language in ("id", "en"):
        (tmp_path / "notices" / f"accepted.{language}.j2").write_text("{{ tracking_id }}\n\n{{ title }}\n")
        (tmp_path / "notices" / f"introduction.{language}.j2").write_text("{{ tracking_id }}\n\nSTOP\n")

    def write(notices: str = HEAD + ACCEPTED, sending: str = SENDING, **texts: str) -> Path:
        (tmp_path / "notices.yaml").write_text(notices)
        (tmp_path / "sending.yaml").write_text(sending)
        for name, text in texts.items():
            (tmp_path / "notices" / f"{name}.id.j2").write_text(text)
        return tmp_path

    return write


def faults(policy_dir: Path) -> list[str]:
    with pytest.raises(PolicyInvalid) as refused:
        load_notices(policy_dir)
    return [str(fault).removeprefix(f"{policy_dir}/") for fault in refused.value.faults]


def test_the_policy_of_the_city_is_sound() -> None:
    policy = load_notices(POLICY_DIR, lease_for=timedelta(minutes=2))

    assert policy.city == "Kota Tangerang Selatan"
    assert policy.rules.lease_for == timedelta(minutes=2)
    assert policy.rules.quiet_hours == QuietHours(time(21), time(6), ZoneInfo("Asia/Jakarta"))
    assert len({rule.code for rule in policy.rules.notices}) == len(policy.rules.notices) >= 30


def test_rules_are_read_as_they_are_written(folder: Folder) -> None:
    written = """\
  - code: routed
    on: tindak.ticket.routed.v1
    when: {agency: [dlh, dishub], hop: 1}
    unless: {priority: emergency}
    to: [liaison, liaison, mayor]
    template: accepted
    channels: [email, log, email]
    urgent: true
    starts: respond
  - code: waiting
    on: tindak.ticket.triage_requested.v1
    to: [reporter]
    template: accepted
    channels: [log]
    due: verify
"""

    routed, waiting = load_notices(folder(HEAD + written)).rules.notices

    assert (routed.to, routed.channels) == (("liaison", "mayor"), ("email", "log"))
    assert routed.when == {"agency": ("dlh", "dishub"), "hop": (1,)}
    assert routed.unless == {"priority": ("emergency",)}
    assert (routed.template, routed.urgent, routed.due, routed.starts) == ("accepted", True, SlaClock.RESPOND, True)
    assert (waiting.urgent, waiting.due, waiting.starts) == (False, SlaClock.VERIFY, False)


def test_sending_settings_are_read_with_their_units(folder: Folder) -> None:
    rules = load_notices(folder(sending=SENDING.replace('quiet_hours: {start: "21:00", end: "06:00"}\n', ""))).rules

    assert rules.retries == Retries(5, timedelta(seconds=10), timedelta(seconds=100))
    assert (rules.wait_for, rules.stale_for) == (timedelta(minutes=1), timedelta(hours=72))
    assert (rules.daily_max, rules.quiet_hours) == (20, None)


@pytest.mark.parametrize(
    ("was", "now", "fault"),
    [
        ("Asia/Jakarta", "Asia/Serpong", "5: `Asia/Serpong` is no time zone of the tz database, such as Asia/Jakarta"),
        ("Asia/Jakarta", "../Jakarta", "5: `../Jakarta` is no time zone of the tz database, such as Asia/Jakarta"),
        ("[id, en]\n", "[en]\n", "3: language `id` is not in `languages`"),
        ("[reporter]", "[reporter, major]", "9: role `major` is not in agencies.yaml; did you mean `mayor`?"),
        (
            "accepted.v1",
            "acepted.v1",
            "8: event `tindak.complaint.acepted.v1` is not in the events that notify hears;"
            " did you mean `tindak.complaint.accepted.v1`?",
        ),
        (
            "    to:",
            "    when: {chanel: web}\n    to:",
            "9: field `chanel` is not in tindak.complaint.accepted.v1; did you mean `channel`?",
        ),
        (
            "    to:",
            "    unless: {anonymous: perhaps}\n    to:",
            "9: `anonymous` of tindak.complaint.accepted.v1 is never `perhaps`",
        ),
        (
            "    to:",
            "    due: verify\n    starts: respond\n    to:",
            "9: `due` and `starts` exclude each other: one notice tells one due time",
        ),
        ("    to:", "    template: thanks\n    to:", "7: the text notices/thanks.id.j2 is missing"),
        (
            "[email]",
            "[fax]",
            "10: item 1 of `channels` must be 'webhook', 'email', 'sms', 'whatsapp', 'telegram' or 'log', not `fax`",
        ),
    ],
)
def test_a_fault_names_its_line(folder: Folder, was: str, now: str, fault: str) -> None:
    assert f"notices.yaml:{fault}" in faults(folder((HEAD + ACCEPTED).replace(was, now)))


PROGRESS = """\
  - code: progressed
    on: tindak.ticket.progressed.v1
    to: [reporter]
    template: accepted
    channels: [email]
    matters: note
    supersedes: [progressed]
"""


def test_what_a_notice_stands_for_is_read(folder: Folder) -> None:
    once = "    supersedes: [progressed, progressed]\n    matters: act\n    once_per_cluster: received\n"

    accepted, progressed = load_notices(folder(HEAD + ACCEPTED + once + PROGRESS)).rules.notices

    assert (accepted.supersedes, accepted.matters, accepted.once_per_cluster) == (
        ("progressed",), Matters.ACT, "received",
    )  # fmt: skip
    assert (progressed.supersedes, progressed.matters, progressed.once_per_cluster) == (
        ("progressed",), Matters.NOTE, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("was", "now", "fault"),
    [
        (
            "[progressed]", "[progresed]",
            "17: notice `progresed` is not in `notices`; did you mean `progressed`?",
        ),
        ("[progressed]", "[accepted]", "17: `accepted` matters more than `progressed`: news, not note"),
        (
            "    to: [reporter]\n    template", "    to: [liaison]\n    supersedes: [accepted]\n    template",
            "14: `accepted` goes to others than `progressed`, and nobody would be told instead",
        ),
        (
            "    channels: [email]\n  -", "    channels: [email]\n    urgent: true\n    once_per_cluster: all\n  -",
            "12: what is urgent is told of each ticket: leave one of the two out",
        ),
        ("matters: note", "matters: much", "16: `matters` must be 'note', 'news' or 'act', not `much`"),
    ],
)  # fmt: skip
def test_a_notice_that_cannot_stand_for_another_names_its_line(folder: Folder, was: str, now: str, fault: str) -> None:
    written = HEAD + ACCEPTED + PROGRESS
    if "supersedes: [accepted]" in now:
        written = written.replace("    supersedes: [progressed]\n", "")

    assert f"notices.yaml:{fault}" in faults(folder(written.replace(was, now)))


def test_an_urgent_notice_is_never_superseded(folder: Folder) -> None:
    written = HEAD + ACCEPTED + "    urgent: true\n    matters: note\n" + PROGRESS.replace("[progressed]", "[accepted]")

    assert faults(folder(written)) == ["notices.yaml:19: `accepted` is urgent and never superseded"]


def test_without_a_window_nothing_is_gathered(folder: Folder) -> None:
    assert load_notices(folder()).rules.window_for == timedelta()
    assert load_notices(folder(sending=SENDING + "window_seconds: 300\n")).rules.window_for == timedelta(minutes=5)


def test_the_limits_of_an_address_are_read_with_their_units(folder: Folder) -> None:
    limits = "addresses: {hourly_max: 1, daily_max: 2, remembered_days: 3, cluster_days: 4}\n"
    held = load_notices(folder(sending=SENDING + limits))

    assert held.addresses == AddressLimits(1, 2, timedelta(days=3), timedelta(days=4))
    assert load_notices(folder()).addresses == AddressLimits()


def test_a_text_for_unverified_addresses_must_be_there(folder: Folder) -> None:
    (folder() / "notices" / "introduction.en.j2").unlink()

    assert faults(folder()) == ["notices.yaml:2: the text notices/introduction.en.j2 is missing"]


def test_a_code_may_be_given_only_once(folder: Folder) -> None:
    assert faults(folder(HEAD + ACCEPTED + ACCEPTED)) == ["notices.yaml:11: `accepted` is given twice, first on line 7"]


def test_quiet_hours_that_never_end_are_refused(folder: Folder) -> None:
    endless = SENDING.replace("06:00", "21:00")

    assert faults(folder(sending=endless)) == [
        "sending.yaml:2: `quiet_hours`: quiet hours end when they start; leave them out to have none"
    ]


def test_a_faulty_template_names_its_line(folder: Folder) -> None:
    assert faults(folder(accepted="{{ tracking_id }}\n\n{{ titel }}\n")) == [
        "notices/accepted.id.j2:3: `titel` is nothing that a template is given; did you mean `title`?"
    ]


def test_a_template_that_is_no_text_is_refused(folder: Folder) -> None:
    policy_dir = folder()
    (policy_dir / "notices" / "accepted.en.j2").write_bytes(b"\xff\xfe")

    assert faults(policy_dir) == ["notices/accepted.en.j2:1: the file cannot be read as UTF-8 text"]
