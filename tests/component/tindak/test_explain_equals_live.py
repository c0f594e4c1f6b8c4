"""`tindak policy explain` says what the services say: both on the same reports, by all fields that are explained."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.handlers import IntakeHandler
from services.intake.policy import load_intake
from services.intake.store import unique
from services.routing.domain.agency_choice.prediction import TextModel
from services.routing.handlers import RoutingHandler
from services.routing.policy import load_routing
from shared import topics
from shared.events import ComplaintRejected, ComplaintSubmitted
from tests.builders import IDS, event, submitted
from tests.fakes.handler_harness import NOON, HandlerHarness
from tests.fakes.memory import MemoryStore
from tests.fakes.model import WordModel
from tests.sealing import SEALER
from tests.unit.policy.everyday_reports import REPORTS
from tindak.policy.dry_run import DryRun
from tindak.policy.explain import as_object, explain

pytestmark = pytest.mark.policy

SHIPPED = Path(__file__).parents[3] / "policy"
INTAKE, ROUTING = load_intake(SHIPPED), load_routing(SHIPPED)
MODEL = WordModel({"min": ("dishub", 0.97), "ditindak": ("dlh", 0.5), "pelayanannya": ("dinkes", 0.99)})


async def live(report: ComplaintSubmitted, model: TextModel | None) -> dict[str, Any]:
    """Return what the services say to *report*, in the form in which it is explained."""
    intake = HandlerHarness(IntakeHandler(INTAKE, IDS, SEALER), MemoryStore(unique=unique))
    intake.publish(topics.SUBMITTED, event(report))
    await intake.work()
    (answer,) = intake.data(topics.answers_topic(report.channel))
    if isinstance(answer, ComplaintRejected):
        reasons = [reason.model_dump(mode="json") for reason in answer.reasons]
        return {"outcome": "refused", "policy_version": ROUTING.version, "reasons": reasons}
    (accepted,) = intake.published(topics.ACCEPTED)
    routing = HandlerHarness(RoutingHandler(ROUTING, model))
    routing.publish(topics.ACCEPTED, accepted)
    await routing.work()
    (said,) = routing.data(topics.TICKETS)
    fields = ("anonymous", "confidential", "title", "body", "location", "category", "target_agency", "missing", "flags")
    ticket = {"ticket_id", "tracking_id", "state", "version", "at", "accepted_at", "submitted_at", "hop", "report"}
    return {
        "outcome": "routed" if said.state == "routed" else "triage",
        "policy_version": ROUTING.version,
        "report": {name: json.loads(accepted.data.model_dump_json())[name] for name in fields},
        **said.model_dump(mode="json", exclude=ticket, exclude_none=True),
    }


async def explained(report: ComplaintSubmitted, model: TextModel | None) -> dict[str, Any]:
    found = as_object(await explain(DryRun(INTAKE, RoutingHandler(ROUTING, model)), report))
    found.pop("sensitive", None)  # the words for which a report is sensitive stand in no event
    return found


@pytest.mark.parametrize("model", [None, MODEL], ids=["rules", "rules and model"])
async def test_every_everyday_report_is_explained_as_it_is_routed(model: TextModel | None) -> None:
    for _, text in REPORTS:
        report = submitted(title=None, body=text, location={"kecamatan": "Ciputat"})

        assert await explained(report, model) == await live(report, model)


PARTS = st.fixed_dictionaries(
    {
        "body": st.lists(st.sampled_from([text for _, text in REPORTS]), min_size=1, max_size=3).map(" ".join),
        "title": st.none() | st.sampled_from(["Lapor", "Lampu jalan mati", "Min", "tolong ditindak"]),
        "category": st.none() | st.sampled_from(["PENERANGAN JALAN", "PASPOR", "1397", "TOPIK LAINNYA", "tidak ada"]),
        "target_agency": st.none() | st.sampled_from(["dlh", "dishub", "national_admin", "gone"]),
        "location": st.none()
        | st.fixed_dictionaries(
            {
                "text": st.none() | st.sampled_from(["Jl. Raya Serpong", "Kel. Serua", "Jl. Ir. H. Juanda"]),
                "kelurahan": st.none() | st.sampled_from(["Pondok Betung", "serua", "entah"]),
                "kecamatan": st.none() | st.sampled_from(["Setu", "pamulang", "Bekasi"]),
            }
        ),
        "classification": st.none() | st.just("aspiration"),
        "submitted_at": st.just(NOON),
    }
)


@settings(max_examples=50)
@given(PARTS, st.sampled_from([None, MODEL]))
async def test_any_report_is_explained_as_it_is_routed(parts: dict[str, Any], model: TextModel | None) -> None:
    report = submitted(**parts)

    assert await explained(report, model) == await live(report, model)
