"""Every command in every situation: what comes of it, and that nothing raises."""

import pytest

from services.routing.domain.ticket.state import Filed, name_of
from shared.events import TicketFact, Untracked, UpdateRefused, state_after
from tests.unit.routing.commands import COMMANDS, sender_for
from tests.unit.routing.samples import DLH, OFFICER, SITUATIONS, ask, author, filed, refusal_of, said

pytestmark = pytest.mark.unit

COLUMNS = (
    "in_triage", "routed", "acknowledged", "in_progress", "reopened", "held", "held_for_reporter", "answered",
    "closed_by_reporter", "closed_by_system", "archived", "archived_from_triage", "withdrawn", "split",
)  # fmt: skip
SHORT = {
    "tri": "in_triage", "rou": "routed", "ack": "acknowledged", "pro": "in_progress", "reo": "reopened", "hel": "held",
    "ans": "answered", "clo": "closed", "arc": "archived", "wdn": "withdrawn", "spl": "split",
}  # fmt: skip

# The state that follows; "-" = unchanged, "!" = wrong_state, "?" = not_found, "late" = window_closed.
TABLE = """
                tri   rou   ack   pro   reo   hel   h4r   ans   cbr   cbs   arc   aft   wdn   spl
acknowledge     ?     ack   -     -     ack   hel   -     -     !     !     !     ?     !     ?
progress        ?     pro   pro   pro   pro   hel   hel   !     !     !     !     ?     !     ?
answer          ?     ans   ans   ans   ans   ans   ans   !     !     !     !     ?     !     ?
answer_partly   ?     pro   pro   pro   pro   hel   hel   !     !     !     !     ?     !     ?
decline         ?     rou   rou   rou   rou   rou   rou   !     !     !     !     ?     !     ?
hold            ?     hel   hel   hel   hel   !     !     !     !     !     !     ?     !     ?
resume          ?     -     -     -     -     rou   ack   -     !     !     !     ?     !     ?
reclassify      ?     rou   ack   pro   reo   hel   hel   ans   !     !     !     ?     !     ?
assign          rou   rou   rou   rou   rou   rou   rou   rou   !     !     !     !     !     !
divide          spl   spl   spl   spl   spl   spl   spl   spl   !     !     !     !     !     !
archive         arc   arc   arc   arc   arc   arc   arc   arc   !     !     -     -     !     !
merge           tri   rou   ack   pro   reo   hel   hel   ans   !     !     !     !     !     !
unmerge         -     -     -     -     -     -     -     -     -     -     -     -     -     -
reply           tri   rou   ack   pro   reo   hel   ack   ans   !     !     !     !     !     !
confirm         !     !     !     !     !     !     !     clo   -     late  !     !     !     !
dispute         !     !     !     !     !     !     !     reo   !     reo   !     !     !     !
withdraw        wdn   wdn   wdn   wdn   wdn   wdn   wdn   wdn   !     !     !     !     -     wdn
stop_messages   tri   rou   ack   pro   reo   hel   hel   ans   clo   clo   arc   arc   wdn   spl
resume_messages tri   rou   ack   pro   reo   hel   hel   ans   clo   clo   arc   arc   wdn   spl
export          tri   rou   ack   pro   reo   hel   hel   ans   clo   clo   arc   arc   wdn   spl
correct         tri   rou   ack   pro   reo   hel   hel   ans   clo   clo   arc   arc   wdn   spl
erase           tri   rou   ack   pro   reo   hel   hel   ans   clo   clo   arc   arc   wdn   spl
resend          tri   rou   ack   pro   reo   hel   hel   ans   clo   clo   arc   arc   wdn   spl
suppress        tri   rou   ack   pro   reo   hel   hel   ans   clo   clo   arc   arc   wdn   spl
"""
REFUSED = {"-": "unchanged", "!": "wrong_state", "?": "not_found", "late": "window_closed"}
CELLS = [
    (row.split()[0], situation, outcome)
    for row in TABLE.strip().splitlines()[1:]
    for situation, outcome in zip(COLUMNS, row.split()[1:], strict=True)
]


def test_the_table_knows_every_situation_and_every_command() -> None:
    assert set(COLUMNS) == set(SITUATIONS)
    assert {name for name, _, _ in CELLS} == set(COMMANDS)


@pytest.mark.parametrize(("name", "situation", "outcome"), CELLS)
def test_commands_follow_the_state_table(name: str, situation: str, outcome: str) -> None:
    before = filed(situation)

    decision = ask(before, COMMANDS[name], by=sender_for(name))

    after = state_after(before, decision)
    assert isinstance(after, Filed)
    if outcome in REFUSED:
        assert refusal_of(decision) == REFUSED[outcome]
        assert after.situation == before.situation
    else:
        assert name_of(after.situation) == SHORT[outcome]
        assert not any(isinstance(data, UpdateRefused) for data in said(decision))
        assert said(decision)


@pytest.mark.parametrize("name", sorted(COMMANDS))
@pytest.mark.parametrize(
    "source", ["/agencies/dishub", DLH, OFFICER, "/channels/web", "/channels/x", "/tindak/sla", "?"]
)
def test_every_command_of_every_sender_is_answered(source: str, name: str) -> None:
    for situation in SITUATIONS:
        before = filed(situation)

        decision = ask(before, COMMANDS[name], by=source)

        if isinstance(decision, Untracked):
            assert not said(decision)
            continue
        assert isinstance(decision.state, Filed)
        facts = [data for data in said(decision) if isinstance(data, TicketFact)]
        assert [data.version for data in facts] == list(range(2, 2 + len(facts)))
        assert decision.state.ticket.version == 1 + len(facts)
        assert {data.author for data in facts} == {author(source)}
        assert decision.state.ticket.updates == 1
