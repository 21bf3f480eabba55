import os

import pytest

from opensvc_core.system.output import Lines, open_output


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        pytest.param([b"a\nb\n"], ["a", "b"], id="whole"),
        pytest.param([b"a", b"b\nc", b"\n\n"], ["ab", "c", ""], id="pieces"),
        pytest.param([b"a\nb"], ["a", "b"], id="no end"),
        pytest.param(["é\n".encode()[:1], "é\n".encode()[1:]], ["é"], id="character in two pieces"),
        pytest.param([b"\xff\x00\n"], ["\\xff\x00"], id="no text"),
        pytest.param([b""], [], id="nothing"),
        pytest.param([b"x" * 65537], ["x" * 65536, "x"], id="endless line"),
    ],
)
def test_bytes_are_cut_into_lines(chunks, lines):
    found = []
    reader = Lines("stdout", lambda stream, line: found.append((stream, line)), 100)

    for chunk in chunks:
        reader.feed(chunk)
    reader.finish()
    reader.finish()

    assert found == [("stdout", line) for line in lines]


def test_only_the_first_bytes_are_kept():
    lines = Lines("stdout", None, 5)

    lines.feed(b"abc")
    lines.feed(b"def")
    lines.feed(b"ghi")

    assert lines.text == "abcde"


def test_an_output_file_starts_anew_when_it_is_big(tmp_path):
    path = tmp_path / "log" / "app"
    for data in (b"12345", b"6"):
        descriptor = open_output(path, 5)
        os.write(descriptor, data)
        os.close(descriptor)
    assert path.read_bytes() == b"123456"

    os.close(open_output(path, 5))

    assert path.read_bytes() == b""
