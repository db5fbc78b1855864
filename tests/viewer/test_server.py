"""The server of `coin view`: what it gives, and all that it refuses."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from folders import ALONE, DAMAGED, GOLDEN, LATENT, NAMES, NO_COIN, SIREN, original
from PIL import Image

import coincodec
from coincodec.image import to_8_bits
from coincodec.viewer.pictures import MAX_SIDE, Pictures
from coincodec.viewer.server import Server
from commands import Coin

Answer = tuple[int, http.client.HTTPMessage, bytes]


def ask(server: Server, target: str, method: str = "GET", headers: list[tuple[str, str]] | None = None) -> Answer:
    """Sends exactly this, with the right Host unless `headers` are given."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    for name, value in [("Host", server.hosts[0])] if headers is None else headers:
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    answer = response.status, response.headers, response.read()
    connection.close()
    return answer


def get(server: Server, name: str) -> Answer:
    """Asks for something below the token."""
    return ask(server, f"/{server.token}/{name}")


def shown(answer: Answer) -> np.ndarray:
    """Samples of an answer that is a PNG file."""
    status, headers, body = answer
    assert (status, headers["Content-Type"]) == (200, "image/png"), body
    return np.asarray(Image.open(io.BytesIO(body)))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("", "text/html; charset=utf-8"),
        ("index.html", "text/html; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("viewer.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("catalogue.json", "application/json; charset=utf-8"),
    ],
)
def test_the_page_comes_with_headers_that_keep_it_to_itself(server: Server, name: str, kind: str) -> None:
    status, headers, body = get(server, name)
    assert (status, headers["Content-Type"]) == (200, kind)
    assert int(headers["Content-Length"]) == len(body) > 0
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert not [name for name in headers if name.startswith("Access-Control-")]


def test_the_page_names_no_file_that_is_not_there(server: Server) -> None:
    page = get(server, "")[2].decode()
    modules = [name for name in server.answers if name.endswith((".js", ".css", ".svg"))]
    assert all(f'"{name}"' in page for name in ("viewer.js", "style.css", "picture.css", "icon.svg"))
    texts = "".join(get(server, name)[2].decode() for name in modules)
    imported = {line.split('"./')[1].split('"')[0] for line in texts.splitlines() if 'from "./' in line}
    assert imported
    assert imported <= set(modules)


def test_the_catalogue_says_what_there_is(server: Server) -> None:
    pictures = json.loads(get(server, "catalogue.json")[2])["pictures"]
    assert [picture["name"] for picture in pictures] == [f"{name}.coin" for name in NAMES]
    data = (GOLDEN / "siren-coded-photograph.coin").read_bytes()
    assert pictures[SIREN - 1] == {
        "name": "siren-coded-photograph.coin", "width": 128, "height": 128, "channels": 3, "depth": 8,
        "family": "siren", "bytes": len(data), "bpp": 8 * len(data) / 128**2, "original": True,
    }  # fmt: skip
    assert pictures[ALONE - 1]["original"] is False
    assert pictures[NO_COIN - 1] == {"name": "nonsense.coin", "error": "not a .coin file (the signature is missing)"}
    assert str(server.answers) not in json.dumps(pictures)


def test_no_answer_has_a_path_of_this_machine(server: Server, folder: Path) -> None:
    for name in ("catalogue.json", f"info?picture={SIREN}", f"info?picture={DAMAGED}", "tile?picture=99"):
        assert str(folder.parent).encode() not in get(server, name)[2]


def test_info_is_what_the_command_says(server: Server, coin: Coin) -> None:
    said = json.loads(get(server, f"info?picture={LATENT}")[2])
    _, printed, _ = coin("info", str(GOLDEN / "latent-photograph.coin"))
    assert [line.split(":  ")[0].split(": ")[0] for line in printed.splitlines()] == list(said)
    assert all(text in printed for text in said.values())


