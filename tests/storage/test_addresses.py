"""What may be called a store."""

from __future__ import annotations

from pathlib import Path

import pytest

from tune_dml.errors import UsageError
from tune_dml.storage import parse_address


@pytest.mark.parametrize(
    ("text", "scheme", "path", "options"),
    [
        ("s3://bucket/some/prefix/", "s3", "bucket/some/prefix", {}),
        ("s3://bucket", "s3", "bucket", {}),
        ("S3://bucket//a", "s3", "bucket/a", {}),
        ("s3://b/a%20b?region=eu-west-1", "s3", "b/a b", {"region": "eu-west-1"}),
        (
            "s3://b/p?endpoint_override=127.0.0.1:9000&scheme=http",
            "s3",
            "b/p",
            {"endpoint_override": "127.0.0.1:9000", "scheme": "http"},
        ),
        ("gs://bucket/p", "gs", "bucket/p", {}),
        ("gcs://bucket/p", "gs", "bucket/p", {}),
        ("gs://anonymous@bucket/p", "gs", "bucket/p", {}),
        ("file:///mnt/shared/a%20b", "file", "/mnt/shared/a b", {}),
        ("/mnt/shared/a:b", "file", "/mnt/shared/a:b", {}),
        ("/mnt/shared/me@home", "file", "/mnt/shared/me@home", {}),
    ],
)
def test_stores_are_taken_and_written_down_so_that_they_mean_the_same(
    text: str, scheme: str, path: str, options: dict[str, str]
) -> None:
    address = parse_address(text)
    assert (address.scheme, address.path, address.options) == (scheme, path, options)
    again = parse_address(address.text)
    assert again == address


def test_a_folder_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_address("copies").path == str(tmp_path / "copies")


@pytest.mark.parametrize(
    "text",
    [
        "s3://KEYID:hidden@bucket/p",
        "s3://hidden@bucket/p",
        "s3://KEYID:hid/hidden@bucket/p",
        "s3://KEYID%3Ahidden%40bucket/p",
        "s3://bucket/p?access_key=KEYID&secret_key=hidden",
        "s3://bucket/p?secret_key=hidden",
        "s3://bucket/p?session_token=hidden",
        "s3://bucket/p?region=x&endpoint_override=http://me:hidden@host",
        "gs://me:hidden@bucket/p",
        "gs://anonymous@me:hidden@bucket/p",
        "gs://bucket/p?credentials=hidden",
        "https://me:hidden@host/p",
        "file://me:hidden@host/p",
    ],
)
def test_passwords_and_keys_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError, match="password or key") as raised:
        parse_address(text)
    assert "hidden" not in str(raised.value)
    assert "KEYID" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("s3://", "s3://BUCKET/PREFIX"),
        ("s3:///prefix", "s3://BUCKET/PREFIX"),
        ("s3:/bucket/p", "s3://BUCKET/PREFIX"),
        ("s3://bu cket/p", "s3://BUCKET/PREFIX"),
        ("s3://bucket/a/../b", "s3://BUCKET/PREFIX"),
        ("s3://bucket/p#x", "s3://BUCKET/PREFIX"),
        ("s3://bucket/p?regoin=x", "'region'"),
        ("s3://bucket/p?scheme=ftp", "http or https"),
        ("gs://bucket/p?region=x", "valid names"),
        ("file://host/p", "file:///PATH"),
        ("file:p", "file:///PATH"),
        ("hdfs://host/p", "'hdfs:'"),
        ("me@host:p", "./NAME"),
        ("http://[::1", "malformed"),
    ],
)
def test_others_are_refused_in_plain_words(text: str, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_address(text)
    assert words in str(raised.value)
