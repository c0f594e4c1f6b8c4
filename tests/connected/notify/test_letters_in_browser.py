"""The mail that a reporter opens on a phone."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, sync_playwright

from services.notify.messages.letters import CELLS
from services.notify.messages.templates import DIGEST, EMAIL
from tests.servers.browser import HEIGHT, NO_CHROMIUM, WIDTH, chromium
from tests.unit.notify.samples import POLICY
from tindak.notices.gallery import page
from tindak.notices.specimens import LANGUAGES, specimen
from tindak.policy.samples import SAMPLES, digests, longest

PHONE = {"width": WIDTH, "height": HEIGHT}
LONG = {"answer": "https://lapor.example/" + "a" * 200 + "\n" + "kata" * 80, "title": "x" * 90}

pytestmark = [
    pytest.mark.loopback,
    pytest.mark.skipif(chromium() is None, reason=NO_CHROMIUM),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield started
        started.close()


def words(text: str) -> list[str]:
    """Return the lines of a text that say anything, each with single spaces."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


class Opened:
    """A mail as a phone shows it: its text below the heading, how wide it is, and what it asked the network for."""

    def __init__(self, browser: Browser, html: str, scheme: str = "light") -> None:
        asked: list[str] = []

        def refuse(route: Route) -> None:
            asked.append(route.request.url)
            route.abort()

        opened = browser.new_page(viewport=PHONE, color_scheme=scheme)  # type: ignore[arg-type]
        opened.route(re.compile("^(?!data:|about:)"), refuse)
        opened.set_content(html, wait_until="load")
        self.asked = asked
        self.heading = opened.inner_text("h1")
        self.width = opened.evaluate("document.documentElement.scrollWidth")
        self.links = opened.eval_on_selector_all("a", "links => links.map(link => link.href)")
        opened.eval_on_selector("h1", "heading => heading.remove()")
        self.text = opened.inner_text("body")
        opened.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ["accepted", "routed", "answered", "split", "introduction"])
def test_a_mail_on_a_phone_is_its_plain_text_and_nothing_else(browser: Browser, code: str, language: str) -> None:
    shown = specimen(POLICY, code, language, EMAIL)

    mail = Opened(browser, shown.html or "")

    assert words(mail.text) == words(shown.body)
    assert mail.heading == "K7QF-9D2MX-4Q"
    assert (mail.width, mail.asked) == (PHONE["width"], [])
    assert mail.links == re.findall(r"https?://\S+", shown.body)


@pytest.mark.parametrize("language", ["id", "en"])
def test_a_digest_on_a_phone_is_its_plain_text_in_tables(browser: Browser, language: str) -> None:
    for values in digests(POLICY, language):
        text = POLICY.templates.render(DIGEST, language, values, EMAIL)

        mail = Opened(browser, text.html or "")

        assert words(mail.text) == words(text.body.replace(CELLS, " "))
        assert mail.heading == values["agency_name"]
        assert (mail.width, mail.asked, mail.links) == (PHONE["width"], [], [])
        assert (text.html or "").count("<tr>") == sum(CELLS in line for line in text.body.splitlines())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_long_wraps_instead_of_scrolling(browser: Browser, scheme: str) -> None:
    text = POLICY.templates.render("answered", "su", longest(POLICY, "su", EMAIL) | LONG, EMAIL)

    mail = Opened(browser, text.html or "", scheme)

    assert words(mail.text) == words(text.body)
    assert (mail.width, mail.asked) == (PHONE["width"], [])
    assert mail.links == ["https://lapor.example/" + "a" * 200, SAMPLES["link"]]


@pytest.mark.parametrize("width", [360, 1200])
def test_the_page_of_all_notices_fits_and_loads_nothing(browser: Browser, width: int) -> None:
    asked: list[str] = []
    shown = browser.new_page(viewport={"width": width, "height": 800})
    shown.on("request", lambda request: asked.append(request.url))

    shown.set_content(page(), wait_until="load")

    assert shown.evaluate("document.documentElement.scrollWidth") == width
    assert [url for url in asked if not url.startswith("about:")] == []
    shown.close()


def test_what_somebody_wrote_is_shown_and_not_obeyed(browser: Browser) -> None:
    attack = '<img src="http://evil.example/x"><script>document.title = "x"</script><b onclick="x">tebal</b> &amp;'
    text = POLICY.templates.render("answered", "id", longest(POLICY, "id", EMAIL) | {"answer": attack}, EMAIL)

    mail = Opened(browser, text.html or "")

    assert " ".join(attack.split()) in words(mail.text)
    assert mail.asked == []
