"""The section `clusters` of routing.yaml: which reports are followed together."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from services.routing.domain.duplicates.similarity import ClusterRules
from services.routing.domain.text.stems import bare
from shared.events.base import Short
from shared.policy.loading import PolicyModel
from shared.text import words_of
from shared.text.phrases import Phrasebook


class ClustersEntry(PolicyModel):
    """Which reports are followed together; `ClusterRules` says what each field means."""

    accept: bool = True
    within_days: Annotated[int, Field(ge=1, le=365)] = 21
    near_metres: Annotated[int, Field(ge=10, le=5000)] = 300
    apart_metres_max: Annotated[int, Field(ge=10, le=50_000)] = 1000
    members_max: Annotated[int, Field(ge=1, le=2000)] = 500
    alike_min: Annotated[float, Field(ge=0.2, le=1)] = 0.3
    alike_elsewhere_min: Annotated[float, Field(ge=0.3, le=1)] = 0.75
    faint: tuple[Short, ...] = ()
    kinds_of_place: tuple[Short, ...] = ()
    numbered_places: tuple[Short, ...] = ()
    sides: tuple[Short, ...] = ()
    titles: tuple[Short, ...] = ()
    prepositions: tuple[Short, ...] = ()
    measures: tuple[Short, ...] = ()
    troubles: dict[Short, tuple[Short, ...]] = Field(default_factory=dict)
    papers: tuple[Short, ...] = ()
    selves: tuple[Short, ...] = ()
    unheard: tuple[Short, ...] = ()
    meant: dict[Short, tuple[Short, ...]] = Field(default_factory=dict)
    personal: tuple[Short, ...] = ()

    def value(self, speller: Phrasebook) -> ClusterRules:
        """Return what it means, its words in their usual form."""

        def words(texts: Iterable[str]) -> frozenset[str]:
            return frozenset(word for text in texts for word in speller.usual(words_of(text)))

        return ClusterRules(
            accept=self.accept,
            within=timedelta(days=self.within_days),
            near_metres=self.near_metres,
            apart_metres_max=self.apart_metres_max,
            members_max=self.members_max,
            alike_min=self.alike_min,
            alike_elsewhere_min=self.alike_elsewhere_min,
            unheard=words(self.unheard),
            faint=words(self.faint),
            kinds_of_place=words(self.kinds_of_place),
            numbered_places=words(self.numbered_places),
            sides=words(self.sides),
            titles=words(self.titles),
            prepositions=words(self.prepositions),
            measures=words(self.measures),
            troubles={bare(word): sort for sort, others in self.troubles.items() for word in words((sort, *others))},
            papers=words(self.papers),
            selves=words(self.selves),
            meant={word: form for form, others in self.meant.items() for word in words(others)},
            personal=frozenset(speller.usual(words_of(phrase)) for phrase in self.personal),
        )
