"""From the file that an owner has to the people in it: bytes to rows, rows to contacts or errors.

Nothing in this package stores anything. `tables.open_table` reads the file, `proposing` guesses
which column is which, `rows.read_contacts` goes through it, `export` writes what is handed out.
"""

from __future__ import annotations
