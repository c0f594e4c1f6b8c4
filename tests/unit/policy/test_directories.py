import base64
from datetime import time
from pathlib import Path

import pytest

from shared.policy.agencies import Agency, AgencyDigest, AgencyDirectory, AgencyKind, Officer, load_agencies
from shared.policy.channels import load_channels
from shared.policy.loading import PolicyInvalid
from shared.policy.places import Bounds, Place, Places, load_places
from tests.sealing import PUBLIC_KEYS_TEXT
from tindak.keys import KeyPair

pytestmark = pytest.mark.unit

OFFICERS = "officers:\n  - {role: mayor, name: Wali Kota, email: mayor@city.example}\n"
AGENCIES = "agencies:\n"
DISHUB = "  - {code: dishub, name: Dinas Perhubungan, short: Dishub, email: a@b.example, head_email: c@b.example}\n"
SETU = (
    "  - {code: kec_setu, name: Kecamatan Setu, short: Setu, kind: district, kecamatan: Setu,"
    " email: a@b.example, head_email: c@b.example}\n"
)


def agency(code: str, **changes: object) -> Agency:
    plain = {"code": code, "name": code, "short": code, "email": "a@b.example", "head_email": "c@b.example"}
    return Agency.model_validate(plain | changes)


def faults(caught: pytest.ExceptionInfo[PolicyInvalid]) -> list[tuple[int, str]]:
    return [(fault.line, fault.sentence) for fault in caught.value.faults]


def test_agencies_are_found_by_code_kecamatan_and_role_in_the_order_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "agencies.yaml").write_text(OFFICERS + AGENCIES + SETU + DISHUB)

    directory = load_agencies(tmp_path)

    setu = agency("kec_setu", name="Kecamatan Setu", short="Setu", kind=AgencyKind.DISTRICT, kecamatan="Setu")
    assert directory.codes == ("kec_setu", "dishub")
    assert directory.get("kec_setu") == setu
    assert directory.of_kecamatan("Setu") == setu
    assert directory.officer("mayor") == Officer(role="mayor", name="Wali Kota", email="mayor@city.example")
    assert directory.name_of("dishub") == "Dinas Perhubungan"


def test_an_unknown_agency_is_none_and_named_by_its_code() -> None:
    directory = AgencyDirectory((agency("dishub"),))

    assert (directory.get("dlh"), directory.of_kecamatan("Setu"), directory.officer("mayor")) == (None, None, None)
    assert directory.name_of("dlh") == "dlh"


def test_two_agencies_with_one_code_district_or_role_are_faults(tmp_path: Path) -> None:
    (tmp_path / "agencies.yaml").write_text(OFFICERS + OFFICERS.partition("\n")[2] + AGENCIES + SETU + SETU)

    with pytest.raises(PolicyInvalid) as caught:
        load_agencies(tmp_path)

    assert faults(caught) == [
        (3, "the role `mayor` is given twice, first on line 2"),
        (6, "agency `kec_setu` is given twice, first on line 5"),
        (6, "the office of kecamatan `Setu` is given twice, first on line 5"),
    ]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("dishub-1", "not of the form id:base64"),
        ("dishub-1:c2hvcnQ=", "has 5 bytes; a key has 32"),
        (f"dishub-1:{base64.b64encode(bytes(32)).decode()}", "no public key of X25519"),
        (f"{PUBLIC_KEYS_TEXT},{PUBLIC_KEYS_TEXT.replace('k1', 'k2')}", "more than one key"),
    ],
    ids=["no key", "short", "no point", "two"],
)
def test_a_key_that_would_seal_nothing_is_a_fault(tmp_path: Path, key: str, said: str) -> None:
    with_key = DISHUB.replace("}", f", public_key: '{key}'" + "}")
    (tmp_path / "agencies.yaml").write_text(OFFICERS + AGENCIES + with_key)

    with pytest.raises(PolicyInvalid) as caught:
        load_agencies(tmp_path)

    [(line, sentence)] = faults(caught)
    assert (line, said in sentence) == (4, True)


def test_an_agency_may_have_a_key(tmp_path: Path) -> None:
    key = KeyPair.draw("dishub-1").public
    (tmp_path / "agencies.yaml").write_text(OFFICERS + AGENCIES + DISHUB.replace("}", f", public_key: '{key}'" + "}"))

    (held,) = load_agencies(tmp_path).agencies

    assert held.public_key == key


