"""Encodes documents for the database and decodes them, also those of older and newer releases."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from shared.delivery.documents.compression import answers_in, compressed
from shared.delivery.documents.document import Answer, Document, Quarantined, QuarantineReason, UnknownFields
from shared.delivery.documents.unknown_fields import with_unknown_fields
from shared.delivery.outgoing import Outgoing
from shared.events.envelope import HEADERS
from shared.process.release import RELEASE
from shared.values import replace

S = TypeVar("S")
Raw = dict[str, Any]

# Raised only for a change that the release before cannot live with; that one then leaves such documents alone.
# What release 0.1.0 stored says no version and is read as the first.
SCHEMA_VERSION = 1
SAVE_IDS = "saves"  # which saves have written it, the last of them; see `shared.adapters.mongo.writes`
FIELDS = frozenset(
    {
        "_id", "rev", "v", "by", "slot", "state", "applied", "answers", "pending", "pending_at", "due_at", "expires_at",
        "expires_once_told_at", "aside", "skipped_at", "applied_since", "applied_before", SAVE_IDS,
    }
)  # fmt: skip
ANSWER_FIELDS = frozenset({"id", "t", "p", "o", "out"})
EVENT_FIELDS = frozenset({"id", "topic", "key", "value", "headers"})
FAULTS_SAID_MAX = 3


class DocumentCodec(Generic[S]):
    """Turns the documents of one service into what is stored, and back.

    Args:
        states: How a state becomes a JSON-like value and back.
        release: Which one stores.
        schema_version: The highest that it can read, and the one that it stores.
        compresses_outbox: Whether it stores answers compressed, which release 0.1.0 cannot read.
    """

    def __init__(
        self,
        states: TypeAdapter[S],
        release: str = RELEASE,
        schema_version: int = SCHEMA_VERSION,
        *,
        compresses_outbox: bool = True,
    ) -> None:
        self.states = states
        self.release = release
        self.schema_version = schema_version
        self.compresses_outbox = compresses_outbox

    def encode(self, document: Document[S]) -> Raw:
        """Return what is stored for *document* by saving it, with what it holds beyond this release."""
        raw = self.legible(document)
        if self.compresses_outbox and raw["answers"]:
            raw["answers"] = compressed(raw["answers"])
        return raw

    def legible(self, document: Document[S]) -> Raw:
        """Return the same with the answers as they are."""
        raw = self._encoded(document)
        return raw if document.unknown_fields is None else _kept(raw, document.unknown_fields)

    def decode(self, raw: Mapping[str, Any]) -> Document[S] | Quarantined:
        """Return the document that was stored, or why this release leaves it alone."""
        version, mark = raw.get("v", 1), raw.get("aside")
        if isinstance(version, int | float) and version > self.schema_version:
            error = f"schema version {version}; release {self.release} knows {self.schema_version}"
            return Quarantined(raw["_id"], QuarantineReason.NEWER, error)
        try:
            if mark is not None:
                return Quarantined(raw["_id"], QuarantineReason(mark["reason"]), str(mark["error"]))
            raw = {**raw, "answers": answers_in(raw)}
            state, is_known = self._state(raw["state"])
            document = _document(raw, state)
            if is_known and not _has_unknown_fields(raw):
                return document
            return replace(document, unknown_fields=UnknownFields(raw, self._encoded(document)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return Quarantined(raw["_id"], QuarantineReason.UNREADABLE, _described(error))

    def _encoded(self, document: Document[S]) -> Raw:
        raw: Raw = {
            "_id": document.id,
            "rev": document.revision + 1,
            "v": self.schema_version,
            "by": self.release,
            "state": None if document.state is None else self.states.dump_python(document.state, mode="json"),
            "applied": list(document.applied),
            "answers": [
                {
                    "id": id_,
                    "t": answer.topic,
                    "p": answer.partition,
                    "o": answer.offset,
                    "out": _stored(answer.outgoing),
                }
                for id_, answer in document.applied.items()
                if answer is not None
            ],
        }
        if document.applied_since is not None:
            raw |= {"applied_since": document.applied_since, "applied_before": document.applied_before}
        if document.pending:
            raw |= {"pending": _stored(document.pending), "pending_at": document.pending_at}
        if document.due_at is not None:
            raw["due_at"] = document.due_at
        if document.expires_at is not None:
            # The database would drop it together with what is pending in it.
            raw["expires_once_told_at" if document.pending else "expires_at"] = document.expires_at
        return raw

    def _state(self, stored: Any) -> tuple[S | None, bool]:
        """Return a state, and whether this release knows every field of it.

        Reading it strictly first costs no more than reading it; only what fails is read once more.
        """
        if stored is None:
            return None, True
        try:
            return self.states.validate_python(stored, extra="forbid"), True
        except ValidationError:
            return self.states.validate_python(stored), False


def _document(raw: Mapping[str, Any], state: S | None) -> Document[S]:
    answers = {kept["id"]: Answer(kept["t"], kept["p"], kept["o"], _sent(kept["out"])) for kept in raw["answers"]}
    if not isinstance(raw["rev"], int) or raw["rev"] < 1:
        raise TypeError("its revision is none")
    document = Document(
        id=raw["_id"],
        revision=raw["rev"],
        state=state,
        applied={id_: answers.get(id_) for id_ in raw["applied"]},
        pending=_sent(raw.get("pending", ())),
        pending_at=_instant(raw, "pending_at"),
        due_at=_instant(raw, "due_at"),
        expires_at=_instant(raw, "expires_at") or _instant(raw, "expires_once_told_at"),
        applied_since=_instant(raw, "applied_since"),
        applied_before=raw.get("applied_before", 0),
    )
    # Since when records may have been passed over because this document was in quarantine, see `Quarantine`.
    skipped_at = _instant(raw, "skipped_at")
    return document if skipped_at is None else document.taken_back(skipped_at)


def _has_unknown_fields(raw: Mapping[str, Any]) -> bool:
    """Return whether a stored document holds fields around its state that this release does not know."""
    if not raw.keys() <= FIELDS or any(kept.keys() - ANSWER_FIELDS for kept in raw["answers"]):
        return True
    events = chain(raw.get("pending", ()), *(kept["out"] for kept in raw["answers"]))
    return any(event.keys() - EVENT_FIELDS for event in events)


def _kept(raw: Raw, unknown_fields: UnknownFields) -> Raw:
    """Return *raw* with what the document holds beyond this release; what it has dropped itself stays dropped."""
    stored = {name: value for name, value in unknown_fields.stored.items() if name in raw or name not in FIELDS}
    kept: Raw = with_unknown_fields(raw, stored, unknown_fields.known)
    return kept


def _instant(raw: Mapping[str, Any], name: str) -> datetime | None:
    at = raw.get(name)
    if at is None or isinstance(at, datetime):
        return at
    raise TypeError(f"{name} is no instant")


def _stored(events: Sequence[Outgoing]) -> list[Raw]:
    """Return events as they are stored; the value is kept byte for byte, and so are headers other than the usual."""
    stored: list[Raw] = []
    for event in events:
        raw: Raw = {"id": event.id, "topic": event.topic, "key": event.key, "value": event.value}
        if event.headers != HEADERS:
            raw["headers"] = list(map(list, event.headers))
        stored.append(raw)
    return stored


def _sent(events: Sequence[Mapping[str, Any]]) -> tuple[Outgoing, ...]:
    """Return stored events as they will be sent."""
    return tuple(
        Outgoing(event["id"], event["topic"], event["key"], event["value"], tuple(map(tuple, event["headers"])))
        if "headers" in event
        else Outgoing(event["id"], event["topic"], event["key"], event["value"])
        for event in events
    )


def _described(error: Exception) -> str:
    """Return what could not be read: where and why, never what stands there, for that may name a person."""
    if not isinstance(error, ValidationError):
        return f"{type(error).__name__}: {error}"
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    said = [f"{'.'.join(map(str, ('state', *fault['loc'])))} ({fault['type']})" for fault in faults[:FAULTS_SAID_MAX]]
    return f"ValidationError: {'; '.join(said)}"
