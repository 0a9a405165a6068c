"""OpenAI's files: uploaded, read, deleted."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

import msgspec
from aiohttp import web

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
        parts = _parts(request.headers.get("content-type", ""), await request.read())
        _, purpose = parts.get("purpose", ("", b""))
        name, content = parts.get("file", ("", b""))
        if not content:
            raise TroubleError("invalid", "The file is empty, or there is none.")
        file = self.put(name or "file", purpose.decode(errors="replace"), content)
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


def _parts(content_type: str, body: bytes) -> dict[str, tuple[str, bytes]]:
    """The parts of a multipart form by name: file name and content. (aiohttp's own reader warns at times.)"""
    boundary = re.search(r'boundary="?([^";]+)', content_type)
    if boundary is None:
        raise TroubleError("invalid", "A multipart form is needed.")
    found = {}
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.group(1).encode())[1:]:
        head, _, content = part.partition(b"\r\n\r\n")
        words = dict(re.findall(r'\b(name|filename)="([^"]*)"', head.decode(errors="replace")))
        if "name" in words:
            found[words["name"]] = (words.get("filename", ""), content)
    return found


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
