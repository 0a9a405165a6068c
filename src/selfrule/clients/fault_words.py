"""The words by which providers say what went wrong: codes, phrases, statuses, classes of exceptions."""

from __future__ import annotations

import re

from selfrule.clients.types import Fault

CODES: dict[str, Fault] = {
    "insufficient_quota": "broke",
    "billing_error": "broke",
    "billing_hard_limit_reached": "broke",
    "billing_not_active": "broke",
    "enforced_spend_limit_reached": "broke",
    "contract_spend_limit_reached": "broke",
    "linked_organization_spend_limit_reached": "broke",
    "linked_organization_billing_unavailable": "broke",
    "user_profile_not_billable": "broke",
    "user_profile_billing_not_authorized": "broke",
    "context_length_exceeded": "over_long",
    "exceed_context_size_error": "over_long",
    "model_context_window_exceeded": "over_long",
    "string_above_max_length": "over_long",
    "request_too_large": "over_long",
    "request_body_too_large_after_decoding": "over_long",
    "content_filter": "filtered",
    "content_policy_violation": "filtered",
    "responsibleaipolicyviolation": "filtered",
    "moderation_blocked": "filtered",
    "invalid_prompt": "filtered",
    "model_not_found": "unknown_model",
    "model_not_available": "unknown_model",
    "deploymentnotfound": "unknown_model",
    "organization_on_hold": "denied",
    "authentication_error": "denied",
    "invalid_api_key": "denied",
    "permission_error": "denied",
    "ramp_limit_exceeded": "rate_limited",
    "rate_limit_error": "rate_limited",
    "rate_limit_exceeded": "rate_limited",
    "overloaded_error": "overloaded",
    "server_error": "overloaded",
    "api_error": "overloaded",
    "server_overloaded": "overloaded",
    "slow_down": "overloaded",
    "conflict_error": "overloaded",
    "timeout_error": "timeout",
    "request_timeout": "timeout",
    "batch_expired": "timeout",
    "batch_cancelled": "timeout",
    "not_found_error": "unknown_model",
}
"""What providers\' error codes and types mean, in lower case."""

PHRASES: list[tuple[Fault, re.Pattern[str]]] = [
    (
        "broke",
        re.compile(
            r"credit balance is too low|exceeded your current quota|insufficient (credits|balance|funds|quota)"
            r"|reached your specified (\w+ )?usage limits|requires more credits"
        ),
    ),
    (
        "over_long",
        re.compile(
            r"prompt is too long|maximum context length|exceeds? (the )?(available |model's |maximum )?context"
            r"|context (length|window|size)\)? (was |is |has been )?(exceeded|overflow)|longer than the (model'?s |maximum )"
            r"|input (length|is too long)|exceed context limit|tokens to keep from the initial prompt|when context the overflows"
            r"|request too large for|request (body |entity )?(is )?too large|greater than the context"
        ),
    ),
    (
        "filtered",
        re.compile(
            r"content (management|filtering|filter) polic|content[_ ]filter|flagged as potentially violating"
            r"|blocked by (our )?content|triggered .{0,30}content management"
        ),
    ),
    ("unknown_model", re.compile(r"model .{0,80}(not found|does not exist|not exist)|no such model|unknown model")),
    ("denied", re.compile(r"(invalid|incorrect|missing) (api[- ]key|x-api-key|authentication)|no api[- ]key")),
]
"""What their sentences mean, in lower case, the first that is found."""

OPEN = {None, 400, 402, 403, 404, 413, 422, 429, 500}
"""Statuses that leave the kind of failure open: only there may a phrase decide."""

STATUSES: dict[int, Fault] = {
    401: "denied",
    402: "broke",
    403: "denied",
    404: "unknown_model",
    407: "denied",
    408: "timeout",
    409: "overloaded",
    413: "over_long",
    425: "overloaded",
    429: "rate_limited",
    499: "connection",
    501: "rejected",
    505: "rejected",
    504: "timeout",
}
"""What an HTTP status means by itself; the rest of 5xx is "overloaded", the rest of 4xx "rejected"."""

EXCEPTIONS: dict[str, Fault] = {
    # both vendors' clients
    "APITimeoutError": "timeout",
    "APIConnectionError": "connection",
    "APIResponseValidationError": "garbled",
    "APIWebhookValidationError": "rejected",
    "InvalidWebhookSignatureError": "rejected",
    "RetryableError": "overloaded",
    "CredentialsError": "denied",
    "IdentityTokenFileError": "denied",
    "OAuthError": "denied",
    "SubjectTokenProviderError": "denied",
    "LengthFinishReasonError": "garbled",
    "ContentFilterFinishReasonError": "filtered",
    "WebSocketConnectionClosedError": "connection",
    "WebSocketQueueFullError": "connection",
    "AnthropicError": "denied",  # raised by itself only where no credentials resolve
    "OpenAIError": "denied",
    # the transports below them
    "TimeoutError": "timeout",
    "TimeoutException": "timeout",
    "ServerTimeoutError": "timeout",
    "ClientResponseError": "garbled",
    "InvalidURL": "rejected",
    "UnsupportedProtocol": "rejected",
    "DecodingError": "garbled",
    "DecodeError": "garbled",
    "JSONDecodeError": "garbled",
    "TransportError": "connection",
    "HTTPError": "connection",
    "StreamError": "connection",
    "ClientError": "connection",
    "OSError": "connection",
    "EOFError": "connection",
}
"""The fault of an exception that carries no HTTP status, by the name of its class or of the nearest base listed here."""

MEANINGS: dict[Fault, str] = {
    "timeout": "no answer in time",
    "connection": "no connection, or it was cut",
    "garbled": "an answer that cannot be read",
    "denied": "no valid credentials",
}
"""What to say of a failure without a word from the provider."""
