"""A first prompt out of a short questionnaire; how its texts are written stands in texts/README.md.

Pure: files of this folder, no database. What comes out is a draft like any other, and the owner's.
"""

from __future__ import annotations
