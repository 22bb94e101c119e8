"""Answers that are not the one that was asked for, and none at all: each in words, once."""

from typing import Any

import httpx
import msgspec

from intact_core.errors import Busy, Offline, ServerFault
from intact_desktop.sync import retry_after

SIGN_IN_TO_NETWORK = 511


def sentence(problem: dict[str, Any]) -> str:
    words = (problem.get(name) for name in ("sentence", "message", "detail"))
    return next((str(one) for one in words if one), "")


def problem(response: httpx.Response) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(response.content)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def offline(error: httpx.TransportError) -> Offline:
    if isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout):
        return Offline(
            "The server was reached, but then nothing came from it any more. Your work is saved on "
            "this computer and is sent later.",
            details=str(error),
        )
    return Offline(
        "The server cannot be reached. Your work is saved on this computer and is sent later.",
        details=str(error),
    )


def busy(response: httpx.Response, problem: dict[str, Any] | None) -> Busy:
    plain = (
        f"The server could not do it ({response.status_code}). Nothing was lost; it is tried again."
    )
    # What our server says is a sentence for people; of what others say nobody knows.
    said = (problem or {}).get("sentence") or plain
    return Busy(str(said), after_seconds=retry_after.seconds_of(response.headers))


def is_web_page(response: httpx.Response) -> bool:
    return "html" in response.headers.get("content-type", "") or response.is_redirect


def not_ours(response: httpx.Response) -> ServerFault:
    if is_web_page(response) or response.status_code == SIGN_IN_TO_NETWORK:
        return ServerFault(
            "A web page answered in place of the server: perhaps this network asks you to sign in "
            "first. Open a browser, sign in to the network, then sync again. Nothing was lost.",
            title="Something stands between this computer and the server",
        )
    return garbled(response.text[:200])


def garbled(details: str) -> ServerFault:
    return ServerFault(
        "The server answered with something that is not understood. Check its address. "
        "Nothing was lost.",
        details=details,
    )
