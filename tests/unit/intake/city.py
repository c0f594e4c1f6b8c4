"""A small city with a policy of its own, so that no rule is tested against words that somebody may edit."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.intake.domain.places import Bounds, gazetteer
from services.intake.domain.rules import Category, Limits, Rules
from services.intake.domain.wording import Phrases, insults
from shared import topics
from shared.events import Arrival
from shared.policy.identities import load_identities
from tests.conftest import POLICY
from tests.fakes.handler_harness import NOON

PLACES = gazetteer(
    kecamatan=[("Serpong", ()), ("Ciputat", ()), ("Ciputat Timur", ("Ciptim",)), ("Pondok Aren", ()), ("Setu", ())],
    kelurahan=[
        ("Serpong", "Serpong", ()),
        ("Rawa Buntu", "Serpong", ()),
        ("Lengkong Gudang", "Serpong", ()),
        ("Lengkong Gudang Timur", "Serpong", ()),
        ("Ciputat", "Ciputat", ()),
        ("Sawah", "Ciputat", ("Sawah Lama",)),
        ("Rempoa", "Ciputat Timur", ()),
        ("Pondok Ranji", "Ciputat Timur", ()),
        ("Pondok Aren", "Pondok Aren", ("Pd Aren",)),
        ("Perigi Baru", "Pondok Aren", ("Parigi Baru",)),
        ("Muncul", "Setu", ()),
        ("Setu", "Setu", ()),
    ],
    everyday=["Muncul", "Sawah", "Setu"],
)
RULES = Rules(
    channels=frozenset({"web", "whatsapp", "sms_1708", "partner_"}),
    agencies=frozenset({"dishub", "dlh"}),
    categories={
        "jalan_berlubang": Category("jalan_berlubang"),
        "jalan berlubang": Category("jalan_berlubang"),
        "ktp": Category("ktp", personal=True),
    },
    places=PLACES,
    masker=load_identities(POLICY),
    limits=Limits(
        retention=timedelta(days=30),
        ahead=timedelta(hours=24),
        skew=timedelta(minutes=5),
        letters_min=3,
        description_words_min=5,
        title_length_max=80,
    ),
    bounds=Bounds(south=-6.39, west=106.62, north=-6.21, east=106.8),
    insults=insults(["goblok", "dasar anjing"]),
    emergencies=Phrases(("kebakaran", "kabel putus")),
    filler=frozenset({"test", "tes", "asdf"}),
    no_names=frozenset({"warga", "hamba allah"}),
)


def rules(**changes: Any) -> Rules:
    """Return the small city's rules with other values."""
    return replace(RULES, **changes)


def arrival(after: timedelta = timedelta(0), channel: str = "web", **changes: Any) -> Arrival:
    """Return how a submission of *channel* came, *after* the moment at which the plain one was sent."""
    at = NOON + after
    topic = topics.submitted_topic(channel)
    return replace(Arrival(topic, 2, 7, arrived_at=at, now=at + timedelta(seconds=3), sha256="5a"), **changes)
