"""Files in whatever encoding they are: the texts as they were written, and a word about it."""

import codecs
import json
import time

import pyarrow
import pyarrow.parquet
import pytest
from languages import PAGES, texts_in

from tune_dml.data import decode_lines, read_texts
from tune_dml.data.tables import Reading
from tune_dml.data.text_forms import ONE_TEXT
from tune_dml.errors import DataError

CASES = [(language, page) for language, pages in PAGES.items() for page in pages]


def _csv(texts):
    return "text,label\n" + "".join(f'"{text}",{"xy"[i % 2]}\n' for i, text in enumerate(texts))


def _spelled(texts):
    # A double quote inside a field would end it.
    return [text.replace('"', "'") for text in texts]


@pytest.mark.parametrize(("language", "page"), CASES)
def test_a_file_is_read_in_its_own_code_page(language, page, write, load):
    texts = _spelled(texts_in(language, page))
    task = load(write("a.csv", _csv(texts).encode(page)), no_test=True)
    assert sorted(task.train.texts) == sorted(texts)
    assert any("was read as" in note and "--encoding" in note for note in task.notes)


@pytest.mark.parametrize(("language", "page"), CASES)
def test_two_sentences_are_enough(language, page, write):
    texts = [text for text in _spelled(texts_in(language, page)) if not text.isascii()]
    for start in range(len(texts) - 1):
        pair = texts[start : start + 2]
        assert read_texts(write("a.csv", _csv(pair).encode(page)), (), ONE_TEXT).rows == pair


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "txt"])
def test_every_text_format_is_decoded_alike_for_prediction(suffix, write):
    texts = ["“It’s 12 € – too much…”", "naïve café"]
    content = {
        "csv": "text\n" + "".join(f"{text}\n" for text in texts),
        "tsv": "text\tid\n" + "".join(f"{text}\t7\n" for text in texts),
        "jsonl": "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts),
        "txt": "\n".join(texts),
    }[suffix]
    found = read_texts(write(f"a.{suffix}", content.encode("cp1252")), (), ONE_TEXT)
    assert found.rows == texts
    assert any(f"a.{suffix} is not UTF-8" in note and "Windows-1252" in note for note in found.notes)


@pytest.mark.parametrize("language", ["German", "French", "Polish", "Russian", "Japanese", "English"])
@pytest.mark.parametrize("bad", [b"\xff", b"\xe9", b"\x93", b"\xc3", b"\xe9\xe8"])
def test_utf_8_with_a_bad_byte_stays_utf_8(language, bad, write):
    texts = _spelled(texts_in(language, "utf-8"))
    raw = _csv(texts).encode().replace(b'"', b'"' + bad, 7).replace(b'"' + bad, b'"', 6)
    found = read_texts(write("mixed.csv", raw), (), ONE_TEXT)
    changed = [i for i, (now, then) in enumerate(zip(found.rows, texts, strict=True)) if now != then]
    assert changed == [3]
    assert found.rows[3] == "\ufffd" * len(bad) + texts[3]
    [note] = found.notes
    assert "mixed.csv" in note
    assert "line 5" in note
    assert note.startswith("1 byte" if len(bad) == 1 else "2 bytes")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("language", ["German", "Russian", "Chinese"])
def test_marks_and_zero_bytes_say_what_a_file_is(encoding, language, write, load):
    texts = _spelled(texts_in(language, "utf-8"))
    raw = _csv(texts).encode(encoding)
    task = load(write("a.csv", raw), no_test=True)
    assert sorted(task.train.texts) == sorted(texts)
    assert any("UTF-" in note for note in task.notes) == (encoding != "utf-8-sig")


def test_big_endian_mark(write):
    raw = codecs.BOM_UTF16_BE + "text\nschön\n".encode("utf-16-be")
    assert read_texts(write("a.csv", raw), (), ONE_TEXT).rows == ["schön"]


def test_no_control_character_reaches_a_text(write, load):
    # Windows-1252 that was read as Latin-1 and saved as UTF-8, in the file and in JSON's escapes.
    task = load(write("a.csv", "text,label\nit\u0092s\u0085,x\n\u0093hi\u0094,y\n"), no_test=True)
    assert task.train.texts == ("it’s…", "“hi”")
    assert any(note.startswith("4 control characters of a.csv (first in line 2)") for note in task.notes)
    found = read_texts(write("a.jsonl", '{"text": "it\\u0092s"}\n'), (), ONE_TEXT)
    assert found.rows == ["it’s"]


