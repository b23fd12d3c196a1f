"""What people of a business see of leads and runs, one screen a module."""

from __future__ import annotations
