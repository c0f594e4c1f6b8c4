"""Ten people who exist nowhere else in this city, how they type themselves into reports, and a search for traces."""

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize
from urllib.parse import quote, quote_plus, unquote_plus

BETWEEN = re.compile(r"(?<=\d)[\s.\-_()·/+]{1,3}(?=\d)|\s+(?=@)|(?<=@)\s+")
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass(frozen=True)
class Person:
    """Who reports; every word of the name, the number without its leading 0 and the NIK are unique."""

    name: str
    phone: str
    email: str
    national_id: str

    @property
    def reporter(self) -> dict[str, Any]:
        """Return the person as a channel hands it over."""
        return {"name": self.name, "phone": self.phone, "email": self.email, "national_id": self.national_id}

    @property
    def number(self) -> str:
        """Return the telephone number's digits after the leading 0."""
        return re.sub(r"\D", "", self.phone).removeprefix("0")

    @property
    def names(self) -> list[str]:
        """Return several spellings of the name."""
        first, *others = self.name.split()
        return [
            self.name,
            self.name.upper(),
            self.name.lower(),
            "-".join((first, *others)),
            "  ".join((first, *others)),
        ]

    @property
    def numbers(self) -> list[str]:
        """Return several spellings of the telephone number."""
        n = self.number
        return [
            f"0{n}", f"+62 {n[:3]} {n[3:7]} {n[7:]}", f"62{n}", f"(0{n[:3]}) {n[3:]}", f"0{n[:3]}.{n[3:7]}.{n[7:]}",
            wide(f"0{n}"),
        ]  # fmt: skip

    @property
    def emails(self) -> list[str]:
        """Return several spellings of the address."""
        local, _, domain = self.email.partition("@")
        return [self.email, self.email.upper(), f"{local} @ {domain}", f"<{self.email}>"]

    @property
    def niks(self) -> list[str]:
        """Return several spellings of the NIK."""
        n = self.national_id
        parts = (n[:2], n[2:4], n[4:6], n[6:12], n[12:])
        return [n, " ".join(n[at : at + 4] for at in range(0, 16, 4)), ".".join(parts), wide(n), "-".join(parts)]

    def typed(self, number: int, *, named: bool = True) -> str:
        """Return a sentence in which the person names all there is to know, the *number*-th way."""
        told = (spelled[number % len(spelled)] for spelled in (self.names, self.niks, self.numbers, self.emails))
        name, nik, phone, email = told
        return f"Saya {name if named else 'warga'}, NIK {nik}, hubungi {phone} atau {email}, terima kasih."


def wide(digits: str) -> str:
    """Return digits as East Asian keyboards write them."""
    return "".join(chr(ord("0") + int(digit) + 0xFEE0) for digit in digits)


PEOPLE = (
    Person("Zubaidah Wiratmadja", "0812-7031-0000", "zubaidah.w@suratku.example", "3674015203910007"),
    Person("Quirinus Nababanku", "0813-7031-1117", "quirinus@suratku.example", "3674020711850013"),
    Person("Xaverius Pandjiwana", "0857-7031-2234", "xaver77@postelku.example", "3674031904790021"),
    Person("Yustina Kertopurwa", "0878-7031-3351", "yustina_k@postelku.example", "3674046312880035"),
    Person("Vidya Larasantika", "0819-7031-4468", "vidya+lapor@suratku.example", "3674054809930042"),
    Person("Umbara Tjokrowinoto", "0821-7031-5585", "umbara@rumah.postelku.example", "3674060102900056"),
    Person("Fadhlurrahman Gunadjaja", "0896-7031-6702", "fadhlur@suratku.example", "3674071508870064"),
    Person("Djumiyati Ranupandoyo", "0838-7031-7819", "djumiyati-r@postelku.example", "3674015707760078"),
    Person("Ekawangsa Hutagaolan", "0852-7031-8936", "ekawangsa@suratku.example", "3674022606950083"),
    Person("Oetari Moeljosoedjono", "0899-7032-0053", "oetari.m@postelku.example", "3674036911820091"),
)


class Search:
    """Looks for people in whatever bytes are found, in clear text and in the usual encodings.

    Args:
        people: Whom to look for.
    """

    def __init__(self, people: Iterable[Person]) -> None:
        self.clear: set[str] = set()
        self.coded: set[bytes] = set()
        for person in people:
            self.clear |= {*person.name.casefold().split(), person.email, person.number, person.national_id}
            written = {
                *person.names,
                *person.numbers,
                *person.emails,
                *person.niks,
                person.number,
                *person.name.split(),
            }
            self.coded |= {code for text in written for code in encoded(text)}

    def traces(self, found: bytes) -> set[str]:
        """Return what *found* holds of them."""
        text = ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), found.decode(errors="replace"))
        plain = [normalize("NFKC", form).casefold() for form in (text, unquote_plus(text))]
        plain += [BETWEEN.sub("", form) for form in plain]
        clear = {needle for needle in self.clear if any(needle in form for form in plain)}
        return clear | {code.decode() for code in self.coded if code in found}


def encoded(text: str) -> Iterator[bytes]:
    """Yield *text* in base64 (wherever it may stand in a longer one), in hexadecimal and percent-encoded."""
    raw = text.encode()
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield quote_plus(text).encode() if quote_plus(text) != text else raw
    yield "".join(f"%{byte:02X}" for byte in raw).encode()
    yield quote(text, safe="").lower().encode()
    for before, shared in ((0, 0), (1, 2), (2, 3)):
        code = base64.b64encode(b"x" * before + raw)
        own = code[shared : code.index(b"=") - 1 if b"=" in code else None]  # what neighbours have no part in
        yield own
        yield own.replace(b"+", b"-").replace(b"/", b"_")
