"""What an earlier release took is still read, although a rule would refuse it today."""

import pytest

from shared.events import ClosedBy, TicketArchived
from shared.events.envelope import decode, encode
from tests.builders import TICKET, TRACKING, accepted, event
from tests.fakes.handler_harness import NOON

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "data",
    [
        accepted(location={"latitude": -8.65}),
        accepted(location={"latitude": -8.65, "longitude": 115.22}),
        accepted(attachments=[{"uri": "javascript:alert(1)", "media_type": "text/html"}]),
        TicketArchived(
            ticket_id=TICKET, tracking_id=TRACKING, state="archived", version=2, at=NOON, agency="dishub",
            by=ClosedBy.OFFICER, reason="not_relevant",
        ),
    ],
)  # fmt: skip
def test_an_event_of_an_earlier_release_is_read_as_it_was_written(data: object) -> None:
    said = event(data)  # type: ignore[arg-type]

    assert decode(encode(said), {}, from_outside=False).data == data
