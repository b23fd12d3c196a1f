"""The whole product in one terminal: its processes, two businesses, and somebody who calls them."""

from __future__ import annotations
