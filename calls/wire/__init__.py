"""Pure codecs: what the two vendors say becomes events, what the engine says becomes JSON.

What comes from outside is never trusted and never fatal: a message that is not understood becomes
an `Ignored` with its kind, which the bridge counts.
"""

from __future__ import annotations
