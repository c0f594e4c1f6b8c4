"""A Chromium as somebody has it on a telephone who lets no script run; it remembers what it asked whom for."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import Page, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT = 360, 800
WITHIN_MS = 30_000


def chromium() -> str | None:
    """Return where a Chromium is; None if there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


NO_CHROMIUM = f"there is no browser here: none of {', '.join(NAMES)} is in the PATH (apt-get install chromium)"


@dataclass
class Telephone:
    """A page in the browser, and every address that it asked for."""

    page: Page
    asked: list[str] = field(default_factory=list)

    @property
    def hosts(self) -> set[str]:
        """Return whom it has asked for anything."""
        return {urlsplit(url).netloc for url in self.asked}

    async def overflow(self) -> int:
        """Return how many pixels of the page lie beside the screen."""
        return int(await self.page.locator("html").evaluate("page => page.scrollWidth - page.clientWidth"))

    async def says(self, text: str) -> None:
        """Return once *text* is seen on the page."""
        await self.page.get_by_text(text).first.wait_for()


@asynccontextmanager
async def telephone(locale: str = "id-ID") -> AsyncIterator[Telephone]:
    """Give a telephone whose owner speaks the language of *locale*."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        try:
            context = await browser.new_context(
                locale=locale, java_script_enabled=False, viewport={"width": WIDTH, "height": HEIGHT}, is_mobile=True
            )
            context.set_default_timeout(WITHIN_MS)
            held = Telephone(await context.new_page())
            held.page.on("request", lambda request: held.asked.append(request.url))
            yield held
        finally:
            await browser.close()
