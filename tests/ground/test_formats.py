"""A moment is written in one manner, wherever a page writes it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from outbound.windows import moment

AFTERNOON = datetime(2026, 11, 2, 16, 5, tzinfo=UTC)
DAY = {"en": "Nov. 2, 2026", "he": "2 בנובמבר 2026", "ar": "2 نوفمبر، 2026"}


@pytest.mark.parametrize("language", DAY)
def test_one_moment_is_written_in_one_manner(language: str) -> None:
    day, comma = DAY[language], "،" if language == "ar" else ","
    whole = f"{day}{comma} 16:05"
    with translation.override(language), timezone.override(UTC):
        assert written("DATE_FORMAT") == written("SHORT_DATE_FORMAT") == day
        assert written("DATETIME_FORMAT") == written("SHORT_DATETIME_FORMAT") == whole
        assert written("TIME_FORMAT") == "16:05"
        assert moment(AFTERNOON, UTC) == whole
        assert Template("{{ at }}").render(Context({"at": AFTERNOON})) == whole


def written(name: str) -> str:
    return Template(f'{{{{ at|date:"{name}" }}}}').render(Context({"at": AFTERNOON}))
