"""The page from a server that this machine alone can reach, and that knows nothing but what it was given to show."""

from __future__ import annotations

import hmac
import json
import re
import secrets
import socketserver
import sys
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from ..errors import CoincodecError, UsageError
from . import page
from .catalogue import in_one_line
from .pictures import MissingError, Pictures

ADDRESS = "127.0.0.1"

# Seconds that a connection may say nothing.
_PATIENCE = 60

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)

Query = Mapping[str, str]

# Type and contents.
Answer = tuple[str, bytes]


class Server(ThreadingHTTPServer):
    """Serves the pictures at `url` to whoever knows it on this machine; `serve_forever` until `shutdown`.

    port: 0 for one that is free. Raises OSError if it is taken, OverflowError if there is no such port.
    """

    daemon_threads = True

    def __init__(self, pictures: Pictures, port: int = 0) -> None:
        self.token = secrets.token_urlsafe(16)
        self.answers = _answers(pictures)
        super().__init__((ADDRESS, port), _Handler)
        self.hosts = tuple(f"{name}:{self.server_port}" for name in (ADDRESS, "localhost"))
        self.url = f"http://{self.hosts[0]}/{self.token}/"

    def server_bind(self) -> None:
        """As the base class has it, but for asking a name server what we are called."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = ADDRESS, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that does not wait for an answer is no error."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "coincodec", ""
    timeout = _PATIENCE

    def parse_request(self) -> bool:
        """Refuses what no page of ours asks for, whatever it asks for."""
        if not super().parse_request():
            return False
        if self.command != "GET":
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, "nothing but GET is answered")
        elif self.headers.get_all("Host", []) not in [[host] for host in self.server.hosts]:
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST, "this server answers to its own address alone")
        elif self.headers.get_all("Origin", []) not in [[], *([f"http://{host}"] for host in self.server.hosts)]:
            self._refuse(HTTPStatus.FORBIDDEN, "this server answers to its own pages alone")
        elif "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
            self._refuse(HTTPStatus.BAD_REQUEST, "a request has no contents")
        else:
            return True
        return False

    def do_GET(self) -> None:
        """Answers."""
        path, _, query = self.path.partition("?")
        _, token, name = path.split("/", 2) if path.count("/") == 2 else ("", "", "")
        known = hmac.compare_digest(token.encode(), self.server.token.encode())
        answer = self.server.answers.get(name) if known and path.startswith("/") else None
        if answer is None:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"there is nothing here\n")
            return
        try:
            kind, contents = answer(_fields(query))
        except (CoincodecError, OSError, MemoryError) as error:
            self._send(_status(error), "text/plain", f"{in_one_line(error)}\n".encode())
        else:
            self._send(HTTPStatus.OK, kind, contents)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class refuses, in our form."""
        self._refuse(HTTPStatus(code), message or HTTPStatus(code).phrase)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are nobody's business."""

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        """Answers and hangs up, since what follows may be the contents of the request."""
        self.close_connection = True
        self.request_version = self.protocol_version  # or what named none would get no headers
        self._send(status, "text/plain", f"{text}\n".encode())

    def _send(self, status: HTTPStatus, kind: str, contents: bytes) -> None:
        self.send_response(status)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET")
        if self.close_connection:
            self.send_header("Connection", "close")
        text = kind.startswith("text/") or kind == "application/json"
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if text else kind)
        self.send_header("Content-Length", str(len(contents)))
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(contents)


def _answers(pictures: Pictures) -> dict[str, Callable[[Query], Answer]]:
    """All that can be asked for, by name."""

    def tile(query: Query) -> Answer:
        left, top, right, bottom = _numbers(query, "region", 4)
        width, height = _numbers(query, "size", 2)
        layer = query.get("of", "coin")
        return "image/png", pictures.tile(_number(query), layer, (left, top, right, bottom), (width, height))

    def preview(query: Query) -> Answer:
        (step,) = _numbers(query, "step", 1)
        return "image/png", pictures.preview(_number(query), step)

    files = page.files()
    return {
        "": partial(_file, files["index.html"]),
        **{name: partial(_file, answer) for name, answer in files.items()},
        "catalogue.json": lambda query: _json(pictures.catalogue()),
        "info": lambda query: _json(pictures.info(_number(query))),
        "tile": tile,
        "previews": lambda query: _json(pictures.previews(_number(query))),
        "preview": preview,
    }


def _file(answer: Answer, query: Query) -> Answer:
    return answer


def _json(value: Any) -> Answer:
    return "application/json", json.dumps(value).encode()


def _fields(query: str) -> dict[str, str]:
    """The fields of a query. Raises `UsageError` if it has one twice or is none."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=8)
    except ValueError:
        raise UsageError("a query is name=value, with & between them") from None
    if len(fields := dict(pairs)) != len(pairs):
        raise UsageError("a field was given twice")
    return fields


def _number(query: Query) -> int:
    return _numbers(query, "picture", 1)[0]


def _numbers(query: Query, name: str, count: int) -> list[int]:
    found = query.get(name, "").split(",")
    if len(found) != count or not all(map(_NUMBER.fullmatch, found)):
        raise UsageError(f"{name} must be {count} whole numbers" if count > 1 else f"{name} must be a whole number")
    return [int(number) for number in found]


def _status(error: BaseException) -> HTTPStatus:
    """404 for a picture that is not there, 400 for what cannot be asked for, 422 for files that cannot be shown."""
    if isinstance(error, MissingError | FileNotFoundError):
        return HTTPStatus.NOT_FOUND
    if isinstance(error, UsageError):
        return HTTPStatus.BAD_REQUEST
    if isinstance(error, CoincodecError):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.INTERNAL_SERVER_ERROR
