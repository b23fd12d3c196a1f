"""The folder of recordings: whole files or none, that nobody else can read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import storages

from calls.recording_files import AudioResponse, PrivateFolder, StreamedFile


@pytest.fixture
def folder(tmp_path: Path) -> PrivateFolder:
    return PrivateFolder(location=str(tmp_path / "recordings"))


def files_in(folder: PrivateFolder) -> list[str]:
    return [path.name for path in Path(folder.location).rglob("*") if path.is_file()]


def test_what_comes_in_pieces_is_one_file_that_only_we_can_read(folder: PrivateFolder) -> None:
    name = folder.save("shop/one.wav", StreamedFile([b"RIFF", b"audio"], "one.wav"))

    path = Path(folder.path(name))
    assert path.read_bytes() == b"RIFFaudio"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_of_what_breaks_off_nothing_is_left(folder: PrivateFolder) -> None:
    def broken() -> Iterator[bytes]:
        yield b"RIFF"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        folder.save("shop/one.wav", StreamedFile(broken(), "one.wav"))
    assert files_in(folder) == []


def test_until_the_last_piece_has_come_there_is_no_file_of_that_name(
    folder: PrivateFolder,
) -> None:
    def watched() -> Iterator[bytes]:
        yield b"RIFF"
        assert not folder.exists("shop/one.wav")

    folder.save("shop/one.wav", StreamedFile(watched(), "one.wav"))
    assert files_in(folder) == ["one.wav"]


def test_a_second_attempt_takes_the_place_of_the_first(folder: PrivateFolder) -> None:
    for content in (b"first", b"second"):
        assert folder.save("shop/one.wav", StreamedFile([content], "one.wav")) == "shop/one.wav"
    assert files_in(folder) == ["one.wav"]
    assert Path(folder.path("shop/one.wav")).read_bytes() == b"second"


def test_no_address_leads_to_a_recording() -> None:
    recordings = storages["recordings"]
    with pytest.raises(ValueError, match="no address"):
        recordings.url("shop/one.wav")
    location = Path(settings.RECORDINGS_DIR)
    for served in (*settings.STATICFILES_DIRS, settings.BASE_DIR / "templates"):
        assert not location.is_relative_to(served)


async def test_under_asgi_a_file_goes_out_piece_by_piece(tmp_path: Path) -> None:
    path = tmp_path / "one.wav"
    path.write_bytes(b"x" * 10_000)
    response = AudioResponse(path.open("rb"), content_type="audio/wav")

    pieces = [piece async for piece in response]
    response.close()

    assert len(pieces) == 3
    assert b"".join(pieces) == path.read_bytes()
