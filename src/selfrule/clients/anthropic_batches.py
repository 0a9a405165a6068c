"""Anthropic's Message Batches: up to 100,000 messages at half the price, done within a day.

A batch at Anthropic carries no words of ours but the ids of its requests, so each id begins with a mark of the batch's tag,
and `find` knows a batch by it. The ids are told only once a batch has ended. While any batch that may be the one sought has
not, `find` says that it cannot know yet ("overloaded", to be asked again later) rather than that there is none: nothing is
submitted twice, at the cost of a wait of a day at most, which is when every batch has ended. What `find` is told of the
batch (its size, when it was begun) narrows that down to batches of that very size.
"""

from __future__ import annotations

import io
import time
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import msgspec

from selfrule.clients import faults
from selfrule.clients.looped import Looped
from selfrule.clients.marks import mark, mark_in, marked, unmarked
from selfrule.clients.types import BatchState, CallError, Reply, Request
from selfrule.clients.wire import Wire, encode
from selfrule.errors import UsageError

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from anthropic.types.messages import MessageBatch

_LOOKED_BACK_S = 29 * 86400  # results are kept for 29 days
_CLOCKS_APART_S = 300
_TIMEOUT_S = 600.0


class _Result(msgspec.Struct):
    type: str
    message: msgspec.Raw = msgspec.Raw(b"null")
    error: dict[str, Any] | None = None


class _Row(msgspec.Struct):
    custom_id: str
    result: _Result


class _Submitted(msgspec.Struct):
    id: str


_row = msgspec.json.Decoder(_Row)
_submitted = msgspec.json.Decoder(_Submitted)


