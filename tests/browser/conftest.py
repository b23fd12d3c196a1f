"""A real Chromium for the tests marked `browser`: the one that the system has, since
Playwright's own would be a download."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from prosaas.processes import is_root

# It would look for updates and for its maker's hosts at every start.
SILENT = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a Chromium they are left out, unless PROSAAS_REQUIRE_BROWSER=1 asks for them."""
    if chromium() or os.environ.get("PROSAAS_REQUIRE_BROWSER") == "1":
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


# Not for the session: while it is open, Playwright's event loop runs in this thread, and no
# asynchronous test elsewhere could have one of its own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    program = chromium()
    if program is None:
        pytest.fail("Chromium is not installed (Debian: apt-get install chromium).")
    # Beside a running event loop Django refuses its ORM.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        # Root's Chromium cannot have the sandbox.
        arguments = [*SILENT, "--no-sandbox"] if is_root() else [*SILENT]
        with playwright.chromium.launch(executable_path=program, args=arguments) as browser:
            yield browser
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window with no memory, in Hebrew. What its console complains of fails the test."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # Chromium asks for an icon by itself.
        if message.type == "error" and not message.location["url"].endswith("/favicon.ico"):
            complaints.append(message.text)

    with browser.new_context(locale="he-IL") as context:
        window = context.new_page()
        window.set_default_timeout(10_000)
        window.on("console", listen)
        window.on("pageerror", lambda error: complaints.append(str(error)))
        yield window
    assert complaints == []
