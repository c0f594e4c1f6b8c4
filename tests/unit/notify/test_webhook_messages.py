from dataclasses import replace

import pytest

from services.notify.channels import Message
from services.notify.messages.renderer import MessageRenderer
from shared.policy.agencies import AgencyDirectory, AgencyPost, AgencyWebhook
from tests.fakes.handler_harness import NOON
from tests.sealing import OPENER
from tests.unit.notify.samples import POLICY, correspondence, delivery

pytestmark = pytest.mark.unit

WAYS = ("email", "webhook", "log")
WEBHOOK = AgencyWebhook.model_validate({"url": "https://dishub.example/tindak", "secret_env": "TINDAK_WEBHOOK_DISHUB"})


def written(
    role: str = "liaison", agency: str = "dishub", *, confidential: bool = False, webhook: AgencyWebhook = WEBHOOK
) -> tuple[Message, ...]:
    """Return the messages about a ticket of Dishub, which has a webhook."""
    agencies = [
        each.model_copy(update={"webhook": webhook}) if each.code == "dishub" else each
        for each in POLICY.directory.agencies
    ]
    renderer = MessageRenderer(replace(POLICY, directory=AgencyDirectory(tuple(agencies))), OPENER)
    state = correspondence()
    if confidential and state.complaint:
        state = replace(state, complaint=replace(state.complaint, confidential=True))
    notice = delivery(notice="agency_new_ticket", template="agency_new_ticket", role=role, agency=agency, channels=WAYS)
    found = renderer.render(state, notice, ("email", "webhook", "log"), NOON)
    assert isinstance(found, tuple)
    return found


def test_an_agency_with_a_webhook_is_told_there_and_by_mail_if_it_refuses() -> None:
    first, second = written()

    assert (first.channel, first.address, second.channel) == ("webhook", "dishub", "email")
    assert (first.subject, first.body) == (second.subject, second.body)


@pytest.mark.parametrize(("role", "agency"), [("agency_head", "dishub"), ("liaison", "dlh")])
def test_whoever_has_no_webhook_is_told_by_mail(role: str, agency: str) -> None:
    assert [message.channel for message in written(role, agency)] == ["email"]


def test_a_post_that_the_agency_names_is_told_by_webhook_too() -> None:
    both = WEBHOOK.model_copy(update={"posts": tuple(AgencyPost)})

    assert [message.channel for message in written("agency_head", webhook=both)] == ["webhook", "email"]


def test_what_a_mail_hides_a_webhook_hides() -> None:
    message = written(confidential=True)[0]

    assert "Jalan berlubang" not in message.subject + message.body
    assert "Jalan berlubang" in written()[0].subject + written()[0].body