def test_a_parent_that_is_no_agency_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "agencies.yaml").write_text(OFFICERS + AGENCIES + DISHUB.replace("{", "{parent: dishu, "))

    with pytest.raises(PolicyInvalid) as caught:
        load_agencies(tmp_path)

    assert faults(caught) == [(4, "agency `dishu` is not in agencies.yaml; did you mean `dishub`?")]


@pytest.mark.parametrize("code", ["Dishub", "dis-hub", "_dishub", ""])
def test_a_code_that_could_be_no_topic_is_a_fault(tmp_path: Path, code: str) -> None:
    (tmp_path / "agencies.yaml").write_text(OFFICERS + AGENCIES + DISHUB.replace("dishub", f'"{code}"', 1))

    with pytest.raises(PolicyInvalid) as caught:
        load_agencies(tmp_path)

    assert [fault.line for fault in caught.value.faults] == [4]


def test_the_channel_of_links_is_nobodys_to_report_on(tmp_path: Path) -> None:
    (tmp_path / "channels.yaml").write_text(
        "version: 1\nchannels:\n  - {code: web, name: Situs, replies: true}\n"
        "  - {code: links, name: Tautan, replies: false}\n"
    )

    with pytest.raises(PolicyInvalid) as invalid:
        load_channels(tmp_path)

    assert faults(invalid) == [(4, "`links` is the channel of the links in our own messages; no reports come from it")]


def test_places_keep_their_district_and_their_other_names(tmp_path: Path) -> None:
    (tmp_path / "places.yaml").write_text(
        "city: Kota\ncity_aliases: [Kt]\nkecamatan:\n  - name: Setu\n    aliases: [St]\n    kelurahan:\n"
        "      - {name: Keranggan, aliases: [Kranggan]}\n      - {name: Setu}\n"
    )

    places = load_places(tmp_path)

    assert places == Places(
        city="Kota",
        kecamatan=(Place("Setu", None, ("St",)),),
        kelurahan=(Place("Setu", "Keranggan", ("Kranggan",)), Place("Setu", "Setu")),
        city_aliases=("Kt",),
    )


def test_a_kelurahan_or_kecamatan_named_twice_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "places.yaml").write_text(
        "city: Kota\nkecamatan:\n  - name: Setu\n    kelurahan:\n      - {name: Sawah}\n"
        "  - name: SETU\n    kelurahan:\n      - {name: Ciater, aliases: [sawah]}\n"
    )

    with pytest.raises(PolicyInvalid) as caught:
        load_places(tmp_path)

    assert faults(caught) == [
        (6, "kecamatan `SETU` is given twice"),
        (8, "kelurahan `sawah` is given twice"),
    ]


@pytest.mark.parametrize(
    ("south", "east", "said"),
    [
        (-6.2, 106.8, "`bounds`: `south` must be less than `north`, and `west` less than `east`"),
        (-6.3, 106.6, "`bounds`: `south` must be less than `north`, and `west` less than `east`"),
        (-6.3, 106.8, None),
    ],
)
def test_the_bounds_of_a_city_enclose_something(tmp_path: Path, south: float, east: float, said: str | None) -> None:
    (tmp_path / "places.yaml").write_text(
        f"city: Kota\nbounds: {{south: {south}, west: 106.6, north: -6.2, east: {east}}}\n"
        "kecamatan:\n  - name: Setu\n    kelurahan:\n      - {name: Sawah}\n"
    )

    if said is None:
        assert load_places(tmp_path).bounds == Bounds(south=south, west=106.6, north=-6.2, east=east)
        return
    with pytest.raises(PolicyInvalid) as caught:
        load_places(tmp_path)

    assert faults(caught) == [(2, said)]


WEBHOOK = "webhook: {url: 'https://dishub.example/tindak', secret_env: TINDAK_WEBHOOK_DISHUB}"


