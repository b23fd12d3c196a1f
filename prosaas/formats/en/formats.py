from __future__ import annotations

DATE_FORMAT = SHORT_DATE_FORMAT = "N j, Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "N j, Y, H:i"
MONTH_DAY_FORMAT = "M j"
