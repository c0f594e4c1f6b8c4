"""What a report costs when 5,000 people of one kelurahan report one flood within ten minutes, beside a calm stream.

    python -m bench.hot_spot [--reports N] [--json FILE]

Both streams are as long and are sent at once to services with databases of their own; what is compared is CPU a report,
by process. The flood is told in as many words as people have for it: which street, how deep, since when, who in need,
with the short forms and mistakes of the training set; many follow one another, and all are compared with those before.
"""

import argparse
import asyncio
import json
import random
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.grown.meter import Spent, spent
from bench.meters.machine import machine, versions
from bench.whole.complaints import Encoded, encoded, first, submitted
from bench.whole.place import Place, place
from shared.topics import SERVICES
from tests.servers.fleet import running

REPORTS, WARM_UP, WITHIN, RATIO_MAX = 5_000, 300, timedelta(minutes=10), 2.0
KELURAHAN, KECAMATAN = "Pondok Kacang Timur", "Pondok Aren"
GREETINGS = (
    "",
    "",
    "Assalamualaikum, ",
    "Selamat malam pak, ",
    "Min, ",
    "Tolong!! ",
    "mohon perhatiannya, ",
    "Yth. pemkot, ",
)
FLOODS = (
    "banjir di {street} {deep}", "{street} kebanjiran, air sudah {deep}",
    "air masuk rumah di {street}, tingginya {deep}",
    "kali meluap, {street} terendam {deep}", "tanggul jebol, perumahan di {street} tergenang {deep}",
    "bjr lg di {street} {deep}", "genangan di {street} makin tinggi, {deep}", "{street} banjir parah {deep}",
    "got mampet jd banjir di {street}, {deep}", "air kali naik trs ke {street}, skrg {deep}",
)  # fmt: skip
STREETS = (
    "Jl. Mawar", "Jl. Kenanga Raya", "Jl. H. Saiman", "Gang Damai", "Perumahan Griya Asri", "Komplek Pondok Maharta",
    "RT 03", "RW 08", "RT 05 RW 08", "belakang pasar", "depan SDN 02", "dekat musala Al-Ikhlas",
)  # fmt: skip
DEPTHS = (
    "selutut",
    "sepaha",
    "sepinggang",
    "sedada orang dewasa",
    "kira2 {cm} cm",
    "sekitar {cm} cm",
    "hampir 1 meter",
)
SINCE = ("", " sejak tadi pagi", " dari jam {hour}", " sudah {hours} jam", " sejak subuh", " dr semalam", " baru saja")
NEEDS = (
    "", ". mohon bantuan perahu karet", ". ada lansia dan bayi butuh evakuasi", ". tolong kirim pompa",
    ". listrik blm padam, bahaya", ". warga belum dapat makanan", ". tlg petugas segera dtg",
    ". kapan normalisasi kalinya??", ". motor banyak yg mogok", ". sudah lapor RT tp belum ada tindakan",
)  # fmt: skip


def floods(count: int, run: str, now: datetime) -> list[Encoded]:
    """Return so many reports of the flood, one after the other within ten minutes; the same ones for the same run."""
    draw = random.Random(run)
    return [_report(f"{run}-{number}", number, now + WITHIN * number / count, draw) for number in range(count)]


def _report(source_id: str, number: int, at: datetime, draw: random.Random) -> Encoded:
    street = draw.choice(STREETS)
    deep = draw.choice(DEPTHS).format(cm=draw.randrange(20, 160, 5))
    since = draw.choice(SINCE).format(hour=draw.randrange(1, 12), hours=draw.randrange(1, 9))
    told = draw.choice(FLOODS).format(street=street, deep=deep)
    text = f"{draw.choice(GREETINGS)}{told}{since}{draw.choice(NEEDS)}"
    row = {"text": _mistyped(text, draw), "address": street, "kelurahan": KELURAHAN, "kecamatan": KECAMATAN}
    return encoded(source_id, submitted(source_id, number, row, at.isoformat()), at.isoformat())


def _mistyped(text: str, draw: random.Random) -> str:
    """Return a text in which now and then a letter is missing or doubled."""
    return "".join(_letter(letter, draw) for letter in text)


def _letter(letter: str, draw: random.Random) -> str:
    if not letter.isalpha() or draw.random() > 0.01:
        return letter
    return "" if draw.random() < 0.5 else 2 * letter


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reports", type=int, default=REPORTS)
    parser.add_argument("--json", type=Path, metavar="FILE")
    asked = parser.parse_args()
    begins_at = datetime.now(UTC) - WITHIN
    streams = {
        "calm": first(asked.reports, "calm"),
        "hot": floods(asked.reports, "hot", begins_at),
    }
    with place("apache") as there:
        found: dict[str, Any] = {"machine": machine(), "versions": versions(there.stack.mongo_uri)}
        for name, stream in streams.items():
            found[name] = asyncio.run(measured(there, stream)).report()
    found["ratio"] = {
        name: round(us / max(1, found["calm"]["cpu_us"][name]), 2) for name, us in found["hot"]["cpu_us"].items()
    }
    found["ratio"]["in all"] = round(found["hot"]["cpu_us_total"] / found["calm"]["cpu_us_total"], 2)
    sys.stdout.write("\n".join(shown(found)) + "\n")
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


async def measured(there: Place, stream: Sequence[Encoded]) -> Spent:
    """Return what a stream costs services that nothing was reported to before, but for some to warm them up."""
    own = there.namespace()
    async with running(there.fleet(own), *SERVICES) as fleet:
        processes = {member.service: [member.process.pid] for member in fleet.members} | there.servers()
        await asyncio.to_thread(spent, there, own, processes, first(WARM_UP, "warm"))
        return await asyncio.to_thread(spent, there, own, processes, stream)


def shown(found: dict[str, Any]) -> Iterator[str]:
    """Yield the figures as a table in Markdown."""
    yield ", ".join(f"{name} {said}" for name, said in found["machine"].items())
    yield ""
    yield "| us of CPU a report | calm | one flood | ratio |"
    yield "| --- | ---: | ---: | ---: |"
    for name, ratio in found["ratio"].items():
        calm, hot = (
            (found[each]["cpu_us"] | {"in all": found[each]["cpu_us_total"]})[name] for each in ("calm", "hot")
        )
        yield f"| {name} | {calm:,} | {hot:,} | {ratio:.2f} |"
    yield ""
    yield from (
        f"{each}: memory {found[each]['rss_mib']}, documents {found[each]['documents']}" for each in ("calm", "hot")
    )
    yield f"{found['ratio']['in all']:.2f} times a calm report (wanted: at most {RATIO_MAX:g})"


if __name__ == "__main__":
    main()
