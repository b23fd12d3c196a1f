"""What is missing or unsafe in the settings, and what to set."""

from __future__ import annotations
