"""Lets another policy say beside the live one what it would have decided; what it says changes nothing."""

from collections.abc import Mapping
from functools import partial

import structlog

from services.routing.domain.agency_choice.evidence import read
from services.routing.domain.agency_choice.prediction import MaybePrediction, TextModel
from services.routing.domain.agency_choice.rules import RoutingPolicy
from services.routing.domain.agency_choice.verdict import Chosen
from services.routing.domain.lifecycle.opening import report_of, verdict_on
from services.routing.domain.ticket.state import Filed, State
from services.routing.handlers import RoutingHandler
from services.routing.neighbours import Neighbours
from shared.delivery.guard import Bug, guarded
from shared.events import Arrival, ComplaintAccepted, Decision, Event, TicketRouted
from shared.process import metrics

TRIAGE = "triage"

log = structlog.get_logger()


class ShadowedRouting(RoutingHandler):
    """Routing as it is; of every new complaint one line of the log says what the shadow policy would have decided.

    A batch that is decided again, after an outage or a crash, is told again.

    Args:
        shadow: The other policy; may be replaced between two batches.
    """

    def __init__(
        self,
        policy: RoutingPolicy,
        shadow: RoutingPolicy,
        model: TextModel | None = None,
        predictions: Mapping[str, MaybePrediction] | None = None,
        neighbours: Neighbours | None = None,
    ) -> None:
        super().__init__(policy, model, predictions, neighbours)
        self.shadow = shadow

    def use_shadow_policy(self, shadow: RoutingPolicy) -> None:
        """Let *shadow* say what it would have decided from now on."""
        self.shadow = shadow

    def decide(self, state: State | None, event: Event, arrival: Arrival) -> Decision[State]:
        """Return what follows from *event* by the live policy."""
        decision = super().decide(state, event, arrival)
        if isinstance(event.data, ComplaintAccepted) and not isinstance(state, Filed):
            compared = guarded(partial(self.compare, event.data, decision))
            if isinstance(compared, Bug):
                log.warning("the shadow policy failed", ticket_id=event.data.ticket_id, error=compared.error)
        return decision

    def compare(self, complaint: ComplaintAccepted, decision: Decision[State]) -> None:
        """Log and count what the shadow policy would have decided about *complaint*."""
        first = decision.facts[0].data
        live = first.agency if isinstance(first, TicketRouted) else TRIAGE
        evidence = read(self.shadow, report_of(complaint))
        verdict = verdict_on(self.shadow, complaint, evidence, self.prediction_on(complaint.ticket_id))
        shadow = verdict.agency if isinstance(verdict, Chosen) else TRIAGE
        metrics.SHADOW.labels(_outcome_of(live, shadow)).inc()
        log.info(
            "shadow", ticket_id=complaint.ticket_id, policy=self.policy.version, shadow_policy=self.shadow.version,
            agency=live, shadow_agency=shadow, same=live == shadow,
        )  # fmt: skip


def _outcome_of(live: str, shadow: str) -> str:
    if live == shadow:
        return "same"
    if shadow == TRIAGE:
        return "asks"
    return "decides" if live == TRIAGE else "other_agency"
