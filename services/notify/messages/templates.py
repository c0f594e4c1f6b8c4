"""Loads, checks and renders the templates of the notices, as plain text in a sandbox."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import lru_cache

from jinja2 import BaseLoader, DictLoader, StrictUndefined, Template, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shared.output import header_text, plain_lines
from shared.policy.loading import did_you_mean
from shared.values import value

NAMES = frozenset(
    {
        "advice",
        "agency_name", "answer", "by", "city", "classification", "clock", "due_at", "level", "link", "missing", "name",
        "note", "overdue", "parts", "percent", "place", "priority", "question", "rating", "reason", "remaining",
        "title", "tracking_id",
    }
)  # fmt: skip


@value
class Text:
    """A rendered notice: a subject of one line, and plain text that ends with a line feed."""

    subject: str
    body: str = field(repr=False)


def file_of(template: str, language: str) -> str:
    """Return the name of the file that holds a text."""
    return f"{template}.{language}.j2"


class Templates:
    """All texts of a policy.

    Subject and body are rendered apart, so that no value, whatever lines it holds, moves from the one into the other;
    the subject is brought into one line, so that no value adds a header.

    Args:
        sources: By file name, what stands in the file: first line the subject, second line empty, then the body.
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources
        self.environment = sandbox(DictLoader(sources))
        self.compiled: dict[str, tuple[Template, Template]] = {}

    def render(self, template: str, language: str, values: Mapping[str, object]) -> Text:
        """Return a notice in a language.

        Raises:
            KeyError: There is no such text.
            jinja2.TemplateError: It uses a value that is not among *values*, or what the sandbox forbids.
        """
        subject, body = self.template(file_of(template, language))
        return Text(header_text(subject.render(values)), plain_lines(body.render(values)).strip() + "\n")

    def template(self, file: str) -> tuple[Template, Template]:
        """Return subject and body of a file, compiled once."""
        if file not in self.compiled:
            subject, _, body = self.sources[file].partition("\n")
            self.compiled[file] = self.environment.from_string(subject), self.environment.from_string(body)
        return self.compiled[file]

    def faults(self, file: str) -> Iterator[tuple[int, str]]:
        """Yield line and sentence for each thing that would keep a file from being rendered, included files as well."""
        found = _examined(self.sources[file])
        yield from found.faults
        for included in found.included:
            if included not in self.sources:
                yield 1, f"`{included}` is included and does not exist{did_you_mean(included, self.sources)}"


def sandbox(loader: BaseLoader | None = None) -> ImmutableSandboxedEnvironment:
    """Return where templates are rendered: as plain text, which escaping would spoil."""
    return ImmutableSandboxedEnvironment(loader=loader, undefined=StrictUndefined, autoescape=False)


@value
class Examined:
    """What a template shows without being rendered: line and sentence of each fault, and the files that it includes."""

    faults: tuple[tuple[int, str], ...] = ()
    included: tuple[str, ...] = ()


@lru_cache(maxsize=512)  # of a policy that changed, most texts did not
def _examined(source: str) -> Examined:
    environment = sandbox()
    try:
        environment.compile(environment.parse(source))
    except TemplateSyntaxError as error:
        return Examined(((error.lineno, f"this is no template: {error.message}"),))
    tree = environment.parse(source)  # anew, for compiling may have changed the other one
    unknown = sorted(meta.find_undeclared_variables(tree) - NAMES)
    lines = {node.name: node.lineno for node in reversed(list(tree.find_all(nodes.Name)))}
    faults = (
        (lines[name], f"`{name}` is nothing that a template is given{did_you_mean(name, NAMES)}") for name in unknown
    )
    return Examined(tuple(faults), tuple(str(name) for name in meta.find_referenced_templates(tree)))
