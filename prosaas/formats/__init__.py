"""How dates and times are written, one manner a language: Django's own module of a language writes
one moment in several ways (English: "Nov. 2, 2026, 4 p.m." here and "11/02/2026" there).

The day is as the language writes it, the time by the 24-hour clock. What pages show in a narrow place,
without the year, is `MONTH_DAY_FORMAT`.
"""
