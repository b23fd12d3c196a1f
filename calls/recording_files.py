"""Where recordings lie: a folder that no address leads to."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, NoReturn

from asgiref.sync import sync_to_async
from django.core.files import File
from django.core.files.storage import FileSystemStorage
from django.http import FileResponse

READABLE_BY_US = 0o600
FOLDER_OF_OURS = 0o700


class StreamedFile(File):  # type: ignore[type-arg]  # what it is a file of is not known
    """Content that comes in pieces and is never whole in memory."""

    def __init__(self, pieces: Iterable[bytes], name: str) -> None:
        super().__init__(None, name)
        self._pieces = pieces

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        return iter(self._pieces)


class PrivateFolder(FileSystemStorage):
    """A file is there whole or not at all, and takes the place of one of the same name."""

    def __init__(self, location: str) -> None:
        super().__init__(
            location=location,
            file_permissions_mode=READABLE_BY_US,
            directory_permissions_mode=FOLDER_OF_OURS,
            allow_overwrite=True,
        )

    def url(self, name: str | None) -> NoReturn:
        raise ValueError("A recording has no address: it is opened by whoever may hear it.")

    def _save(self, name: str, content: File[Any]) -> str:
        path = Path(self.path(name))
        path.parent.mkdir(FOLDER_OF_OURS, parents=True, exist_ok=True)
        # Beside its place: a file is put there in one step only within one file system.
        with NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
            try:
                for piece in content.chunks():
                    part.write(piece)
                part.flush()
                os.fsync(part.fileno())
                Path(part.name).chmod(READABLE_BY_US)
                Path(part.name).replace(path)
            except BaseException:
                Path(part.name).unlink(missing_ok=True)
                raise
        return name


class AudioResponse(FileResponse):
    """Piece by piece under ASGI as well, where Django would read a file to its end before the first
    byte goes out.
    """

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.file_to_stream is None:
            return
        read = sync_to_async(self.file_to_stream.read, thread_sensitive=False)
        while piece := await read(self.block_size):
            yield piece