def test_the_webhook_of_an_agency_takes_what_its_liaison_is_told(tmp_path: Path) -> None:
    (tmp_path / "agencies.yaml").write_text(OFFICERS + AGENCIES + DISHUB.replace("{", "{" + WEBHOOK + ", "))

    (held,) = load_agencies(tmp_path).agencies

    assert held.webhook is not None
    assert (held.webhook.url, held.webhook.posts) == ("https://dishub.example/tindak", ("liaison",))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://dishub.example/", "must begin with https://"), ("ftp://dishub.example/", "must begin with https://"),
        ("https:///tindak", "must be https:// and a host"), ("https://dishub.example:99999/", "is no address"),
        ("https://siti:rahasia@dishub.example/", "neither a user nor a fragment"),
        ("https://dishub.example/#x", "neither a user nor a fragment"), ("http://10.0.0.1/", "must begin with https://"),
        ("https://dishub.example/a b", "must be https:// and a host"),
    ],
)  # fmt: skip
def test_a_webhook_that_cannot_be_called_safely_is_a_fault(tmp_path: Path, url: str, why: str) -> None:
    webhook = WEBHOOK.replace("https://dishub.example/tindak", url)
    (tmp_path / "agencies.yaml").write_text(OFFICERS + AGENCIES + DISHUB.replace("{", "{" + webhook + ", "))

    with pytest.raises(PolicyInvalid) as caught:
        load_agencies(tmp_path)

    ((line, said),) = faults(caught)
    assert (line, why in said) == (4, True)


CHANNELS = "version: 1\nchannels:\n"


def test_a_channel_may_have_a_server_that_is_called(tmp_path: Path) -> None:
    web = f"  - {{code: web, name: Situs, replies: true, {WEBHOOK}}}\n"
    (tmp_path / "channels.yaml").write_text(CHANNELS + web + "  - {code: ios, name: iOS, replies: true}\n")

    found = load_channels(tmp_path).webhooks

    assert {code: webhook.url for code, webhook in found.items()} == {"web": "https://dishub.example/tindak"}


def test_a_channel_that_stands_for_several_has_no_server(tmp_path: Path) -> None:
    (tmp_path / "channels.yaml").write_text(CHANNELS + f"  - {{code: partner_, name: M, replies: true, {WEBHOOK}}}\n")

    with pytest.raises(PolicyInvalid) as caught:
        load_channels(tmp_path)

    said = "`partner_` stands for several, each with a server of its own: name the one that has this"
    assert faults(caught) == [(3, said)]


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "https://a:b@partner.example/"])
def test_a_server_of_a_channel_is_checked_as_an_agency_s_is(tmp_path: Path, url: str) -> None:
    webhook = WEBHOOK.replace("https://dishub.example/tindak", url)
    (tmp_path / "channels.yaml").write_text(CHANNELS + f"  - {{code: web, name: S, replies: true, {webhook}}}\n")

    with pytest.raises(PolicyInvalid):
        load_channels(tmp_path)


def with_digest(folder: Path, digest: str, *others: str) -> None:
    entry = DISHUB.replace("{", "{" + ", ".join((digest, *others)) + ", ", 1)
    (folder / "agencies.yaml").write_text(OFFICERS + AGENCIES + entry)


def test_a_digest_is_for_the_liaison_on_working_days_unless_said_otherwise(tmp_path: Path) -> None:
    with_digest(tmp_path, 'digest: {at: "07:30"}')

    held = load_agencies(tmp_path).get("dishub")

    assert held is not None
    assert held.digest == AgencyDigest(at=time(7, 30), posts=("liaison",), days=("mon", "tue", "wed", "thu", "fri"))


@pytest.mark.parametrize(
    ("digest", "why"),
    [
        ("digest: {at: '25:00'}", "`at` must be in a valid time"), ("digest: {at: '07:30+02:00'}", "is local time"),
        ("digest: {at: '07:30', days: [monday]}", "'mon'"),
        ("digest: {at: '07:30', posts: []}", "`posts` is empty"), ("digest: {posts: [liaison]}", "`at` is missing"),
        ("digest: {at: '07:30', posts: [reporter]}", "'liaison'"),
    ],
)  # fmt: skip
def test_a_digest_that_would_never_come_is_a_fault(tmp_path: Path, digest: str, why: str) -> None:
    with_digest(tmp_path, digest)

    with pytest.raises(PolicyInvalid, match=why):
        load_agencies(tmp_path)


def test_a_post_gets_its_notices_by_webhook_or_in_a_digest(tmp_path: Path) -> None:
    with_digest(tmp_path, "digest: {at: '07:30', posts: [liaison, agency_head]}", WEBHOOK)

    with pytest.raises(PolicyInvalid) as caught:
        load_agencies(tmp_path)
    with_digest(tmp_path, "digest: {at: '07:30', posts: [agency_head]}", WEBHOOK)

    assert [sentence for _, sentence in faults(caught)] == [
        "the liaison of `dishub` has a webhook, which takes notices as they come; leave that post out of `posts` of one"
        " of both"
    ]
    assert load_agencies(tmp_path).get("dishub")
