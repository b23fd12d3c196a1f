"""What the owner sees first. It asks several apps, so it belongs to the project."""

from __future__ import annotations