@pytest.mark.parametrize("name", ["cp1250", "windows-1250", "CP1250"])
def test_encoding_overrides(name, write, load):
    raw = "text,label\nżółw,x\ngęś,y\n".encode("cp1250")
    task = load(write("a.csv", raw), no_test=True, encoding=name)
    assert task.train.texts == ("żółw", "gęś")
    assert task.notes == ()
    assert read_texts(write("a.csv", raw), (), ONE_TEXT, reading=Reading("cp1252")).rows == ["¿ó³w", "gêœ"]


@pytest.mark.parametrize("name", ["utf9", "", "rot13", "base64", "unicode_escape", "../x", "a\0b", "é", "x" * 5_000])
def test_a_name_of_no_encoding_is_refused(name, write, load):
    with pytest.raises(DataError, match="is not the name of an encoding"):
        load(write("a.csv", "text,label\na,x\nb,y\n"), encoding=name)


@pytest.mark.parametrize(
    ("name", "raw", "line"),
    [
        ("utf-8", b"text,label\na,x\n\xe9,y\n", "line 3"),
        ("ascii", "text,label\né,x\n".encode(), "line 2"),
        ("cp1252", b"text,label\na,x\nb,y\n\x81,x\n", "line 4"),
        ("utf-16", b"text,label\na,x\n", "line"),
    ],
)
def test_an_encoding_that_does_not_fit_names_the_line(name, raw, line, write, load):
    with pytest.raises(DataError, match=line):
        load(write("a.csv", raw), encoding=name)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_first_bad_line_is_counted_from_the_beginning(mark, write):
    raw = mark + "text\nschön und gut\nfür immer\n".encode() + b"\xff\n" + "grüße\n".encode()
    [note] = read_texts(write("a.csv", raw), (), ONE_TEXT).notes
    assert note.startswith("1 byte of a.csv is not UTF-8 (first in line 4)")


def test_parquet_says_that_it_needs_no_encoding(tmp_path, load):
    pyarrow.parquet.write_table(pyarrow.table({"text": ["a", "b"], "label": ["x", "y"]}), tmp_path / "a.parquet")
    task = load(tmp_path / "a.parquet", no_test=True, encoding="cp1252")
    assert any("needs no --encoding" in note for note in task.notes)


def test_encoding_is_for_files(load):
    with pytest.raises(DataError, match="--encoding is for files"):
        load(None, task="bbc", encoding="cp1252")


def test_zero_bytes_name_the_line(write):
    with pytest.raises(DataError, match=r"zero bytes \(the first in line 3\)"):
        read_texts(write("a.csv", b"text\nfine\nbro\0ken\nfine again\n"), (), ONE_TEXT)


@pytest.mark.parametrize("raw", [b"goal\0match\nbank\n", b"text\ngo\0al\nbank\n", b"t\0xt\na\n\n"])
def test_a_zero_byte_in_a_short_file_makes_it_no_utf_16(raw, write):
    with pytest.raises(DataError, match="zero bytes"):
        read_texts(write("a.txt", raw), (), ONE_TEXT)


def test_utf_16_without_a_mark_in_other_scripts(write):
    raw = "text,label\nпривет всем,да\nпока,нет\n".encode("utf-16-le")
    assert read_texts(write("a.csv", raw), (), ONE_TEXT).rows == ["привет всем", "пока"]


@pytest.mark.parametrize(
    ("raw", "rows"),
    [
        (b"a\nb\n", ["a", "b"]),
        (b"a\nb", ["a", "b"]),
        (b"a\r\n\r\nb\r\n", ["a", "", "b"]),
        (b"a\rb\r", ["a", "b"]),
        ("a\u2028b\nc\u0085d\x0ce".encode(), ["a\u2028b", "c…d\x0ce"]),
        (b"\n \na\n\n", ["", "", "a", ""]),
        (b"a\nb\n\x1a", ["a", "b"]),
        (b"a\r\nb\r\n\x1a\r\n", ["a", "b"]),
        (b"", []),
        (b"\xef\xbb\xbfa\n", ["a"]),
    ],
)
def test_a_line_is_a_text(raw, rows):
    assert decode_lines(raw, "standard input", None).rows == rows


def test_a_long_word_takes_no_longer_than_many_short_ones(write):
    raw = b"text\nd\xe9j\xe0 " + b"a" * 20_000 + b"\n"
    begun = time.process_time()
    assert read_texts(write("a.csv", raw), (), ONE_TEXT).rows[0].startswith("déjà aaa")
    assert time.process_time() - begun < 2