@pytest.mark.parametrize(
    ("number", "region", "size"),
    [
        (LATENT, (0, 0, 128, 128), (128, 128)),
        (LATENT, (10, 20, 90, 61), (40, 21)),
        (SIREN, (3, 5, 35, 37), (256, 256)),
        (SIREN, (100, 100, 101, 101), (1, 1)),
        (ALONE, (0, 0, 20, 10), (20, 10)),
    ],
)
def test_a_tile_is_what_the_decoder_gives(
    server: Server, number: int, region: tuple[int, ...], size: tuple[int, int]
) -> None:
    query = f"tile?picture={number}&region={','.join(map(str, region))}&size={size[0]},{size[1]}"
    data = (GOLDEN / f"{NAMES[number - 1]}.coin").read_bytes()
    expected = coincodec.decode(data, region=region, size=size)
    assert np.array_equal(shown(get(server, query)), to_8_bits(expected))


@pytest.mark.parametrize("number", [LATENT, SIREN])
def test_the_original_has_tiles_too(server: Server, number: int) -> None:
    query = f"tile?picture={number}&of=original&region=10,20,90,60&size="
    assert np.array_equal(shown(get(server, f"{query}80,40")), original(number)[20:60, 10:90])
    smaller = shown(get(server, f"{query}20,10")).astype(float)
    means = original(number)[20:60, 10:90].reshape(10, 4, 20, 4, 3).mean((1, 3))
    assert np.abs(smaller - means).mean() < np.abs(smaller - smaller[:, ::-1]).mean() / 4


@pytest.mark.parametrize("number", [LATENT, SIREN])
def test_previews_are_those_of_the_decoder(server: Server, number: int) -> None:
    said = json.loads(get(server, f"previews?picture={number}")[2])
    expected = list(coincodec.progressive((GOLDEN / f"{NAMES[number - 1]}.coin").read_bytes()))
    assert [one["step"] for one in said] == [preview.step for preview in expected]
    assert [one["bytes"] for one in said] == [preview.bytes for preview in expected]
    assert said[-1]["step"] == 1
    for preview in expected[:-1]:
        samples = shown(get(server, f"preview?picture={number}&step={preview.step}"))
        assert np.array_equal(samples, preview.samples)


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/../../etc/passwd",
        "/catalogue.json",
        "//catalogue.json",
        "/wrong-token/catalogue.json",
        "/%54/catalogue.json",
        "TOKEN/catalogue.json",
        "/TOKEN",
        "/TOKEN/../../../../etc/passwd",
        "/TOKEN/..%2f..%2f..%2fetc%2fpasswd",
        "/TOKEN/%2e%2e/%2e%2e/etc/passwd",
        "/TOKEN/..\\..\\etc\\passwd",
        "/TOKEN//etc/passwd",
        "/TOKEN/./catalogue.json",
        "/TOKEN/secret.coin",
        "/TOKEN/../secret.coin",
        "/TOKEN/latent-photograph.coin",
        "/TOKEN/latent-photograph.png",
        "/TOKEN/__init__.py",
        "/TOKEN/../server.py",
        "/TOKEN/viewer.js%00",
        "/TOKEN/file:///etc/passwd",
        "http://127.0.0.1/TOKEN/catalogue.json",
        "http://example.org/",
    ],
)
def test_there_is_nothing_at_other_paths(server: Server, target: str) -> None:
    status, _, body = ask(server, target.replace("TOKEN", server.token))
    assert (status, body) == (404, b"there is nothing here\n")


