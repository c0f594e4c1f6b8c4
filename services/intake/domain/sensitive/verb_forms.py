"""The forms of an Indonesian verb: what is suffered (*dipukuli*), what is done (*memukul*), the deed (*pemukulan*)."""

from collections.abc import Iterator

from shared.text.phrases import Phrase

SUFFIXES = ("", "i", "in", "kan", "an")  # -in is how people speak: pukulin, siksain
SUFFERED = ("di", "kena", "dapat", "jadi")  # also written apart: di pukul, kena tampar
VOWELS = "aiueo"


def suffered(root: str) -> Iterator[Phrase]:
    """Yield what somebody suffers."""
    for suffix in SUFFIXES:
        yield (f"di{root}{suffix}",)
        yield ("di", f"{root}{suffix}")
    for marker in SUFFERED[1:]:
        yield marker, root
        yield marker, f"{root}an"


def done(root: str) -> Iterator[Phrase]:
    """Yield what somebody does: *memukul*, *mukulin*, *ngeroyok*, *nge-bully*, or the bare root."""
    for suffix in SUFFIXES[:-1]:
        nasal = f"{_nasal(root)}{suffix}"
        yield (f"me{nasal}",)
        yield (nasal,)
        yield (f"nge{root}{suffix}",)
        yield "nge", f"{root}{suffix}"
        yield (f"{root}{suffix}",)
    if root[0] == "p":
        yield (f"mem{root}",)  # memperkosa


def deed(root: str) -> Iterator[Phrase]:
    """Yield what it is called: *pemukulan*, *pukulan*."""
    yield (f"pe{_nasal(root)}an",)
    yield (f"{root}an",)


def _nasal(root: str) -> str:
    """Return *root* as it stands behind me- and pe-."""
    first, rest = root[0], root[1:]
    match first:
        case "p" if rest[0] in VOWELS:
            return f"m{rest}"
        case "t" if rest[0] in VOWELS:
            return f"n{rest}"
        case "s" if rest[0] in VOWELS:
            return f"ny{rest}"
        case "k" if rest[0] in VOWELS:
            return f"ng{rest}"
        case "b" | "f" | "p" | "v":
            return f"m{root}"
        case "c" | "d" | "j" | "t" | "s" | "z":
            return f"n{root}"
        case "l" | "m" | "n" | "r" | "w" | "y":
            return root
        case _:
            return f"ng{root}"
