"""Stemming: words without prefixes, endings and vowels, so that spellings of one word compare equal."""

import re

from shared.text import remembering_words

PREFIX = re.compile(r"^(?:[mp]e(?=[lmnrwy])|di|ter|ber|ke|se)(?=[a-z]{4})")
NASAL = re.compile(r"^(?:ng|n(?=[cdj])|m(?=[bp]))(?=[a-z]{3})")  # mbakar, ndorong, ngambil: how people shorten me-
NASALS = (("ny", "s"), ("n", "t"), ("m", "p"))  # what they stand for before a vowel: nyapu, nutup, motong
SUFFIX = re.compile(r"(?<=[a-z]{4})(?:nya|lah|kah|kan|an|in|i)$")
VOWELS = str.maketrans("", "", "aiueo")
CONSONANTS_MIN = 3  # fewer do not tell a word


@remembering_words()
def bare(word: str) -> str:
    """Return a word without what is put before and after it, roughly."""
    plain = PREFIX.sub("", SUFFIX.sub("", SUFFIX.sub("", word.rstrip("2") or word)))
    shorter = NASAL.sub("", plain)
    if shorter != plain or len(plain) <= CONSONANTS_MIN:
        return shorter
    nasal = next((pair for pair in NASALS if plain.startswith(pair[0]) and plain[len(pair[0])] in "aiueo"), None)
    return plain if nasal is None else nasal[1] + plain[len(nasal[0]) :]


@remembering_words()
def stem(word: str) -> str:
    """Return what is compared of a word: its consonants, where it has some; people leave vowels out or change them."""
    return spoken(bare(word))


def spoken(word: str) -> str:
    """Return the consonants of a word, or the word where it has too few to be told by them."""
    consonants = word.translate(VOWELS)
    return consonants if len(consonants) >= CONSONANTS_MIN else word