@pytest.mark.parametrize("picture", ["0", "6", "999999999"])
@pytest.mark.parametrize("name", ["info?", "previews?", "preview?step=2&", "tile?region=0,0,1,1&size=1,1&"])
def test_there_are_no_pictures_of_other_numbers(server: Server, name: str, picture: str) -> None:
    assert get(server, f"{name}picture={picture}")[::2] == (404, b"there are pictures 1 to 5\n")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "region must be 4 whole numbers"),
        ("picture=2&region=0,0,1,1", "size must be 2 whole numbers"),
        ("region=0,0,1,1&size=1,1", "picture must be a whole number"),
        ("picture=../1&region=0,0,1,1&size=1,1", "picture must be a whole number"),
        ("picture=-1&region=0,0,1,1&size=1,1", "picture must be a whole number"),
        ("picture=1.5&region=0,0,1,1&size=1,1", "picture must be a whole number"),
        ("picture=%D9%A2&region=0,0,1,1&size=1,1", "picture must be a whole number"),
        ("picture=2&region=0,0,129,1&size=1,1", "not inside a picture of 128x128"),
        ("picture=2&region=5,0,5,1&size=1,1", "not inside a picture"),
        ("picture=2&region=-1,0,5,1&size=1,1", "region must be 4 whole numbers"),
        ("picture=2&region=0,0,1,1&size=0,1", "1 to 2,048 pixels"),
        (f"picture=2&region=0,0,1,1&size={MAX_SIDE + 1},1", "1 to 2,048 pixels"),
        (f"picture=2&of=original&region=0,0,1,1&size=1,{MAX_SIDE + 1}", "1 to 2,048 pixels"),
        ("picture=2&region=0,0,1,1&size=1,9999999999", "size must be 2 whole numbers"),
        ("picture=2&of=..&region=0,0,1,1&size=1,1", "coin or original"),
        ("picture=5&of=original&region=0,0,1,1&size=1,1", "no original"),
        ("picture=2&picture=3&region=0,0,1,1&size=1,1", "twice"),
        ("picture", "name=value"),
        ("&".join(f"{name}=1" for name in "abcdefghi"), "name=value"),
    ],
)
def test_tiles_that_cannot_be_are_refused(server: Server, query: str, text: str) -> None:
    status, headers, body = get(server, f"tile?{query}")
    assert (status, headers["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert text in body.decode()


@pytest.mark.parametrize("step", ["1", "3", "x"])
def test_previews_that_there_are_not_are_refused(server: Server, step: str) -> None:
    assert get(server, f"preview?picture={LATENT}&step={step}")[0] == 400


def test_a_damaged_file_is_told_and_the_others_go_on(server: Server) -> None:
    for name in ("tile?region=0,0,9,9&size=9,9&", "info?", "previews?"):
        status, headers, body = get(server, f"{name}picture={DAMAGED}")
        assert (status, headers["Content-Type"]) == (422, "text/plain; charset=utf-8")
        assert "checksum" in body.decode()
    assert get(server, f"tile?picture={LATENT}&region=0,0,9,9&size=9,9")[0] == 200


def test_a_file_that_is_gone_is_told(server: Server, folder: Path) -> None:
    (folder / "latent-photograph.coin").unlink()
    assert get(server, f"info?picture={LATENT}")[::2] == (404, b"No such file or directory\n")
    assert "error" in json.loads(get(server, "catalogue.json")[2])["pictures"][LATENT - 1]


def test_an_original_that_has_changed_its_size_is_told(server: Server, folder: Path) -> None:
    Image.new("L", (9, 9)).save(folder / "latent-photograph.png")
    status, _, body = get(server, f"tile?picture={LATENT}&of=original&region=0,0,9,9&size=9,9")
    assert (status, body) == (422, b"the original has another size\n")


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        ["example.org"],
        ["127.0.0.1"],
        ["127.0.0.1:1"],
        ["127.0.0.1.example.org:PORT"],
        ["127.0.0.2:PORT"],
        ["0.0.0.0:PORT"],
        ["127.0.0.1:PORT", "127.0.0.1:PORT"],
        ["127.0.0.1:PORT", "example.org"],
    ],
)
def test_other_hosts_are_refused(server: Server, hosts: list[str]) -> None:
    headers = [("Host", host.replace("PORT", str(server.server_port))) for host in hosts]
    status, answer, body = ask(server, f"/{server.token}/catalogue.json", headers=headers)
    assert (status, body) == (421, b"this server answers to its own address alone\n")
    assert answer["Connection"] == "close"


