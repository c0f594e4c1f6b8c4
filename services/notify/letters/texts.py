"""The templates of the notices, rendered in a sandbox as plain text; never knows who reads them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from jinja2 import DictLoader, StrictUndefined, Template, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shared.policy import did_you_mean

NAMES = frozenset(
    {
        "agency_name", "answer", "by", "city", "classification", "clock", "due_at", "level", "missing", "name", "note",
        "overdue", "percent", "place", "priority", "question", "rating", "reason", "remaining", "title", "tracking_id",
    }
)  # fmt: skip
SUBJECT_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Text:
    """A rendered notice: a subject of one line, and plain text that ends with a line feed."""

    subject: str
    body: str = field(repr=False)


def file_of(template: str, language: str) -> str:
    """Return the name of the file that holds a text."""
    return f"{template}.{language}.j2"


class Texts:
    """All texts of a policy.

    Subject and body are rendered apart, so that no value, whatever lines it holds, moves from the one into the other;
    the subject is brought into one line, so that no value adds a header.

    Args:
        sources: By file name, what stands in the file: first line the subject, second line empty, then the body.
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources
        self.environment = ImmutableSandboxedEnvironment(  # plain text: escaping would spoil it
            loader=DictLoader(sources), undefined=StrictUndefined, autoescape=False
        )
        self.compiled: dict[str, tuple[Template, Template]] = {}

    def render(self, template: str, language: str, values: Mapping[str, object]) -> Text:
        """Return a notice in a language.

        Raises:
            KeyError: There is no such text.
            jinja2.TemplateError: It uses a value that is not among *values*, or what the sandbox forbids.
        """
        subject, body = self.template(file_of(template, language))
        line = " ".join(subject.render(values).split())[:SUBJECT_CHARACTERS_MAX]
        return Text(line, body.render(values).strip() + "\n")

    def template(self, file: str) -> tuple[Template, Template]:
        """Return subject and body of a file, compiled once."""
        if file not in self.compiled:
            subject, _, body = self.sources[file].partition("\n")
            self.compiled[file] = self.environment.from_string(subject), self.environment.from_string(body)
        return self.compiled[file]

    def faults(self, file: str) -> Iterator[tuple[int, str]]:
        """Yield line and sentence for each thing that would keep a file from being rendered, included files as well."""
        try:
            tree = self.environment.parse(self.sources[file])
            self.environment.compile(tree)
        except TemplateSyntaxError as error:
            yield error.lineno, f"this is no template: {error.message}"
            return
        tree = self.environment.parse(self.sources[file])
        for name in sorted(meta.find_undeclared_variables(tree) - NAMES):
            line = next(node.lineno for node in tree.find_all(nodes.Name) if node.name == name)
            yield line, f"`{name}` is nothing that a template is given{did_you_mean(name, NAMES)}"
        for included in meta.find_referenced_templates(tree):
            if included not in self.sources:
                yield 1, f"`{included}` is included and does not exist{did_you_mean(str(included), self.sources)}"
