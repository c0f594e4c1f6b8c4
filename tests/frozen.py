"""A pytest plugin, loaded before anything of the project: under test, whoever assigns to a value fails."""

from shared import values

values.FROZEN = True
