"""The token file: made once, whole, for its owner alone; and who has the instance's role on a data directory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from argosy.errors import ArgosyError, InvalidObject, NotFound, Unavailable
from argosy.local.datadir import DataDir
from argosy.local.token import make_token, read_token


def test_it_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "token"
    token = make_token(path)
    assert make_token(path) == read_token(path) == token
    assert len(token) == 43, "256 bits in base64"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["token"]
    path.unlink()
    assert make_token(path) != token


def test_it_is_made_once_by_several(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(make_token, [tmp_path / "token"] * 8))) == 1


def test_it_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=f"token file {tmp_path / 'token'} not found"):
        read_token(tmp_path / "token")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_others_may_read_it(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "token"
    token = make_token(path)
    path.chmod(mode)
    with pytest.raises(InvalidObject, match=f"mode {mode:03o}.*chmod 600") as caught:
        make_token(path)
    assert token not in str(caught.value)


@pytest.mark.parametrize("text", ["", "\n", "short", "x" * 5000, "a b" * 20, "é" * 40, "a" * 40 + "\n" + "b" * 40])
def test_it_holds_no_token(tmp_path: Path, text: str) -> None:
    path = tmp_path / "token"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(InvalidObject, match="holds no token"):
        read_token(path)


def test_it_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(ArgosyError, match="cannot make the token file"):
        make_token(tmp_path / "nowhere" / "token")


def test_it_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be read"):
        read_token(tmp_path)


# Who has a role


def test_a_role_tells_others_its_note(tmp_path: Path) -> None:
    mine, others = DataDir(tmp_path), DataDir(tmp_path)
    assert others.told("instance") is None
    mine.claim("instance", {"pid": 1, "long": "x" * 100})
    assert others.told("instance") == {"pid": 1, "long": "x" * 100}
    mine.tell("instance", {"pid": 1, "api": "http://127.0.0.1:1"})
    assert others.told("instance") == {"pid": 1, "api": "http://127.0.0.1:1"}
    mine.release()
    assert others.told("instance") is None, "its note is still there, and means nothing"


def test_asking_does_not_keep_a_role_from_anybody(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(lambda: [DataDir(tmp_path).told("instance") for _ in range(200)]) for _ in range(4)]
        for _ in range(20):
            mine = DataDir(tmp_path)
            mine.claim("instance", {"pid": 1})
            mine.release()
        for each in asking:
            each.result()


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_note_that_says_nothing(tmp_path: Path, text: str) -> None:
    mine = DataDir(tmp_path)
    mine.claim("instance", {})
    (tmp_path / "instance").write_text(text)
    assert DataDir(tmp_path).told("instance") == {}
    mine.release()
