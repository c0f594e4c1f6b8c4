"""Reads a policy file into a model and reports every fault by file, line and sentence."""

import difflib
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from shared.policy.faults import PolicyFault as PolicyFault
from shared.policy.faults import PolicyInvalid as PolicyInvalid

FILE_BYTES_MAX = 1024 * 1024
DEPTH_MAX = 20
POLICY_SUFFIXES = frozenset({".yaml", ".j2", ".txt"})
OVERLAYS = "demo"  # files that replace others when asked to; not part of the policy that holds

Loc = tuple[int | str, ...]


class PolicyModel(BaseModel):
    """What a policy file holds: frozen, and an unknown field is a fault, mostly a slip of the pen."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


M = TypeVar("M", bound=BaseModel)


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C loader is built where libyaml is
    """YAML 1.2 scalars: ``no`` is a text, not false, and ``12:30`` is a time, not 750."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's own attribute)


PREFIX = "tag:yaml.org,2002:"
for tag, pattern, first in (
    ("null", r"^(?:null|~|)$", ["n", "~", ""]),
    ("bool", r"^(?:true|false)$", ["t", "f"]),
    ("int", r"^-?(?:0|[1-9][0-9]*)$", list("-0123456789")),
    ("float", r"^-?(?:0|[1-9][0-9]*)\.[0-9]+$", list("-0123456789")),
):
    Loader.add_implicit_resolver(PREFIX + tag, re.compile(pattern), first)

SCALARS: dict[str, Callable[[str], object]] = {
    PREFIX + "null": lambda _: None,
    PREFIX + "bool": lambda text: text == "true",
    PREFIX + "int": int,
    PREFIX + "float": float,
    PREFIX + "str": str,
}


