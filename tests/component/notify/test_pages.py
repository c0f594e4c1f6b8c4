"""Who follows a link sees where the ticket stands and nothing more, whatever it is and whoever asks."""

import re
from datetime import timedelta
from typing import Any

import pytest

from shared import topics
from shared.delivery.ports import TransientError
from shared.events import (
    ContactErased,
    EventData,
    SlaClock,
    TicketArchived,
    TicketClosed,
    TicketHeld,
    TicketReopened,
    TicketSplit,
    TicketWithdrawn,
    TriageRequested,
)
from shared.ids import part_id
from shared.signed_links import LinkTarget, ticket_token
from shared.values import replace
from tests.builders import TICKET, TRACKING, accepted, event, ticket_id
from tests.component.notify.web import ANSWERED, FEEDBACK, KEYS, ROUTED, Site, link, site
from tests.fakes.handler_harness import NOON
from tests.unit.notify.samples import EMAIL, NAME, PHONE, POLICY, said, started

pytestmark = pytest.mark.component

WHO_REPORTED = (NAME, EMAIL, PHONE, "Jalan berlubang")


async def shown(*said: EventData, **headers: str) -> str:
    answer = await (await site(*said)).get(link(), **headers)
    assert answer.status_code == 200
    return answer.text


async def test_an_answered_ticket_shows_all_that_its_reporter_needs_and_no_identity() -> None:
    text = await shown(ROUTED, ANSWERED, FEEDBACK)

    for part in (TRACKING, "sudah dijawab", "Dinas Perhubungan", "Lubang sudah ditambal.", "Kamis, 5 Maret 2026"):
        assert part in text
    assert not [who for who in WHO_REPORTED if who in text]


async def test_the_question_of_the_agency_is_shown_with_the_time_to_answer_it() -> None:
    text = await shown(ROUTED, said(TicketHeld, state="held", version=3), started(SlaClock.COMPLETE))

    assert "menunggu keterangan Anda" in text
    assert "Di depan toko yang mana?" in text
    assert "Tanggapan Anda paling lambat" in text


@pytest.mark.parametrize(
    ("last", "words", "offered"),
    [
        (said(TriageRequested, state="in_triage", version=3), "sedang ditelaah petugas", {"reply"}),
        (ROUTED, "sedang ditangani instansi", {"reply"}),
        (ANSWERED, "sudah dijawab", {"confirm", "dispute", "reply"}),
        (said(TicketReopened, state="reopened", version=3), "dibuka kembali", {"reply"}),
        (said(TicketClosed, state="closed", version=3), "sesuai konfirmasi Anda", set()),
        (said(TicketClosed, state="closed", version=3, by="system"), "ditutup oleh sistem", {"dispute"}),
        (said(TicketClosed, state="closed", version=3, by="officer"), "selesai", set()),
        (said(TicketArchived, state="archived", version=3), "diarsipkan", set()),
        (said(TicketWithdrawn, state="withdrawn", version=3), "ditarik kembali", set()),
        (said(TicketSplit, state="split", version=3), "setiap bagian mempunyai tautannya sendiri", set()),
    ],
)
async def test_what_is_offered_follows_from_where_it_stands(last: EventData, words: str, offered: set[str]) -> None:
    text = await shown(ROUTED, last)

    assert words in text
    assert set(re.findall(r'name="action" value="(\w+)"', text)) == offered | {"stop", "stop_all"}
    assert ("sekarang tidak dapat ditanggapi" in text) is (not offered)


async def test_a_link_to_a_part_shows_that_part() -> None:
    one = {"ticket_id": part_id(TICKET, 1), "parent": TICKET, "part": 1}
    asked = await site(ROUTED, ANSWERED.model_copy(update=one))

    text = (await asked.get(link(part=1))).text

    assert f"{TRACKING}/1" in text
    assert "Lubang sudah ditambal." in text
    assert (await asked.get(link(part=2))).status_code == 404


@pytest.mark.parametrize("changes", [{"flags": ("sensitive_violence",)}, {"confidential": True}])
async def test_of_a_report_that_is_nobodys_to_read_only_where_it_stands_is_shown(changes: dict[str, Any]) -> None:
    asked = Site()
    asked.harness.publish(topics.ACCEPTED, event(accepted(**changes)))
    asked.harness.publish(topics.TICKETS, event(ROUTED))
    asked.harness.publish(topics.TICKETS, event(ANSWERED))
    asked.harness.publish(topics.SLA, event(FEEDBACK))
    await asked.harness.work()

    text = (await asked.get(link())).text

    assert "sudah dijawab" in text
    assert not [part for part in ("Dinas Perhubungan", "ditambal", "5 Maret", *WHO_REPORTED) if part in text]
    assert ("<form" in text) is ("confidential" in changes)


async def test_what_people_wrote_is_text_and_never_markup() -> None:
    evil = "<script>alert(1)</script> <img src=x onerror=alert(1)> {{ 7*7 }}"

    text = await shown(ROUTED, ANSWERED.model_copy(update={"answer": evil}))

    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "{{ 7*7 }}" in text


