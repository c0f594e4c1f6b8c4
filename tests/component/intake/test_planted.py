import json
from typing import Any

import pytest

from tests.component.intake.harness import ENVELOPE, SUBMITTED, ServiceHarness
from tests.fakes.planted import PLANTED, TELEPHONE, found_in, planted_records

pytestmark = pytest.mark.component

FULL: dict[str, Any] = {
    **ENVELOPE,
    "data": {
        **ENVELOPE["data"],
        "title": "Lampu mati", "classification": "complaint", "category": "ktp", "occurred_on": "2026-03-01",
        "location": {"text": "Rempoa"}, "target_agency": "dlh", "attachments": [], "anonymous": False,
        "confidential": False, "follow_up_of": "K7QF-9D2MX-4Q", "reporter": {"name": "Siti Aminah"},
    },
}  # fmt: skip


@pytest.mark.parametrize("what", PLANTED.values(), ids=PLANTED)
async def test_an_identity_in_any_place_of_a_submission_is_found_on_no_topic(what: str) -> None:
    found = {}
    for place, (key, value, headers) in planted_records(FULL, what):
        harness = ServiceHarness()
        harness.broker.append(SUBMITTED, key, value, headers)
        await harness.work()
        assert harness.records(), f"nothing was answered to {place}"
        found |= {f"{place} in {each}": value for each in found_in(harness.records())}

    assert found == {}


@pytest.mark.parametrize(
    "uri",
    [
        f"https://files.example/{TELEPHONE}.jpg", f"https://files.example/f?hp={TELEPHONE}",
        f"https://{TELEPHONE}@files.example/f.jpg", "https://files.example/%30%38%31%32%33%34%35%36%37%38%39%30.jpg",
        "https://files.example/%2530%2538%2531%2532%2533%2534%2535%2536%2537%2538%2539%2530.jpg",
        "https://files.example/siti.aminah%40warga.example/f.jpg", "https://wa.me/6281234567890",
        "https://files.example/ktp_3674015203910007.jpg", "https://files.example/f#081234567890",
    ],
)  # fmt: skip
async def test_a_link_that_names_anybody_is_withheld_and_the_report_says_so(uri: str) -> None:
    harness = ServiceHarness()
    harness.submit(attachments=[{"uri": uri, "media_type": "image/jpeg"}])

    await harness.work()

    [report] = harness.accepted()
    assert (report.attachments, "attachment_withheld" in report.flags) == ((), True)


async def test_a_channel_that_numbers_by_telephone_finds_its_answer_by_the_event_it_sent() -> None:
    harness = ServiceHarness()
    harness.submit(id="0b1a5d0e-0f43-4f2b-8d0c-0000000000aa", channel="whatsapp", source_id="6281234567890-17")

    await harness.work()

    [answer] = harness.answers()
    said = json.loads(answer.data.model_dump_json())
    assert said["source_id"].startswith("[telepon]")
    assert answer.cause_id == "0b1a5d0e-0f43-4f2b-8d0c-0000000000aa"
    assert found_in(harness.records()) == set()
