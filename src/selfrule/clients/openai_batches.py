"""OpenAI's Batch interface: a file of requests goes up, a file of results comes down within a day, at half the price.

A batch carries its tag as metadata, so one whose submission was not heard of is found again by listing. The uploaded file
holds conversations: it goes by itself after three days (a batch lasts one), and `forget` takes it and the results away at
once. What this leaves open: a process that dies between uploading the file and making the batch leaves the file there for
those three days.
"""

from __future__ import annotations

import io
import time
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Any

import msgspec

from selfrule.clients import faults
from selfrule.clients.looped import Looped
from selfrule.clients.types import BatchState, CallError, Reply, Request
from selfrule.clients.wire import encode, split
from selfrule.errors import UsageError

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import Batch

_ENDED = {"completed", "failed", "expired", "cancelled"}
_INPUT_KEPT_S = 3 * 86400
_LOOKED_BACK_S = 30 * 86400
_TIMEOUT_S = 600.0


class _Response(msgspec.Struct):
    status_code: int = 0
    body: msgspec.Raw = msgspec.Raw(b"null")


class _Row(msgspec.Struct):
    custom_id: str
    response: _Response | None = None
    error: dict[str, Any] | None = None


_row = msgspec.json.Decoder(_Row)


class OpenAIBatches:
    """OpenAI's batches, through OpenAI's own client.

    Args:
        url: Base address.
        key: The key.
        body: The body of a question.
        read: A chat completion as a reply.
        proxy: Address of a proxy, or None.
    """

    most_requests = 50_000
    most_bytes = 200_000_000

    def __init__(
        self,
        url: str,
        key: str,
        body: Callable[[Request], dict[str, Any]],
        read: Callable[[msgspec.Raw], Reply],
        proxy: str | None,
    ) -> None:
        self._url = url
        self._key = key
        self._body = body
        self._read = read
        self._proxy = proxy
        self._clients = Looped(self._made, lambda client: client.close())

    def __repr__(self) -> str:
        return f"OpenAIBatches({self._url!r})"

    def _made(self) -> AsyncOpenAI:
        from openai import AsyncOpenAI, DefaultAioHttpClient

        return AsyncOpenAI(
            api_key=self._key,
            base_url=self._url,
            max_retries=0,
            timeout=_TIMEOUT_S,
            http_client=DefaultAioHttpClient(follow_redirects=False, proxy=self._proxy, trust_env=False),
        )

    def headers(self) -> dict[str, str]:
        """What OpenAI's client sends with every request: key, organisation, project, version."""
        client = self._made()
        return {k: v for k, v in {**client.default_headers, **client.auth_headers}.items() if isinstance(v, str)}

    def line(self, custom_id: str, request: Request) -> bytes:
        """A request as it stands in the file, with the end of its line."""
        row = {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": self._body(request)}
        return encode(row) + b"\n"

    def size(self, custom_id: str, request: Request) -> int:
        """Bytes that a request takes in a batch."""
        return len(self.line(custom_id, request))

    async def submit(self, requests: list[tuple[str, Request]], tag: str) -> str:
        """Send requests (custom id, request) as one batch that carries `tag`; its id.

        Raises:
            UsageError: more than a batch holds.
            CallError: it was not taken. With "connection" or "timeout" it may have been all the same: `find` tells.
        """
        content = io.BytesIO()
        for custom_id, request in requests:
            content.write(self.line(custom_id, request))
        if len(requests) > self.most_requests or content.tell() > self.most_bytes:
            raise UsageError(
                f"A batch of {len(requests)} requests and {content.tell()} bytes was to be sent; OpenAI takes "
                f"{self.most_requests} and {self.most_bytes}. Split it."
            )
        content.seek(0)
        client = await self._clients.get()
        try:
            file = await client.files.create(
                file=(f"selfrule-{tag}.jsonl", content),
                purpose="batch",
                expires_after={"anchor": "created_at", "seconds": _INPUT_KEPT_S},
            )
            batch = await client.batches.create(
                input_file_id=file.id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={"selfrule": tag},
            )
        except faults.raised_by("openai") as error:
            raise _failure(error) from None
        return batch.id

    async def find(self, tag: str) -> str | None:
        """The id of a batch that carries `tag`; the newest where there are several, None where there is none."""
        oldest = time.time() - _LOOKED_BACK_S
        try:
            async for batch in (await self._clients.get()).batches.list(limit=100):
                if (batch.metadata or {}).get("selfrule") == tag:
                    return batch.id
                if batch.created_at < oldest:
                    return None
        except faults.raised_by("openai") as error:
            raise _failure(error) from None
        return None

    async def _retrieved(self, batch: str) -> Batch:
        try:
            return await (await self._clients.get()).batches.retrieve(batch)
        except faults.raised_by("openai") as error:
            raise _failure(error) from None

    async def state(self, batch: str) -> BatchState:
        """Where a batch stands."""
        found = await self._retrieved(batch)
        counts = found.request_counts
        total, done, failed = (counts.total, counts.completed, counts.failed) if counts is not None else (0, 0, 0)
        ended = found.status in _ENDED
        left = max(0, total - done - failed)
        problem = ""
        if found.status == "failed":
            told = found.errors.data if found.errors is not None else None
            problem = (told and faults.from_error({"code": told[0].code, "message": told[0].message}, 400).message) or (
                "the batch failed as a whole, and no reason is given"
            )
        return BatchState(batch, ended, 0 if ended else left, done, failed, left if ended else 0, problem)

    async def each_result(self, batch: str) -> AsyncGenerator[tuple[str, Reply | CallError], None]:
        """The results of an ended batch, one at a time; what has none (expired, never begun) does not come at all.

        Raises:
            CallError: the results cannot be had. A batch that failed as a whole has none; `state` says why.
        """
        found = await self._retrieved(batch)
        for file_id in (found.output_file_id, found.error_file_id):
            if file_id is None:
                continue
            try:
                async with (await self._clients.get()).files.with_streaming_response.content(file_id) as response:
                    async for line in split(response.iter_bytes(65536)):
                        yield self._result(line)
            except faults.raised_by("openai") as error:
                raise _failure(error) from None

    def _result(self, line: bytes) -> tuple[str, Reply | CallError]:
        """One line of a file of results."""
        try:
            row = _row.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise CallError("garbled", "a line of the results is none") from None
        if row.response is None:
            return row.custom_id, faults.from_error(row.error or {"code": "batch_expired"})
        if not 200 <= row.response.status_code < 300:
            return row.custom_id, faults.from_response(row.response.status_code, {}, bytes(row.response.body))
        try:
            reply = self._read(row.response.body)
        except CallError as error:
            return row.custom_id, error
        return row.custom_id, reply

    async def results(self, batch: str) -> list[tuple[str, Reply | CallError]]:
        """All of `each_result` at once."""
        return [result async for result in self.each_result(batch)]

    async def forget(self, batch: str) -> None:
        """Delete the files of an ended batch at OpenAI, once its results are kept; files already gone are no error."""
        found = await self._retrieved(batch)
        for file_id in (found.input_file_id, found.output_file_id, found.error_file_id):
            if file_id is None:
                continue
            try:
                await (await self._clients.get()).files.delete(file_id)
            except faults.raised_by("openai") as error:
                failure = _failure(error)
                if failure.status != 404:
                    raise failure from None

    async def close(self) -> None:
        """Close connections."""
        await self._clients.close()


def _failure(error: BaseException) -> CallError:
    """A failure of this interface. A missing batch or file is no missing model: it must not end a run as one would."""
    found = faults.from_exception(error)
    if found.fault == "unknown_model":
        return CallError("rejected", found.message, retry_after=found.retry_after, status=found.status)
    return found
