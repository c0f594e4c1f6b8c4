"""Loads, checks and renders the templates of the notices in a sandbox: as plain text, short text and mail."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import lru_cache

from jinja2 import BaseLoader, DictLoader, StrictUndefined, Template, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.notify.messages.letters import LAYOUT, LAYOUT_NAMES, paragraphs_of
from services.notify.messages.short import one_line, short_text
from shared.output import header_text, plain_lines
from shared.policy.loading import did_you_mean
from shared.values import value

NAMES = frozenset(
    {
        "advice",
        "agency_name", "answer", "by", "city", "classification", "clock", "due_at", "level", "link", "missing", "name",
        "note", "overdue", "parts", "percent", "place", "priority", "question", "rating", "reason", "remaining",
        "stopped", "title", "tracking_id",
    }
)  # fmt: skip
DIGEST = "digest"
DIGEST_NAMES = frozenset(
    {
        "agency_name", "city", "gone", "gone_count", "late", "late_count", "later", "later_count", "more_count",
        "open_count", "today", "today_count",
    }
)  # fmt: skip
EMAIL = "email"
SMS = "sms"
WHATSAPP = "whatsapp"
SHORT_MARK = "\n{# sms #}\n"


@value
class Text:
    """A rendered notice.

    Args:
        subject: Of one line.
        body: Plain text that ends with a line feed; for a text message one line without it.
        html: The body as a page, for channels that show one.
    """

    subject: str
    body: str = field(repr=False)
    html: str | None = field(default=None, repr=False)


@value
class Compiled:
    """The parts of a file; None for a short text that it does not have."""

    subject: Template
    body: Template
    short: Template | None


def file_of(template: str, language: str) -> str:
    """Return the name of the file that holds a text."""
    return f"{template}.{language}.j2"


class Templates:
    """All texts of a policy.

    Subject, body and short text are rendered apart, so that no value, whatever lines it holds, moves from one into
    another; the subject is brought into one line, so that no value adds a header.

    Args:
        sources: By file name, what stands in the file: first line the subject, second line empty, then the body and,
            below a line `{# sms #}`, the short text. `LAYOUT` is what sets a body as HTML; without it mails are plain.
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources
        self.environment = sandbox(DictLoader(sources))
        self.compiled: dict[str, Compiled] = {}
        layout = sources.get(LAYOUT)
        self.layout = None if layout is None else sandbox(autoescape=True).from_string(layout)

    def render(self, template: str, language: str, values: Mapping[str, object], channel: str = "") -> Text:
        """Return a notice in a language, as a channel shows it: short on `SMS`, with HTML on `EMAIL`.

        Raises:
            KeyError: There is no such text.
            jinja2.TemplateError: It uses a value that is not among *values*, or what the sandbox forbids.
        """
        parts = self.template(file_of(template, language))
        subject = header_text(parts.subject.render(values))
        if channel == SMS:
            return Text(subject, self.short(parts, values))
        body = plain_lines(parts.body.render(values)).strip() + "\n"
        return Text(subject, body, self.html(template, subject, body, language, values) if channel == EMAIL else None)

    def short(self, parts: Compiled, values: Mapping[str, object]) -> str:
        """Return the short text of a file; of one that has none its subject, which names the report as well."""
        return short_text((parts.short or parts.subject).render, values)

    def html(self, template: str, subject: str, body: str, language: str, values: Mapping[str, object]) -> str | None:
        """Return *body* as a page; None without a layout. What tells of no ticket bears its agency's name above."""
        if self.layout is None:
            return None
        paragraphs = paragraphs_of(body, values.get("due_at"), has_tables=template == DIGEST)
        heading = values["agency_name" if template == DIGEST else "tracking_id"]
        return self.layout.render(language=language, subject=subject, tracking_id=heading, paragraphs=paragraphs)

    def short_source(self, template: str, language: str) -> str | None:
        """Return the short text of a file as it stands there; None if it has none."""
        _, mark, short = self.sources[file_of(template, language)].partition(SHORT_MARK)
        return short if mark else None

    def uncut(self, template: str, language: str, values: Mapping[str, object]) -> str:
        """Return the short text of a file, or its subject, however long it gets."""
        parts = self.template(file_of(template, language))
        return one_line((parts.short or parts.subject).render(values))

    def template(self, file: str) -> Compiled:
        """Return the parts of a file, compiled once."""
        if file not in self.compiled:
            subject, _, rest = self.sources[file].partition("\n")
            body, mark, short = rest.partition(SHORT_MARK)
            made = self.environment.from_string
            self.compiled[file] = Compiled(made(subject), made(body), made(short) if mark else None)
        return self.compiled[file]

    def faults(self, file: str) -> Iterator[tuple[int, str]]:
        """Yield line and sentence for each thing that would keep a file from being rendered, included files as well."""
        found = _examined(self.sources[file], _names_of(file))
        yield from found.faults
        for included in found.included:
            if included not in self.sources:
                yield 1, f"`{included}` is included and does not exist{did_you_mean(included, self.sources)}"


def _names_of(file: str) -> frozenset[str]:
    if file == LAYOUT:
        return LAYOUT_NAMES
    return DIGEST_NAMES if file.partition(".")[0] == DIGEST else NAMES


def sandbox(loader: BaseLoader | None = None, *, autoescape: bool = False) -> ImmutableSandboxedEnvironment:
    """Return where templates are rendered: as plain text, which escaping would spoil, or as HTML, which needs it."""
    return ImmutableSandboxedEnvironment(loader=loader, undefined=StrictUndefined, autoescape=autoescape)


@value
class Examined:
    """What a template shows without being rendered: line and sentence of each fault, and the files that it includes."""

    faults: tuple[tuple[int, str], ...] = ()
    included: tuple[str, ...] = ()


@lru_cache(maxsize=512)  # of a policy that changed, most texts did not
def _examined(source: str, names: frozenset[str]) -> Examined:
    environment = sandbox()
    try:
        environment.compile(environment.parse(source))
    except TemplateSyntaxError as error:
        return Examined(((error.lineno, f"this is no template: {error.message}"),))
    tree = environment.parse(source)  # anew, for compiling may have changed the other one
    unknown = sorted(meta.find_undeclared_variables(tree) - names)
    lines = {node.name: node.lineno for node in reversed(list(tree.find_all(nodes.Name)))}
    faults = (
        (lines[name], f"`{name}` is nothing that a template is given{did_you_mean(name, names)}") for name in unknown
    )
    return Examined(tuple(faults), tuple(str(name) for name in meta.find_referenced_templates(tree)))