@pytest.mark.parametrize(
    ("query", "accepted_languages", "language"),
    [
        ("", "", "id"),
        ("", "en-US,en;q=0.9,id;q=0.8", "en"),
        ("", "id-ID,id;q=0.9,en;q=0.8", "id"),
        ("", "jv,en;q=0.5", "en"),
        ("", "fr;q=x, nl", "id"),
        ("?lang=en", "id", "en"),
        ("?lang=id", "en", "id"),
        ("?lang=fr", "en", "en"),
    ],
)
async def test_the_language_is_asked_for_or_the_browsers_or_indonesian(
    query: str, accepted_languages: str, language: str
) -> None:
    asked = await site(ROUTED)

    text = (await asked.get(link() + query, **{"accept-language": accepted_languages})).text

    assert f'<html lang="{language}">' in text
    assert ("being dealt with by the agency" in text) is (language == "en")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/t/abc", 404, "Tautan tidak dikenal"),
        (link()[:-1] + "B", 404, "Tautan tidak dikenal"),
        (link(ticket=ticket_id("web", "another")), 404, "Tautan tidak dikenal"),
        (link(valid_for=timedelta(0)), 410, "Tautan sudah tidak berlaku"),
    ],
    ids=["no link", "forged", "of no ticket", "expired"],
)
async def test_a_link_that_opens_nothing_leads_to_a_clear_page(path: str, status: int, words: str) -> None:
    asked = await site(ROUTED)

    found = [await asked.get(path), await asked.post(path, action="reply", text="Halo", form="x")]

    assert [(answer.status_code, words in answer.text) for answer in found] == [(status, True)] * 2
    assert "Unknown link" in (await asked.get("/t/abc?lang=en")).text
    assert asked.said == []


async def test_the_link_of_an_erased_reporter_is_over() -> None:
    asked = await site(ROUTED, ANSWERED)
    asked.harness.publish(topics.CONTACTS, event(ContactErased(ticket_id=TICKET)))
    await asked.harness.work()

    assert (await asked.get(link())).status_code == 410


async def test_a_get_changes_nothing_and_says_nothing() -> None:
    asked = await site(ROUTED, ANSWERED)
    before = dict(asked.harness.store.documents)

    for _ in range(3):
        await asked.get(link())
        await asked.get(f"{link()}?action=confirm&rating=5&form={await asked.form(link())}")

    assert asked.harness.store.documents == before
    assert asked.said == []


async def test_each_answer_forbids_the_browser_all_that_the_page_does_not_need() -> None:
    asked = await site(ROUTED)

    for path in (link(), "/t/abc", "/elsewhere"):
        headers = (await asked.get(path)).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert {"form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy.split("; "))
        assert (headers["referrer-policy"], headers["cache-control"]) == ("no-referrer", "no-store")
        assert headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in headers


async def test_other_methods_are_refused() -> None:
    asked = await site(ROUTED)
    async with asked.browser() as asking:
        found = {method: (await asking.request(method, link())).status_code for method in ("PUT", "DELETE", "PATCH")}

    assert found == dict.fromkeys(found, 405)


async def test_who_asks_too_often_waits_and_nobody_else() -> None:
    asked = await site(ROUTED)
    async with asked.browser("203.0.113.7") as one, asked.browser("198.51.100.4") as other:
        found = [(await one.get("/t/abc")).status_code for _ in range(61)]
        limited = await one.get(link())

        assert found == [404] * 60 + [429]
        assert (limited.status_code, limited.headers["retry-after"]) == (429, "60")
        assert (await other.get(link())).status_code == 200
        asked.harness.pass_time(timedelta(minutes=1))
        assert (await one.get(link())).status_code == 200


async def test_a_link_that_is_followed_too_often_rests_wherever_that_comes_from() -> None:
    asked = await site(ROUTED)
    found = []
    for number in range(21):
        async with asked.browser(f"203.0.113.{number}") as asking:
            found.append((await asking.get(link())).status_code)

    assert found == [200] * 20 + [429]


async def test_a_database_out_of_reach_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = await site(ROUTED)
    monkeypatch.setattr(asked.harness.store, "load", out_of_reach)

    answer = await asked.get(link())

    assert (answer.status_code, "Sedang ada gangguan" in answer.text) == (503, True)


async def test_a_service_that_is_stopping_shows_and_takes_nothing() -> None:
    asked = await site(ROUTED)
    asked.pages.vitals.stopping = True

    assert [(await asked.get(link())).status_code, (await asked.post(link(), action="reply")).status_code] == [503, 503]


async def out_of_reach(_: object) -> None:
    raise TransientError("away")


@pytest.mark.expects_errors
async def test_a_bug_costs_one_page_and_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = await site(ROUTED)
    monkeypatch.setattr(asked.pages.links, "admit", lambda *_: 1 / 0)

    answer = await asked.get(link())

    assert answer.status_code == 503
    assert "division" not in answer.text


async def test_without_words_there_is_no_page() -> None:
    asked = await site(ROUTED, policy=replace(POLICY, pages=None))

    assert (await asked.get(link())).status_code == 503


async def test_links_under_a_former_key_still_open() -> None:
    asked = await site(ROUTED)
    asked.pages.keys = replace(KEYS, keys={"b": b"n" * 32, **KEYS.keys})
    newer = ticket_token(asked.pages.keys, LinkTarget(TICKET), NOON + timedelta(days=1))

    assert newer.startswith("b")
    assert [(await asked.get(path)).status_code for path in (link(), f"/t/{newer}")] == [200, 200]
