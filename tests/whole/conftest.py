from __future__ import annotations

from tests.product import product

__all__ = ["product"]
