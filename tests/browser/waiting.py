from __future__ import annotations

from playwright.sync_api import Page


def comes_true(page: Page, condition: str, *, within_ms: int = 10_000) -> None:
    """Of a function in JavaScript. Playwright's own `wait_for_function` evaluates its text anew for
    each look, which the content security policy of our pages forbids from the second look on.
    """
    held = page.evaluate(
        f"""async () => {{
            const holds = {condition};
            for (const until = performance.now() + {within_ms}; performance.now() < until; ) {{
                if (holds()) return true;
                await new Promise(requestAnimationFrame);
            }}
            return holds();
        }}"""
    )
    assert held, condition
