"""What ``tindak notify`` and ``tindak watch deliveries`` say of a delivery."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.notify.delivery_rows import DeliveryRow
from services.notify.domain.deliveries import Due, Settled
from services.notify.domain.digests.schedule import Digests
from shared import events as e
from shared.values import replace
from tests.builders import NOON, TICKET, TRACKING
from tests.unit.notify.samples import delivery
from tindak.cli import main
from tindak.console import Misuse
from tindak.notify import collection
from tindak.notify.collection import ago
from tindak.notify.repairs import is_open, resendable
from tindak.notify.rows import (
    WHY,
    as_json,
    colour_of,
    digest_lines,
    digests_as_json,
    fact_sentence,
    line,
    sentence,
    told_in,
)

pytestmark = pytest.mark.unit

HOUR = timedelta(hours=1)
NOWHERE = "127.0.0.1:1"
TRIAGE = e.Author(role="officer", code="triage")


def row(situation: str = "failed", **changes: Any) -> DeliveryRow:
    plain: dict[str, Any] = {
        "ticket_id": TICKET, "tracking_id": TRACKING, "delivery_id": "d1", "notice": "answered", "role": "reporter",
        "agency": "dishub", "channel": "email", "planned_at": NOON,
    }  # fmt: skip
    return DeliveryRow(**(plain | {"situation": situation} | changes))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (row(attempts=24, why="smtp_550", can_be_sent=True), "FAILED after 24 attempts: smtp_550; can be sent yet"),
        (row("suppressed", why="no_channel"), f"not sent: {WHY['no_channel']} (no_channel)"),
        (row("sent", at=NOON, attempts=1), "sent at 2 Mar 2026 12:00:00 WIB"),
        (row("sent", at=NOON, attempts=2), "sent at 2 Mar 2026 12:00:00 WIB after 2 attempts"),
        (row("due", attempts=0, next_at=NOON + HOUR), "goes out at 2 Mar 2026 13:00:00 WIB"),
        (
            row("due", attempts=1, next_at=NOON + HOUR),
            "goes out at 2 Mar 2026 13:00:00 WIB, failed after 1 attempt so far",
        ),
        (row("waiting", why="contact", next_at=NOON), "waits for its contact until 2 Mar 2026 12:00:00 WIB"),
        (
            row("sending", attempts=3, next_at=NOON),
            "is being sent, attempt 3; tried again if nothing is heard by 2 Mar 2026 12:00:00 WIB",
        ),
        (
            row("sent", at=NOON, repeats="d0", requested_by="triage"),
            "sent at 2 Mar 2026 12:00:00 WIB; asked for by officer triage; in place of d0",
        ),
    ],
)
def test_what_became_of_a_delivery_is_a_sentence(told: DeliveryRow, said: str) -> None:
    assert sentence(told) == f"`answered` to the reporter by email: {said}"


def test_whose_liaison_it_is_is_said() -> None:
    assert sentence(row(role="liaison", why="smtp_550")).startswith("`answered` to the liaison of dishub by email")


def test_a_line_says_of_which_ticket_and_how_long_ago() -> None:
    told = line(row(at=NOON, attempts=1, why="smtp_550"), NOON + 2 * HOUR)

    assert told == (
        f"2 Mar 2026 12:00:00 WIB  {TRACKING}  `answered` to the reporter by email: FAILED after 1 attempt: smtp_550"
        "  [2 h ago, d1]"
    )


def test_scripts_get_instants_as_text() -> None:
    told = as_json(row(at=NOON, next_at=None))

    assert (told["planned_at"], told["at"], told["next_at"]) == (NOON.isoformat(), NOON.isoformat(), None)


FACT: dict[str, Any] = {
    "ticket_id": TICKET, "tracking_id": TRACKING, "delivery_id": "d1", "notice": "answered", "agency": "dishub",
    "recipient_role": "reporter", "channel": "email",
}  # fmt: skip


@pytest.mark.parametrize(
    ("fact", "said", "colour"),
    [
        (e.NotificationSent(**FACT, attempt=1), "sent", "green"),
        (
            e.NotificationSent(**FACT, attempt=3, requested_by=TRIAGE),
            "sent after 3 attempts; asked for by officer triage",
            "green",
        ),
        (e.NotificationFailed(**FACT, attempt=24, error="smtp_550"), "FAILED after 24 attempts: smtp_550", "red"),
        (
            e.NotificationSuppressed(**FACT, attempt=0, why="by_officer", requested_by=TRIAGE),
            "not sent: an officer held it back (by_officer); asked for by officer triage",
            "yellow",
        ),
    ],
)
def test_each_fact_about_a_delivery_is_a_line_in_words(fact: e.DeliveryFact, said: str, colour: str) -> None:
    assert fact_sentence(fact) == f"`answered` to the reporter by email: {said}"
    assert colour_of(fact) == colour


@pytest.mark.parametrize(("typed", "back"), [("30m", HOUR / 2), ("24h", 24 * HOUR), ("7d", 7 * 24 * HOUR)])
def test_a_span_counts_back_from_now(typed: str, back: timedelta) -> None:
    assert ago(typed, NOON) == NOON - back


@pytest.mark.parametrize("typed", ["", "24", "h", "-1h", "1w", "24h ago", "99999d"])
def test_what_is_no_span_is_refused(typed: str) -> None:
    with pytest.raises(Misuse):
        ago(typed, NOON)


def test_only_what_was_asked_for_is_sent_once_more() -> None:
    rows = [row(can_be_sent=True), row("sent"), row("failed"), row("suppressed"), row("due")]

    assert [resendable(False)(each) for each in rows] == [True, False, False, False, False]
    assert [resendable(True)(each) for each in rows] == [True, True, True, False, False]
    assert [is_open(each) for each in rows] == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            "watch triage --failed",
            "tindak: --failed goes with deliveries, not with triage. `tindak watch --help` shows how.",
        ),
        (
            "notify list --failed --waiting",
            "tindak: Say which: --failed, --waiting or --suppressed, one of them."
            " `tindak notify list --help` shows how.",
        ),
        (
            "notify list --failed --since yesterday",
            "tindak: --since is not valid: `yesterday`; say 30m, 24h or 7d. `tindak notify list --help` shows how.",
        ),
        (
            "notify resend",
            "tindak: Say what: a TICKET, or --failed for those of all tickets."
            " `tindak notify resend --help` shows how.",
        ),
        (
            "notify resend K7QF-9D2MX-4Q --again",
            "tindak: --again goes with --notice or --delivery: nobody gets all messages of a ticket twice."
            " `tindak notify resend --help` shows how.",
        ),
        (
            "notify resend --failed --notice answered",
            "tindak: --failed goes with --agency, --since and --limit, and with none of the options for one ticket."
            " `tindak notify resend --help` shows how.",
        ),
        (
            "notify resend --failed --as triag",
            "tindak: officer `triag` is not in officers.yaml; did you mean `triage`?"
            " `tindak notify resend --help` shows how.",
        ),
    ],
)
def test_wrong_usage_is_one_line_that_says_what_is_meant(
    typed: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PROFILE": "local", "KAFKA_BOOTSTRAP_SERVERS": NOWHERE, "POLICY_DIR": "policy"}.items():
        monkeypatch.setenv(f"TINDAK_{name}", value)

    code = main(typed.split())

    assert (code, capsys.readouterr()) == (2, ("", f"{said}\n"))


def digest(outcome: Any, at: datetime, why: str | None = None) -> Settled:
    return Settled(f"d-{outcome}", "digest", "liaison", "dishub", at, outcome, at + HOUR, "email", why)


KEPT = Digests(
    "dishub",
    "liaison",
    NOON,
    NOON,
    over=(digest("failed", NOON, "smtp_550"), digest("sent", NOON + HOUR)),
    is_last=True,
)


def test_of_a_gathered_notice_it_is_said_which_digest_told_of_it() -> None:
    gathered = row("suppressed", why="digest", role="liaison", at=NOON)

    assert told_in(gathered, [KEPT]) == "; told in the digest of 2 Mar 2026 14:00:00 WIB"
    assert told_in(replace(gathered, at=NOON + 9 * HOUR), [KEPT]) == "; not told yet"
    assert told_in(gathered, []) == "; not told yet"
    assert told_in(replace(gathered, why="no_channel"), [KEPT]) == ""


def test_what_became_of_digests_is_a_line_each() -> None:
    assert list(digest_lines(KEPT)) == [
        "2 Mar 2026 12:00:00 WIB  to the liaison of dishub: FAILED at 2 Mar 2026 13:00:00 WIB: smtp_550  [d-failed]",
        "2 Mar 2026 13:00:00 WIB  to the liaison of dishub: sent at 2 Mar 2026 14:00:00 WIB  [d-sent]",
        "to the liaison of dishub: none any more, since agencies.yaml does not say so",
    ]


def test_a_digest_on_its_way_says_when_it_is_tried_next() -> None:
    on_its_way = replace(KEPT, over=(), is_last=False, current=delivery(Due(NOON + HOUR, 2), id="d1"))

    assert list(digest_lines(on_its_way)) == [
        "2 Mar 2026 12:00:00 WIB  to the liaison of dishub: tried next at 2 Mar 2026 13:00:00 WIB  [d1]"
    ]
    assert digests_as_json(on_its_way)["next_at"] == (NOON + HOUR).isoformat()
    assert [each["outcome"] for each in digests_as_json(KEPT)["digests"]] == ["failed", "sent"]


def test_of_who_has_chosen_only_just_it_is_said_that_none_was_due() -> None:
    assert list(digest_lines(replace(KEPT, over=(), is_last=False))) == [
        "2 Mar 2026 12:00:00 WIB  to the liaison of dishub: chosen, and none has been due since"
    ]


def test_digests_are_listed_post_by_post(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    async def kept(_: Any, posts: Any) -> list[Digests]:
        asked.extend(posts)
        return [KEPT] if len(posts) == 2 else []

    monkeypatch.setattr(collection, "find_digests", kept)
    monkeypatch.setenv("TINDAK_PROFILE", "local")
    monkeypatch.setenv("TINDAK_POLICY_DIR", "policy")

    code = main(["notify", "digests", "--agency", "dishub"])
    lines = capsys.readouterr().out.splitlines()
    main(["notify", "digests"])

    assert (code, lines) == (0, list(digest_lines(KEPT)))
    assert asked[:2] == [("dishub", "agency_head"), ("dishub", "liaison")]
    assert capsys.readouterr().out == "Nobody has chosen digests (`digest` in agencies.yaml).\n"
