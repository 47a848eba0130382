"""One file from a server that behaves badly: resumed, checked, and whole or not there."""

import hashlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from web_server import Site, raster, serving

from lomsong.errors import LomsongError, OutputError
from lomsong.sources.remote.download import ask_size, download
from lomsong.sources.remote.partial import partial_bytes, place
from lomsong.sources.remote.web import StoppedError, Web, WebError, token_host

CONTENT = raster(103, 23, 1, np.random.default_rng(1).integers(0, 999, (300, 300)).astype(np.int16))


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def site(served: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    served.files.clear()
    served.asked.clear()
    return served


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def web(waits: list[float]) -> Iterator[Web]:
    with Web(wait=waits.append) as asking:
        yield asking


def get(web: Web, site: Site, folder: Path, path: str = "/a.tif", **more: object) -> bytes:
    """Fetch one file into its place and return it."""
    target = folder / "a.tif"
    arrived = download(web, site.address + path, target, "geotiff", **more)
    place(target)
    content = target.read_bytes()
    assert arrived.sha256 == hashlib.sha256(content).hexdigest()
    assert [each.name for each in folder.iterdir()] == ["a.tif"]
    return content


@pytest.mark.parametrize("after", [0, 1, 50, 100_000, -70_000, len(CONTENT) - 1])
def test_a_cut_connection_is_gone_on_with(web: Web, site: Site, tmp_path: Path, after: int) -> None:
    site.put("/a.tif", CONTENT, cuts=[after])
    assert get(web, site, tmp_path) == CONTENT
    ranges = [headers.get("Range") for _, _, headers in site.asked]
    assert ranges[0] is None
    if after > 70_000:
        start = int(ranges[1].removeprefix("bytes=").removesuffix("-"))
        assert 0 < start <= after


def test_many_cuts_are_no_reason_to_give_up_while_it_gets_further(
    web: Web, site: Site, tmp_path: Path, waits: list[float]
) -> None:
    site.put("/a.tif", CONTENT, cuts=[20_000] * 8)
    assert get(web, site, tmp_path) == CONTENT
    assert len(waits) == 8
    assert max(waits) <= 1.0


def test_a_server_that_ignores_ranges_is_begun_again(web: Web, site: Site, tmp_path: Path) -> None:
    site.put("/a.tif", CONTENT, cuts=[100_000], ranges=False)
    told: list[int] = []
    assert get(web, site, tmp_path, tell=told.append) == CONTENT
    assert sum(told) == len(CONTENT)  # the progress bar takes back what was thrown away


def test_a_file_that_changed_in_between_is_begun_again(web: Web, site: Site, tmp_path: Path) -> None:
    site.put("/a.tif", CONTENT, cuts=[100_000] + [0] * 9)
    with pytest.raises(WebError, match="connection"):
        get(web, site, tmp_path)
    assert partial_bytes(tmp_path / "a.tif") > 0
    newer = raster(103, 23, 1, np.zeros((200, 200), np.int16))
    site.put("/a.tif", newer)
    assert get(web, site, tmp_path) == newer


def test_a_later_run_goes_on_where_an_earlier_one_stopped(web: Web, site: Site, tmp_path: Path) -> None:
    site.put("/a.tif", CONTENT, cuts=[100_000] + [0] * 9)
    with pytest.raises(WebError):
        get(web, site, tmp_path)
    have = partial_bytes(tmp_path / "a.tif")
    site.asked.clear()
    site.put("/a.tif", CONTENT)
    assert get(Web(), site, tmp_path) == CONTENT
    assert [headers.get("Range") for _, _, headers in site.asked] == [f"bytes={have}-"]


def test_without_a_mark_of_its_version_a_part_is_not_trusted(web: Web, site: Site, tmp_path: Path) -> None:
    site.put("/a.tif", CONTENT, cuts=[100_000], etag="")
    assert get(web, site, tmp_path) == CONTENT
    assert all("Range" not in headers for _, _, headers in site.asked)


def test_the_date_of_a_file_is_a_mark_too_and_a_weak_one_is_not(web: Web, site: Site, tmp_path: Path) -> None:
    site.put("/a.tif", CONTENT, cuts=[100_000], etag='W/"1"', modified="Mon, 01 Jan 2024 00:00:00 GMT")
    assert get(web, site, tmp_path) == CONTENT
    assert site.asked[-1][2]["If-Range"] == "Mon, 01 Jan 2024 00:00:00 GMT"


@pytest.mark.parametrize("note", ["", "[]", "{}", "null", '{"url": 5}', "\x00", "[" * 9999])
def test_a_broken_note_beside_a_part_is_begun_again(web: Web, site: Site, tmp_path: Path, note: str) -> None:
    site.put("/a.tif", CONTENT)
    (tmp_path / "a.tif.part").write_bytes(b"junk" * 500)
    (tmp_path / "a.tif.part.json").write_text(note)
    assert get(web, site, tmp_path) == CONTENT


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_passing_trouble_is_waited_out_ever_longer(
    web: Web, site: Site, tmp_path: Path, waits: list[float], status: int
) -> None:
    site.put("/a.tif", CONTENT, first=[status] * 3)
    assert get(web, site, tmp_path) == CONTENT
    assert len(waits) == 3
    assert all(2**n / 2 <= wait <= 2**n for n, wait in enumerate(waits, start=1))


def test_lasting_trouble_is_told(web: Web, site: Site, tmp_path: Path) -> None:
    site.put("/a.tif", CONTENT, first=[503] * 9)
    with pytest.raises(WebError, match=r"in trouble \(503\); run the same command again later"):
        get(web, site, tmp_path)
    assert len(site.asked) == 5


def test_a_server_that_says_how_long_is_obeyed(
    web: Web, site: Site, tmp_path: Path, waits: list[float]
) -> None:
    site.put("/a.tif", CONTENT, first=[429], headers={"Retry-After": "7"})
    assert get(web, site, tmp_path) == CONTENT
    assert waits == [7.0]
    site.put("/a.tif", CONTENT, first=[429], headers={"Retry-After": "86400"})
    with pytest.raises(WebError, match="asks to wait 86400 s"):
        get(web, site, tmp_path / "b")
    site.put("/a.tif", CONTENT, first=[503], headers={"Retry-After": "Mon, 01 Jan 2024 00:00:00 GMT"})
    get(web, site, tmp_path / "c")
    assert waits[-1] == 0.0


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "token"), (403, "access was refused"), (404, "no such file"), (410, "410"), (418, "418")],
)
def test_a_refusal_is_told_at_once_with_what_to_do(
    web: Web, site: Site, tmp_path: Path, status: int, said: str
) -> None:
    site.put("/a.tif", CONTENT, first=[status])
    with pytest.raises(WebError, match=said) as caught:
        get(web, site, tmp_path)
    assert caught.value.status == status
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<!DOCTYPE html><html>Please log in</html>" * 9, "a web page"),
        (b"\xef\xbb\xbf \n<?xml version='1.0'?><Error>AccessDenied</Error>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "large-file storage"),
        (b'{"status":"error","message":"RATE_LIMITED"}', "RATE_LIMITED"),
        (b"", "nothing readable"),
        (b"\x1b[31mred", r"'.\[31mred'"),
    ],
)
def test_a_page_instead_of_a_file_is_refused(
    web: Web, site: Site, tmp_path: Path, body: bytes, said: str
) -> None:
    site.put("/a.tif", body)
    with pytest.raises(WebError, match=said):
        get(web, site, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_packed_on_the_way_arrives_unpacked(web: Web, site: Site, tmp_path: Path) -> None:
    site.put("/a.tif", CONTENT, packed=True)
    assert get(web, site, tmp_path) == CONTENT
    assert site.asked[0][2]["Accept-Encoding"] == "identity"
    site.put("/a.tif", CONTENT, packed=True, cuts=[40_000])
    assert get(web, site, tmp_path) == CONTENT  # cut while packed: begun again


def test_a_bomb_on_the_way_is_refused(web: Web, site: Site, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("lomsong.sources.remote.download._LEAST_LIMIT", 1 << 20)
    site.put("/a.tif", CONTENT[:8] + bytes(30 << 20), packed=True)
    with pytest.raises(WebError, match="unpacks to more than"):
        get(web, site, tmp_path)


@pytest.mark.parametrize("where", ["header", "aws", "digest", "beside"])
def test_a_wrong_checksum_is_tried_twice_and_told(web: Web, site: Site, tmp_path: Path, where: str) -> None:
    wrong = {
        "header": {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="},
        "aws": {"x-amz-checksum-sha256": "A" * 43 + "="},
        "digest": {"Repr-Digest": f"sha-256=:{'A' * 43}=:"},
    }.get(where, {})
    site.put("/a.tif", CONTENT, headers=wrong)
    site.put("/a.md5", b"0" * 32 + b"  a.tif")
    beside = f"{site.address}/a.md5" if where == "beside" else None
    with pytest.raises(WebError, match=r"the server publishes 0000.*twice"):
        get(web, site, tmp_path, checksum_url=beside)
    assert len(site.gets("/a.tif")) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_right_checksum_is_taken_down(web: Web, site: Site, tmp_path: Path) -> None:
    digest = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    site.put("/a.tif", CONTENT)
    site.put("/a.md5", f"{digest}  a.tif\n".encode())
    arrived = download(
        web, f"{site.address}/a.tif", tmp_path / "a.tif", "geotiff", checksum_url=f"{site.address}/a.md5"
    )
    assert arrived.published == f"md5:{digest}"


def test_redirects_are_followed_but_not_for_ever(web: Web, site: Site, tmp_path: Path) -> None:
    site.put("/a.tif", CONTENT)
    site.put("/old", b"", location="/a.tif")
    assert get(web, site, tmp_path, "/old") == CONTENT
    site.put("/loop", b"", location="/loop")
    with pytest.raises(WebError, match="redirected more than 5 times"):
        get(web, site, tmp_path / "b", "/loop")
    site.put("/file", b"", location="file:///etc/passwd")
    with pytest.raises(WebError, match="not followed"):
        get(web, site, tmp_path / "c", "/file")


def test_a_token_does_not_follow_a_redirect_to_another_host(site: Site, tmp_path: Path) -> None:
    key = "pk.secret+1"
    with serving() as other:
        other.put("/a.tif", CONTENT)
        web = Web(tokens={token_host(site.address): key}, wait=lambda _: None)
        site.put("/in", b"", location=f"{other.address}/a.tif")
        assert get(web, site, tmp_path, "/in?token={token}") == CONTENT
        assert "secret" not in str(other.asked)
        site.put("/in", b"", location=f"{other.address}/a.tif?token=pk.secret%2B1")
        with pytest.raises(WebError, match="with the token in the address") as caught:
            get(web, site, tmp_path / "b", "/in?token={token}")
        assert "secret" not in str(caught.value)
        assert len(other.asked) == 1


def test_a_token_is_not_sent_in_the_clear_or_to_a_stranger(site: Site) -> None:
    web = Web(tokens={"open.example:80": "secret"})
    for url in ("http://open.example/a?token={token}", site.address + "/a?token={token}"):
        with pytest.raises(WebError, match="only sent over https to its own server"):
            ask_size(web, url)
    assert site.asked == []


def test_the_proxy_of_the_environment_is_used(site: Site, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", site.address)
    monkeypatch.setenv("http_proxy", site.address)
    site.put("/a.tif", CONTENT)
    target = tmp_path / "a.tif"
    download(Web(), "http://open.example/a.tif", target, "geotiff")
    place(target)
    assert target.read_bytes() == CONTENT
    assert site.asked[0][1] == "http://open.example/a.tif"


def test_passwords_of_netrc_stay_at_home(web: Web, site: Site, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    site.put("/a.tif", CONTENT)
    get(web, site, tmp_path / "out")
    assert all("Authorization" not in headers for _, _, headers in site.asked)
    assert all(headers["User-Agent"].startswith("lomsong/") for _, _, headers in site.asked)


def test_a_server_without_head_still_gives_the_file(web: Web, site: Site) -> None:
    site.put("/a.tif", CONTENT, head=False)
    assert ask_size(web, f"{site.address}/a.tif") is None
    site.put("/a.tif", CONTENT)
    assert ask_size(web, f"{site.address}/a.tif") == len(CONTENT)


def test_a_silent_server_is_given_up(web: Web, site: Site, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("lomsong.sources.remote.web.READ_S", 0.05)
    site.put("/a.tif", CONTENT, pause_s=0.3)
    with pytest.raises(WebError, match="no answer in time"):
        get(web, site, tmp_path)


def test_nobody_there_is_told(web: Web, tmp_path: Path) -> None:
    with pytest.raises(WebError, match="connection failed"):
        download(web, "http://127.0.0.1:9/a.tif", tmp_path / "a.tif", "geotiff")


def test_stopping_leaves_a_part_to_go_on_with(site: Site, tmp_path: Path) -> None:
    site.put("/a.tif", CONTENT)
    web = Web()

    def stop(count: int) -> None:
        if count > 0:
            web.stop.set()

    with pytest.raises(StoppedError):
        download(web, f"{site.address}/a.tif", tmp_path / "a.tif", "geotiff", tell=stop)
    have = partial_bytes(tmp_path / "a.tif")
    assert 0 < have < len(CONTENT)
    assert json.loads((tmp_path / "a.tif.part.json").read_text())["total"] == len(CONTENT)
    site.asked.clear()
    assert get(Web(), site, tmp_path) == CONTENT
    assert site.asked[0][2]["Range"] == f"bytes={have}-"


def test_stopping_ends_a_wait(site: Site, tmp_path: Path) -> None:
    site.put("/a.tif", CONTENT, first=[429], headers={"Retry-After": "100"})
    web = Web()
    threading.Timer(0.1, web.stop.set).start()
    with pytest.raises(StoppedError):
        download(web, f"{site.address}/a.tif", tmp_path / "a.tif", "geotiff")


def test_a_folder_that_cannot_be_written_is_told(web: Web, site: Site, tmp_path: Path) -> None:
    site.put("/a.tif", CONTENT)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="choose another --out"):
        download(web, f"{site.address}/a.tif", tmp_path / "file" / "a.tif", "geotiff")


@pytest.mark.parametrize("seed", range(12))
def test_any_series_of_faults_ends_in_the_file_or_one_clear_error(
    web: Web, site: Site, tmp_path: Path, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    site.put(
        "/a.tif",
        CONTENT,
        first=[int(code) for code in rng.choice([429, 500, 503], rng.integers(0, 4))],
        cuts=[
            int(at) * int(sign)
            for at, sign in zip(rng.integers(0, 90_000, 5), rng.choice([1, -1], 5), strict=True)
        ],
        ranges=bool(rng.integers(0, 2)),
        packed=bool(rng.integers(0, 2)),
    )
    said = ""
    try:
        content = get(web, site, tmp_path)
    except LomsongError as error:
        content, said = b"", str(error)
    assert content == CONTENT or said.startswith(site.address)
    assert (tmp_path / "a.tif").exists() == (content == CONTENT)
