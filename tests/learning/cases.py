"""Small invented sets of labelled reports, and one model that all tests share."""

import random
from functools import cache

from services.routing.classifier.model import Model, Summary
from services.routing.training.fitting import Examples
from services.routing.training.learning import train

MATTERS = {
    "dlh": ("sampah", "menumpuk", "bau", "lalat", "tidak", "diangkut", "pohon", "tumbang", "limbah", "asap"),
    "dishub": ("lampu", "jalan", "mati", "gelap", "parkir", "liar", "macet", "rambu", "angkot"),
    "dsdabmbk": ("jalan", "berlubang", "rusak", "aspal", "banjir", "got", "drainase", "jembatan"),
    "disdukcapil": ("ktp", "kartu", "keluarga", "akta", "kelahiran", "nik", "pindah", "antre", "blangko"),
}
COMMON = (
    "mohon",
    "tolong",
    "segera",
    "sudah",
    "lama",
    "di",
    "depan",
    "rumah",
    "warga",
    "kami",
    "yang",
    "ini",
    "pak",
    "minggu",
    "bulan",
    "tidak",
    "ada",
)
DISTRICTS = ("Pamulang", "Ciputat", "Serpong")
RARE = "bpbd"


def invented(rows: int = 600, *, seed: int = 1, noise: float = 0.03, rare: int = 8) -> Examples:
    """Return reports of four agencies, the first of them most often, and *rare* ones of a fifth."""
    draw = random.Random(seed)
    texts, places, agencies = [], [], []
    for number in range(rows):
        agency = draw.choices(list(MATTERS), [5, 3, 3, 2])[0]
        own = draw.choices(MATTERS[agency], k=draw.randint(1, 4))
        said = own + draw.choices(COMMON, k=draw.randint(3, 9))
        if rare and number % (rows // rare) == 0:
            agency, said = RARE, ["longsor", "tenda", "pengungsi", *draw.choices(COMMON, k=4)]
        elif draw.random() < noise:
            agency = draw.choice(list(MATTERS))
        draw.shuffle(said)
        texts.append(" ".join(said))
        places.append({"kecamatan": draw.choice(DISTRICTS)})
        agencies.append(agency)
    return Examples(texts, places, agencies)


@cache
def trained() -> tuple[Model, Summary]:
    """Return the model of `invented`, trained once."""
    return train(invented(), precision=0.9)