class AnthropicBatches:
    """Anthropic's batches, through Anthropic's own client.

    Args:
        url: Base address.
        key: The key.
        body: The body of a question.
        read: A message as a reply.
        proxy: Address of a proxy, or None.
    """

    most_requests = 100_000
    most_bytes = 256_000_000

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
        self._wire = Wire(url, self.headers, proxy)
        self._ours: set[str] = set()
        self._marks: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"AnthropicBatches({self._url!r})"

    def _made(self) -> AsyncAnthropic:
        from anthropic import AsyncAnthropic, DefaultAioHttpClient

        return AsyncAnthropic(
            api_key=self._key,
            base_url=self._url,
            max_retries=0,
            timeout=_TIMEOUT_S,
            open_telemetry=False,  # its spans can hold the content of requests
            http_client=DefaultAioHttpClient(follow_redirects=False, proxy=self._proxy, trust_env=False),
        )

    def headers(self) -> dict[str, str]:
        """What Anthropic's client sends with every request: key, version."""
        client = self._made()
        return {k: v for k, v in {**client.default_headers, **client.auth_headers}.items() if isinstance(v, str)}

    def size(self, custom_id: str, request: Request) -> int:
        """Bytes that a request takes in a batch."""
        return len(self._entry(custom_id, request)) + 80  # the longest id, and a comma

    def _entry(self, wire_id: str, request: Request) -> bytes:
        return encode({"custom_id": wire_id, "params": self._body(request)})

    async def submit(self, requests: list[tuple[str, Request]], tag: str) -> str:
        """Send requests (custom id, request) as one batch that carries `tag`; its id.

        Raises:
            UsageError: more than a batch holds, or an id that cannot be sent.
            CallError: it was not taken. With "connection" or "timeout" it may have been all the same: `find` tells.
        """
        body = io.BytesIO()
        body.write(b'{"requests":[')
        for number, (custom_id, request) in enumerate(requests):
            body.write((b"," if number else b"") + self._entry(marked(tag, custom_id), request))
        body.write(b"]}")
        if len(requests) > self.most_requests or body.tell() > self.most_bytes:
            raise UsageError(
                f"A batch of {len(requests)} requests and {body.tell()} bytes was to be sent; Anthropic takes "
                f"{self.most_requests} and {self.most_bytes}. Split it."
            )
        body.seek(0)
        try:
            # not by the client's own method, which walks through every request once more
            content = await self._wire.send("/v1/messages/batches", body, timeout=_TIMEOUT_S)
            batch = _submitted.decode(content).id
        except CallError as error:
            raise _failure(error) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise CallError("garbled", "the batch was taken, or not: the answer cannot be read") from None
        self._ours.add(batch)
        return batch

    async def find(
        self, tag: str, *, size: int | None = None, since: float | None = None, known: Collection[str] = ()
    ) -> str | None:
        """The id of a batch that carries `tag`, None where there is none.

        Args:
            tag: What it was submitted with.
            size: The number of its requests, if known: batches of another size are not it.
            since: When it was about to be submitted, in seconds since 1970: older batches are not it.
            known: Ids of batches that are known to carry another tag. Those this client submitted or asked about are too.

        Raises:
            CallError: "overloaded" where it cannot be told yet, as a batch that may be the one has not ended; or the list
                cannot be had.
        """
        sought = mark(tag)
        oldest = time.time() - _LOOKED_BACK_S if since is None else since - _CLOCKS_APART_S
        undecided = 0
        try:
            async for batch in (await self._clients.get()).messages.batches.list(limit=100):
                if batch.created_at.timestamp() < oldest:
                    break
                counts = batch.request_counts
                total = counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired
                if batch.id in self._ours or batch.id in known or (size is not None and total != size):
                    continue
                if batch.processing_status != "ended":
                    undecided += 1
                elif batch.archived_at is None and await self._mark_of(batch.id) == sought:
                    return batch.id
        except CallError as error:
            raise _failure(error) from None
        except faults.raised_by("anthropic") as error:
            raise _failure(error) from None
        if undecided:
            raise CallError(
                "overloaded",
                f"{undecided} batch(es) at Anthropic have not ended, and only then can it be told whether one is ours",
            )
        return None

    async def _mark_of(self, batch: str) -> str:
        """The mark that the first of a batch's results carries; "" for none. Asked once for a batch."""
        if batch not in self._marks:
            found = ""
            async with aclosing(self._wire.lines(_path(batch), timeout=_TIMEOUT_S)) as lines:
                async for line in lines:
                    found = mark_in(_decoded(line).custom_id)
                    break
            self._marks[batch] = found  # only now: a mark that could not be had must not pass for none
        return self._marks[batch]

    async def _retrieved(self, batch: str) -> MessageBatch:
        try:
            found = await (await self._clients.get()).messages.batches.retrieve(batch)
        except faults.raised_by("anthropic") as error:
            raise _failure(error) from None
        self._ours.add(batch)
        return found

    async def state(self, batch: str) -> BatchState:
        """Where a batch stands."""
        found = await self._retrieved(batch)
        counts = found.request_counts
        problem = "its results are no longer kept at Anthropic" if found.archived_at is not None else ""
        ended = found.processing_status == "ended"
        unanswered = counts.expired + counts.canceled
        return BatchState(batch, ended, counts.processing, counts.succeeded, counts.errored, unanswered, problem)

    async def each_result(self, batch: str) -> AsyncGenerator[tuple[str, Reply | CallError], None]:
        """The results of an ended batch, one at a time. What expired or was cancelled is a `CallError` ("timeout").

        Raises:
            CallError: the results cannot be had, or were cut in the middle.
        """
        try:
            # not the address that the batch gives for its results: text and key go to the server that was named
            async with aclosing(self._wire.lines(_path(batch), timeout=_TIMEOUT_S)) as lines:
                async for line in lines:
                    yield self._result(line)
        except CallError as error:
            raise _failure(error) from None

    def _result(self, line: bytes) -> tuple[str, Reply | CallError]:
        """One line of the results."""
        row = _decoded(line)
        custom_id, result = unmarked(row.custom_id), row.result
        if result.type == "succeeded":
            try:
                return custom_id, self._read(result.message)
            except CallError as error:
                return custom_id, error
        if result.type == "errored":
            return custom_id, faults.from_error(result.error)
        return custom_id, CallError("timeout", f"{result.type} in the batch: never answered")

    async def results(self, batch: str) -> list[tuple[str, Reply | CallError]]:
        """All of `each_result` at once."""
        return [result async for result in self.each_result(batch)]

    async def forget(self, batch: str) -> None:
        """Delete an ended batch at Anthropic, once its results are kept; one already gone is no error."""
        try:
            await (await self._clients.get()).messages.batches.delete(batch)
        except faults.raised_by("anthropic") as error:
            failure = _failure(error)
            if failure.status != 404:
                raise failure from None

    async def close(self) -> None:
        """Close connections."""
        await self._wire.close()
        await self._clients.close()


def _path(batch: str) -> str:
    return f"/v1/messages/batches/{batch}/results"


def _decoded(line: bytes) -> _Row:
    try:
        return _row.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise CallError("garbled", "a line of the results is none") from None


def _failure(error: BaseException) -> CallError:
    """A failure of this interface. A missing batch is no missing model: it must not end a run as one would."""
    found = faults.from_exception(error)
    if found.fault == "unknown_model":
        return CallError("rejected", found.message, retry_after=found.retry_after, status=found.status)
    return found