@pytest.mark.parametrize(
    "origin", ["http://example.org", "null", "https://127.0.0.1:PORT", "http://127.0.0.1", "http://127.0.0.1:PORT/", ""]
)
def test_other_origins_are_refused(server: Server, origin: str) -> None:
    headers = [("Host", server.hosts[0]), ("Origin", origin.replace("PORT", str(server.server_port)))]
    status, _, body = ask(server, f"/{server.token}/catalogue.json", headers=headers)
    assert (status, body) == (403, b"this server answers to its own pages alone\n")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_its_own_host_and_origin_are_not(server: Server, name: str) -> None:
    host = f"{name}:{server.server_port}"
    headers = [("Host", host), ("Origin", f"http://{host}")]
    assert ask(server, f"/{server.token}/catalogue.json", headers=headers)[0] == 200


@pytest.mark.parametrize(
    "method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "BREW", "get"]
)
def test_nothing_but_get_is_answered(server: Server, method: str) -> None:
    status, headers, body = ask(server, f"/{server.token}/catalogue.json", method)
    assert (status, headers["Allow"], headers["Connection"]) == (405, "GET", "close")
    assert body == (b"" if method == "HEAD" else b"nothing but GET is answered\n")


@pytest.mark.parametrize("header", [("Content-Length", "5"), ("Transfer-Encoding", "chunked")])
def test_a_request_with_contents_is_refused(server: Server, header: tuple[str, str]) -> None:
    assert ask(server, f"/{server.token}/", headers=[("Host", server.hosts[0]), header])[0] == 400


@pytest.mark.parametrize(
    "sent", [b"\0\0\0\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET " + 70_000 * b"x"]
)
def test_what_is_no_request_is_refused(server: Server, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=60) as connection:
        connection.sendall(sent)
        assert connection.recv(100).startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 414 ", b"HTTP/1.1 505 "))


def test_a_visitor_who_leaves_is_no_error(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", server.server_port)) as connection:
            request = f"GET /{server.token}/viewer.js HTTP/1.1\r\nHost: {server.hosts[0]}\r\n\r\n"
            connection.sendall(20 * request.encode())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert get(server, "")[0] == 200
    assert capfd.readouterr().err == ""


def test_only_this_machine_reaches_it_and_who_knows_the_address(pictures: Pictures) -> None:
    with Server(pictures) as one, Server(pictures) as other:
        assert one.server_address[0] == other.server_address[0] == "127.0.0.1"
        assert one.token != other.token
        assert len(one.token) >= 22
        assert one.server_port != other.server_port


def test_the_command_serves_until_it_is_interrupted(folder: Path) -> None:
    command = [sys.executable, "-m", "coincodec", "view", "--no-browser", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        url = urlsplit(child.stdout.readline().strip())
        with contextlib.closing(http.client.HTTPConnection(url.hostname or "", url.port, timeout=60)) as connection:
            connection.request("GET", f"{url.path}catalogue.json")
            assert len(json.loads(connection.getresponse().read())["pictures"]) == 5
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=60)
    assert (child.returncode, said) == (0, "coin: Ctrl-C ends it\n")


def test_the_command_opens_a_browser_where_there_is_a_screen(
    folder: Path, coin: Coin, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr(Server, "serve_forever", lambda self: None)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    status, url, said = coin("view", "-q", str(folder))
    assert (status, opened, said) == (0, [], "")
    monkeypatch.setenv("DISPLAY", ":0")
    status, url, _ = coin("view", str(folder))
    assert (status, opened) == (0, [url.strip()])
    coin("view", "--no-browser", str(folder))
    assert len(opened) == 1


def test_errors_of_the_command(folder: Path, coin: Coin) -> None:
    assert coin("view", str(folder.parent / "none"))[0] == 1
    (folder / "empty").mkdir()
    assert coin("view", str(folder / "empty")) == (2, "", f"coin: there is no .coin file in {folder / 'empty'}\n")
    assert coin("view", "--port", "65536", str(folder))[::2] == (2, "coin: a port is 0 to 65,535, not 65536\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, _, said = coin("view", "--port", str(taken.getsockname()[1]), str(folder))
    assert (status, said) == (1, "coin: Address already in use\n")