class Source:
    """A parsed file that remembers on which line each value stands."""

    def __init__(self, file: str, root: yaml.Node | None) -> None:
        self.file = file
        self.faults: list[PolicyFault] = []
        self._lines: dict[Loc, int] = {(): 1}
        self._seen: set[int] = set()
        self.value: object = {} if root is None else self._build(root, ())

    def line_of(self, loc: Loc) -> int:
        """Return the line of the value at *loc*, or of the nearest value around it; steps that it lacks are skipped."""
        found: Loc = ()
        for step in loc:
            if (*found, step) in self._lines:
                found = (*found, step)
        return self._lines[found]

    def fault(self, loc: Loc, sentence: str) -> PolicyFault:
        """Return the fault that *sentence* tells about the value at *loc*."""
        return PolicyFault(self.file, self.line_of(loc), sentence)

    def given_twice(self, named: Iterable[tuple[str, Loc]]) -> Iterator[PolicyFault]:
        """Return a fault for each of *named*, by what it is called and where it stands, that stands earlier, too."""
        first: dict[str, int] = {}
        for what, loc in named:
            if what in first:
                yield self.fault(loc, f"{what} is given twice, first on line {first[what]}")
            first.setdefault(what, self.line_of(loc))

    def _build(self, node: yaml.Node, loc: Loc) -> object:
        self._lines.setdefault(loc, node.start_mark.line + 1)
        if id(node) in self._seen or len(loc) > DEPTH_MAX:
            why = "an alias" if id(node) in self._seen else f"more than {DEPTH_MAX} levels"
            self.faults.append(self.fault(loc, f"{why} cannot be used in a policy file"))
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode) and node.tag == PREFIX + "map":
            return dict(self._entries(node, loc))
        if isinstance(node, yaml.SequenceNode) and node.tag == PREFIX + "seq":
            return [self._build(item, (*loc, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.tag in SCALARS:
            return SCALARS[node.tag](node.value)
        self.faults.append(self.fault(loc, f"the tag `{node.tag}` cannot be used in a policy file"))
        return None

    def _entries(self, node: yaml.MappingNode, loc: Loc) -> Iterator[tuple[str, object]]:
        keys: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self.faults.append(PolicyFault(self.file, line, "a key must be a plain word"))
                continue
            if key.value in keys:
                sentence = f"`{key.value}` is given twice, first on line {keys[key.value]}"
                self.faults.append(PolicyFault(self.file, line, sentence))
                continue
            keys[key.value] = line
            self._lines[(*loc, key.value)] = line
            yield key.value, self._build(value, (*loc, key.value))


def read(path: Path) -> Source:
    """Return the file at *path*, parsed; its ``faults`` hold what is YAML but not fit for a policy file.

    Raises:
        PolicyInvalid: It is missing, longer than 1 MiB, not UTF-8 or not YAML, so that nothing can be read from it.
    """
    file = str(path)
    try:
        return _parsed(file, read_text(path))
    except yaml.YAMLError as error:
        raise PolicyInvalid([_syntax_fault(file, error)]) from error


def read_text(path: Path) -> str:
    """Return the text of the file at *path*; raise PolicyInvalid if it is missing, longer than 1 MiB or not UTF-8."""
    file = str(path)
    try:
        raw = path.read_bytes()
        if len(raw) > FILE_BYTES_MAX:
            raise PolicyInvalid([PolicyFault(file, 1, f"the file is longer than {FILE_BYTES_MAX} bytes")])
        return raw.decode("utf-8")
    except OSError as error:
        raise PolicyInvalid([PolicyFault(file, 1, f"the file cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise PolicyInvalid([PolicyFault(file, line, "the file is not UTF-8 text")]) from error


@lru_cache(maxsize=32)  # what several services share is parsed once when the whole policy is checked
def _parsed(file: str, text: str) -> Source:
    """Return *text*, parsed; raise yaml.YAMLError."""
    return Source(file, yaml.compose(text, Loader))


def _syntax_fault(file: str, error: yaml.YAMLError) -> PolicyFault:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or "the text cannot be read"
    return PolicyFault(file, mark.line + 1 if mark else 1, f"this is not YAML: {said}")


def load_sourced(path: Path, model: type[M]) -> tuple[M, Source]:
    """Return what *path* holds, and where each value stands, for faults that only other files reveal.

    Raises:
        PolicyInvalid: With every fault of the file.
    """
    source = read(path)
    faults = list(source.faults)
    try:
        # Strict JSON mode: lists become tuples and ISO texts dates, but "3" is no number and 3 no text.
        held = model.model_validate_json(json.dumps(source.value), strict=True)
    except ValidationError as error:
        words = sorted(set(_field_names(model)))
        faults += [source.fault(one["loc"], _sentence_of(one, words)) for one in _causes(error.errors())]
    if faults:
        raise PolicyInvalid(faults)
    return held, source


def load(path: Path, model: type[M]) -> M:
    """Return what *path* holds; raise PolicyInvalid with every fault of the file."""
    return load_sourced(path, model)[0]


def _field_names(annotation: object, seen: set[object] | None = None) -> Iterator[str]:
    seen = set() if seen is None else seen
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in seen:
        seen.add(annotation)
        for name, field in annotation.model_fields.items():
            yield field.alias or name
            yield from _field_names(field.annotation, seen)
    for argument in get_args(annotation):
        yield from _field_names(argument, seen)


def _causes(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Return *errors* without those that only follow from another: a list is not too short because an item is wrong."""
    deeper = {error["loc"][:length] for error in errors for length in range(len(error["loc"]))}
    return [error for error in errors if error["type"] != "too_short" or error["loc"] not in deeper]


def _sentence_of(error: ErrorDetails, words: list[str]) -> str:
    where, given = _place_of(error["loc"]), error["input"]
    match error["type"]:
        case "missing":
            return f"{where} is missing"
        case "extra_forbidden":
            return f"{where} is not a known field{did_you_mean(str(error['loc'][-1]), words)}"
        case "value_error" | "assertion_error":
            return f"{where}: {error['msg'].partition(', ')[2]}"
        case "too_short":
            return f"{where} is empty" if not given else f"{where} holds too few items"
        case "string_pattern_mismatch":
            return f"{where} does not have the form {error['ctx']['pattern']}: `{given}`"
        case _:
            said = error["msg"].replace("Input should be", "must be").replace("Input should", "must")
            said = said.replace("a valid array", "a list").replace("an object", "a mapping")
            return f"{where} {said[0].lower()}{said[1:]}" + (
                "" if isinstance(given, dict | list) else f", not `{given}`"
            )


def _place_of(loc: Loc) -> str:
    names = [step for step in loc if isinstance(step, str)]
    name = f"`{names[-1]}`" if names else "the file"
    return f"item {loc[-1] + 1} of {name}" if loc and isinstance(loc[-1], int) else name


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean `x`?`` for the closest of *known*, or nothing where none is close."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean `{close[0]}`?" if close else ""


def unknown(kind: str, name: str, known: Iterable[str], file: str) -> str:
    """Return the sentence for a reference that leads nowhere.

    For example: agency `dishu` is not in agencies.yaml; did you mean `dishub`?
    """
    return f"{kind} `{name}` is not in {file}{did_you_mean(name, known)}"


def version_of(directory: Path) -> str:
    """Return 12 hexadecimal digits that change when a policy file below *directory* is changed, added or renamed."""
    digest = hashlib.sha256()
    for path in policy_files(directory):
        raw = path.read_bytes()
        digest.update(f"{path.relative_to(directory).as_posix()}\0{len(raw)}\0".encode())
        digest.update(raw)
    return digest.hexdigest()[:12]


def policy_files(directory: Path) -> list[Path]:
    """Return the policy files below *directory* in the order of their names."""
    found = (path for path in directory.rglob("*") if path.suffix in POLICY_SUFFIXES and path.is_file())
    return sorted(path for path in found if path.relative_to(directory).parts[0] != OVERLAYS)
