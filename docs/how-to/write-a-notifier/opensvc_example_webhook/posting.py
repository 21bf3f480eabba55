"""Posting JSON to web servers, to all of them at the same time, each within its time."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Mapping
from urllib.parse import SplitResult

from opensvc_core.api import ActionFailed
from opensvc_example_webhook.keywords import WebhookKeywords


def post_all(targets: Iterable[tuple[str, WebhookKeywords]], facts: Mapping[str, object]) -> None:
    """Post the facts. Raises ActionFailed with a reason for each server that was not told."""
    body = json.dumps(facts).encode()
    posts = [(name, Post(target.url, body, target.timeout)) for name, target in targets]
    if problems := [f"{name}: {problem}" for name, post in posts if (problem := post.problem())]:
        raise ActionFailed("; ".join(problems))


class Post:
    """A post that has begun. It has a thread, because nothing else bounds the look-up of a name, or a server that sends byte after byte."""

    def __init__(self, url: SplitResult, body: bytes, timeout: float) -> None:
        self._url, self._body, self._timeout = url, body, timeout
        self._deadline = time.monotonic() + timeout
        # the host alone: a path often is what lets one post
        self._problem = f"{url.hostname} has not answered within {timeout:g} s"
        self._thread = threading.Thread(target=self._work, name="webhook", daemon=True)
        self._thread.start()

    def problem(self) -> str:
        """Wait for its end; why the server was not told, or an empty text."""
        self._thread.join(max(0.0, self._deadline - time.monotonic()))
        return self._problem

    def _work(self) -> None:
        # http.client is imported here: an action that tells nobody anything is spared 20 ms
        from http.client import HTTPConnection, HTTPException, HTTPSConnection  # noqa: PLC0415

        kind = HTTPSConnection if self._url.scheme == "https" else HTTPConnection
        connection = kind(self._url.hostname or "", self._url.port, timeout=self._timeout)
        path = self._url._replace(scheme="", netloc="", fragment="").geturl() or "/"
        try:
            connection.request("POST", path, self._body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            self._problem = "" if answer.status // 100 == 2 else f"{self._url.hostname} answers {answer.status} {answer.reason}"
        except (OSError, HTTPException) as error:
            self._problem = f"{self._url.hostname}: {getattr(error, 'strerror', None) or error or type(error).__name__}"
        finally:
            connection.close()
