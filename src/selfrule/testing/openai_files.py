"""OpenAI's files: uploaded, read, deleted."""

from __future__ import annotations

import time
import uuid
from typing import Any

import msgspec
from aiohttp import BodyPartReader, web

from selfrule.testing.questions import TroubleError
from selfrule.testing.station import Outcome, Station


class File(msgspec.Struct):
    """A file."""

    id: str
    name: str
    purpose: str
    created: int
    content: bytes


def done(value: Any) -> Outcome:
    """A value as a reply."""
    return Outcome(200, msgspec.json.encode(value))


def limit(request: web.Request, most: int) -> int:
    """How many items of a list are wanted on a page: 20 unless told."""
    wanted = request.query.get("limit", "20")
    if not wanted.isdecimal() or not 1 <= int(wanted) <= most:
        raise TroubleError("invalid", f"limit: must be from 1 to {most}")
    return int(wanted)


def unique() -> str:
    """The rest of an id."""
    return uuid.uuid4().hex[:24]


class Files:
    """The files of one station."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.kept: dict[str, File] = {}
        for _, blob in station.shelf.kept("file"):
            file = msgspec.msgpack.decode(blob, type=File)
            self.kept[file.id] = file

    async def upload(self, request: web.Request, _: str | None) -> Outcome:
        """Take a file."""
        name, purpose, content = "file", "", b""
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            if part.name == "purpose":
                purpose = (await part.read()).decode()
            elif part.name == "file":
                name = part.filename or name
                content = bytes(await part.read())
        if not content:
            raise TroubleError("invalid", "The file is empty, or there is none.")
        file = self.put(name, purpose, content)
        return done(_file(file))

    def put(self, name: str, purpose: str, content: bytes) -> File:
        """Keep a file."""
        file = File(f"file-{unique()}", name, purpose, int(time.time()), content)
        self.kept[file.id] = file
        self.station.shelf.keep("file", file.id, msgspec.msgpack.encode(file))
        return file

    async def list_files(self, _: web.Request, __: str | None) -> Outcome:
        """All files, newest first."""
        return done(
            {"object": "list", "data": [_file(file) for file in reversed(self.kept.values())], "has_more": False}
        )

    def _file(self, request: web.Request) -> File:
        found = self.kept.get(request.match_info["id"])
        if found is None:
            raise TroubleError("missing", f"No such File object: {request.match_info['id']}")
        return found

    async def file(self, request: web.Request, _: str | None) -> Outcome:
        """One file."""
        return done(_file(self._file(request)))

    async def content(self, request: web.Request, _: str | None) -> Outcome:
        """What is in a file."""
        return Outcome(200, self._file(request).content, kind="application/octet-stream")

    async def delete(self, request: web.Request, _: str | None) -> Outcome:
        """Drop a file."""
        file = self._file(request)
        del self.kept[file.id]
        self.station.shelf.keep("file", file.id, None)
        return done({"id": file.id, "object": "file", "deleted": True})


def _file(file: File) -> dict[str, Any]:
    return {
        "id": file.id,
        "object": "file",
        "bytes": len(file.content),
        "created_at": file.created,
        "filename": file.name,
        "purpose": file.purpose,
        "status": "processed",
    }
