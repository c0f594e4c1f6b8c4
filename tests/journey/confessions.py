"""What ten people hand in about themselves: in fields, in texts, in what is refused and in what cannot be read."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.journey.garbage import later, line
from tests.journey.people import PEOPLE, Person

STORIES = (
    ("Jalan berlubang", "Jalan berlubang besar di depan Pasar Ciputat."),
    ("Lampu jalan mati", "Lampu PJU di Jalan Merpati Kelurahan Sawah Baru mati sejak seminggu."),
    ("Sampah menumpuk", "Sampah di TPS Pamulang Barat tidak diangkut sudah dua minggu."),
    ("KTP belum jadi", "Sudah rekam e-KTP delapan bulan lalu di Disdukcapil tapi belum jadi."),
    ("Mohon bantuan", "Kenapa begini terus min, sudah berkali-kali tidak ada kabar sama sekali."),
)


def report(person: Person, number: int, **changes: Any) -> dict[str, Any]:
    """Return the data of a report under a source id of its own."""
    title, body = STORIES[number % len(STORIES)]
    plain = {"channel": "web", "source_id": f"r-{number}", "title": title, "body": body, "reporter": person.reporter}
    return plain | changes


def accepted(person: Person, number: int) -> Iterator[Mapping[str, Any]]:
    """Yield seven reports that are taken, each of which says who sends it in other places."""
    title, body = STORIES[number % len(STORIES)]
    full, unnamed = person.typed(number), person.typed(number, named=False)
    by_phone = {"name": person.name, "phone": person.phone, "locale": "en"}
    attachments = [{"uri": f"https://foto.example/{person.national_id}.jpg", "media_type": "image/jpeg"}]
    yield report(person, number)
    yield report(person, number + 1, body=f"{body} {full}", location={"text": f"Rumah {person.typed(number + 1)}"})
    yield report(person, number + 2, title=f"{title}: {person.niks[number % 5]}", body=f"{full}\n{body}")
    yield report(
        person, number + 3, channel="sms_1708", source_id=f"{person.numbers[2]}-{number}", body=f"{body} {full}",
        reporter=by_phone,
    )  # fmt: skip
    yield report(person, number + 4, body=f"{body} {unnamed}", reporter=None)
    yield report(
        person, number + 5, anonymous=True, body=f"{body} {person.typed(number + 2)}", category=person.name,
        target_agency=person.email, follow_up_of=person.number, attachments=attachments,
        location={"kelurahan": person.name, "kecamatan": person.numbers[1]},
    )  # fmt: skip
    yield report(person, number + 6, title=None, body=f"{full} {body}", confidential=True)


def refused(person: Person, number: int) -> Iterator[bytes]:
    """Yield four lines that are read and refused."""
    full = person.typed(number)
    source_id = f"{person.numbers[2]}/{person.national_id}"
    yield line(**report(person, number, body=full, occurred_on=later(days=3)[:10], source_id=source_id))
    yield line(**report(person, number, body=full, source_id=f"f-{number}", channel=person.email))
    yield line(**report(person, number, title=full, body="...", source_id=f"e-{number}"))
    yield line(**report(person, number, body=f"Isi lain. {full}"))  # a source id that is taken


def unreadable(person: Person, number: int) -> Iterator[bytes]:
    """Yield lines that are no submissions, two of six for each person."""
    full, whole = person.typed(number), line(**report(person, number, source_id=f"{person.numbers[2]}-x"))
    kinds = (
        full.encode(),
        whole[:-2],
        line(**report(person, number, source_id=f"{person.numbers[0]}-y", reporter=full, body=[full])),
        json.dumps({person.email: full, f"${person.numbers[0]}": full}).encode(),
        whole[:-1] + f', "{person.niks[1]}": 1, "{person.niks[1]}": 2}}'.encode(),
        line({"type": person.email, "specversion": person.numbers[0]}, body="x" * 9_000 + full, reporter=[full]),
    )
    yield kinds[number % 6]
    yield kinds[(number + 3) % 6]


NUMBERED = tuple((person, 10 * at) for at, person in enumerate(PEOPLE))
TAKEN = tuple(line(**data) for person, number in NUMBERED for data in accepted(person, number))
REFUSED = tuple(value for person, number in NUMBERED for value in refused(person, number))
UNREADABLE = tuple(value for person, number in NUMBERED for value in unreadable(person, number))
