"""Tables of photos: CSV as people and spreadsheets write it."""

from __future__ import annotations

import csv
import io
import os
import sys
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headstart.errors import PhotosError
from headstart.images.folder import scan_photos
from headstart.images.photo import Reason
from tests.images import trees


@pytest.fixture
def place(tmp_path):
    return trees.plant(tmp_path, "1.jpg", "2.jpg", "3.jpg", "sub/4.jpg", "a, b.jpg", "café.jpg")


def read(place, table, **options):
    file = place / "photos.csv"
    file.write_bytes(table if isinstance(table, bytes) else table.encode())
    return scan_photos(file, **options)


def pairs(found):
    return [(photo.name, photo.label) for photo in found.photos]


def outcomes(found):
    return {entry.name: (entry.reason, entry.label) for entry in found.skipped}


PLAIN = [("1.jpg", "cat"), ("2.jpg", "dog")]


class TestTablesThatAreRead:
    @pytest.mark.parametrize(
        "table",
        [
            "path,label\n1.jpg,cat\n2.jpg,dog\n",
            "path,label\n2.jpg,dog\n1.jpg,cat",
            "\ufeffpath,label\r\n1.jpg,cat\r\n2.jpg,dog\r\n",
            "path,label\r1.jpg,cat\r2.jpg,dog\r",
            '"path","label"\n"1.jpg","cat"\n"2.jpg","dog"\n',
            "Label , PATH \ncat,1.jpg\ndog,2.jpg\n",
            "id,path,label,note\n7,1.jpg,cat,\n8,2.jpg,dog,fine\n",
            "path;label\n1.jpg;cat\n2.jpg;dog\n",
            "path\tlabel\n1.jpg\tcat\n2.jpg\tdog\n",
            'path;label;"size, mm"\n1.jpg;cat;1,5\n2.jpg;dog;2,5\n',
            "path,label\n1.jpg, cat\n2.jpg,dog \n",
            "path,label\n\n1.jpg,cat\n,\n2.jpg,dog\n\n\n",
        ],
    )
    def test_as_programs_write_them(self, place, table):
        found = read(place, table)
        assert pairs(found) == PLAIN
        assert found.classes == ("cat", "dog")
        assert (found.skipped, found.notes, found.ignored) == ((), (), 0)
        assert found.source == str(place / "photos.csv")

    def test_relative_paths_start_at_the_table(self, place, monkeypatch):
        monkeypatch.chdir(place / "sub")
        table = f"path,label\n./1.jpg,cat\nsub/4.jpg,dog\nsub/../2.jpg,dog\n{place}/3.jpg,cat\n"
        found = read(place, table)
        assert {(photo.name, photo.path.read_text()) for photo in found.photos} == {
            ("./1.jpg", "1.jpg"),
            ("sub/4.jpg", "sub/4.jpg"),
            ("sub/../2.jpg", "2.jpg"),
            (f"{place}/3.jpg", "3.jpg"),
        }
        again = scan_photos("../photos.csv")
        assert [photo.path.read_text() for photo in again.photos] == [
            photo.path.read_text() for photo in found.photos
        ]

    def test_quotes_keep_commas_and_line_breaks(self, place):
        (place / "new\nline.jpg").write_bytes(b"x")
        found = read(place, 'path,label\n"a, b.jpg","big, ""red"" cat"\n"new\nline.jpg",dog\n')
        assert pairs(found) == [("a, b.jpg", 'big, "red" cat'), ("new\nline.jpg", "dog")]

    def test_named_files_may_be_links_to_anywhere_and_hidden(self, place, tmp_path_factory):
        elsewhere = trees.plant(tmp_path_factory.mktemp("elsewhere"), "9.jpg")
        (place / "link.jpg").symlink_to(elsewhere / "9.jpg")
        trees.plant(place, ".hidden.jpg")
        assert pairs(read(place, "path,label\nlink.jpg,cat\n.hidden.jpg,dog\n")) == [
            (".hidden.jpg", "dog"),
            ("link.jpg", "cat"),
        ]

    def test_one_class_where_nothing_is_learned(self, place):
        assert read(place, "path,label\n1.jpg,cat\n", least_classes=1).classes == ("cat",)


class TestRowsThatAreNotUsed:
    def test_each_has_its_reason(self, place):
        os.mkfifo(place / "fifo.jpg")
        (place / "gone.jpg").symlink_to("nowhere")
        found = read(
            place,
            "path,label\n1.jpg,cat\n2.jpg,dog\n3.jpg,\nnot here.jpg,dog\n,cat\nsub,cat\n"
            "fifo.jpg,cat\ngone.jpg,dog\n"
            "https://example.org/1.jpg,dog\n",
        )
        assert pairs(found) == PLAIN
        assert outcomes(found) == {
            "3.jpg": (Reason.NO_LABEL, None),
            "not here.jpg": (Reason.MISSING, "dog"),
            "line 6": (Reason.MISSING, "cat"),
            "sub": (Reason.NOT_A_FILE, "cat"),
            "fifo.jpg": (Reason.NOT_A_FILE, "cat"),
            "gone.jpg": (Reason.MISSING, "dog"),
            "https://example.org/1.jpg": (Reason.MISSING, "dog"),
        }
        assert "line 4" in next(entry.detail for entry in found.skipped if entry.name == "3.jpg")

    def test_two_labels_for_one_file_say_where(self, place):
        found = read(
            place, "path,label\n1.jpg,cat\n2.jpg,dog\n3.jpg,cat\n./3.jpg,dog\n2.jpg,dog\n3.jpg,cat\n"
        )
        assert pairs(found) == PLAIN
        (entry,) = found.skipped
        assert (entry.name, entry.reason, entry.label) == ("3.jpg", Reason.IN_TWO_CLASSES, None)
        assert entry.detail == "the table calls it 'cat' in line 4 and 'dog' in line 5"
        assert found.notes == ("2 rows repeat an earlier row of the table",)

    def test_a_label_counts_where_another_row_leaves_it_out(self, place):
        assert pairs(read(place, "path,label\n1.jpg,\n1.jpg,cat\n2.jpg,dog\n")) == PLAIN

    def test_line_numbers_count_lines_and_not_rows(self, place):
        found = read(place, 'path,label,note\n1.jpg,cat,"two\nlines"\n\n2.jpg,dog,\n3.jpg,,\n')
        assert found.skipped[0].detail == "line 6 of the table gives it no label"


class TestTablesThatStop:
    @pytest.mark.parametrize(
        ("table", "says"),
        [
            ("", "says nothing"),
            ("\n1.jpg,cat\n", "says nothing"),
            ("1.jpg,cat\n2.jpg,dog\n", "it says '1.jpg,cat'"),
            ("file,label\n1.jpg,cat\n", "one column path and one column label"),
            ("path,path,label\n1.jpg,1.jpg,cat\n", "one column path and one column label"),
            ("path label\n1.jpg cat\n", "it says 'path label'"),
            (
                "path,label\n1.jpg,cat\na, b.jpg,dog\n",
                "line 3 of .* has 3 cells, its header 2; .* double quotes",
            ),
            ("path,label\n1.jpg,cat\n2.jpg\n", "line 3 of .* has 1 cell, its header 2"),
            ('path,label\n1.jpg,cat\n"2.jpg,dog\n3.jpg,cat\n', "damaged at line"),
            ('path,label\n1.jpg,cat\n"2"x.jpg,dog\n', "damaged at line 3"),
            ("path,label\n1.jpg," + "x" * 200_000 + "\n", "damaged at line"),
            ("path,label\n", "holds no class"),
            ("path,label\n1.jpg,\n", "holds no class"),
            ("path,label\n1.jpg,cat\n2.jpg,cat\n", "only one class, 'cat'"),
            ("path,label\n1.jpg,cat\n2.jpg,dog\nno.jpg,bird\n", "class 'bird' in .* no such file"),
            (
                "path,label\nx/1.jpg,cat\nx/2.jpg,dog\n",
                "no file that the table .* names is there, such as 'x/1.jpg'",
            ),
            ("path,label\n1.jpg,cat\n".encode("utf-16"), "UTF-16"),
            (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "no CSV table"),
            (b"\x89PNG\r\n\x1a\n", "no CSV table|says"),
        ],
    )
    def test_with_one_line_that_names_it(self, place, table, says):
        with pytest.raises(PhotosError, match=says) as caught:
            read(place, table)
        assert "photos.csv" in str(caught.value)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 500 + len(str(place)) * 2

    def test_a_table_that_may_not_be_read(self, place, monkeypatch):
        file = place / "photos.csv"
        file.write_text("path,label\n1.jpg,cat\n")
        monkeypatch.setattr(
            "pathlib.Path.open", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "no"))
        )
        with pytest.raises(PhotosError, match=r"photos\.csv.*permissions"):
            scan_photos(file)


class TestNamesInTables:
    def test_nasty_ones_come_through_as_they_are(self, place):
        made = trees.nasty(place / "nasty")
        text = io.StringIO(newline="")
        table = csv.writer(text)
        table.writerow(("path", "label"))
        table.writerows((f"nasty/{name}", "cat" if index % 2 else "dog") for index, name in enumerate(made))
        found = read(place, text.getvalue().encode("utf-8", "surrogateescape"))
        assert [photo.name for photo in found.photos] == sorted(
            (f"nasty/{name}" for name in made), key=os.fsencode
        )
        assert [photo.path.read_bytes() for photo in found.photos] == [
            os.fsencode(photo.path.name) for photo in found.photos
        ]

    def test_unicode_forms_may_differ_from_the_disk(self, place):
        (place / "nin\u0303o.jpg").write_bytes(b"x")
        found = read(place, "path,label\ncafe\u0301.jpg,cat\nni\u00f1o.jpg,dog\n")
        assert [photo.name for photo in found.photos] == ["cafe\u0301.jpg", "ni\u00f1o.jpg"]
        assert all(photo.path.is_file() for photo in found.photos)

    def test_labels_in_two_unicode_forms_are_one_class(self, place):
        found = read(place, "path,label\n1.jpg,caf\u00e9\n2.jpg,cafe\u0301\n3.jpg,Dog\nsub/4.jpg,dog\n")
        assert found.classes == ("Dog", "café", "dog")
        assert "'Dog', 'dog'" in found.notes[0]

    def test_another_encoding_is_noted(self, place):
        found = read(place, "path,label\n1.jpg,caf\u00e9\n2.jpg,dog\n".encode("latin-1"))
        assert found.classes == ("caf\\xe9", "dog")
        assert found.notes == ("the table is not UTF-8 in 1 row, first in line 2; save it as UTF-8",)

    @settings(
        max_examples=60,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(label=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20))
    def test_any_label_comes_through(self, place, label):
        text = io.StringIO(newline="")
        csv.writer(text, quoting=csv.QUOTE_ALL).writerows(
            [("path", "label"), ("1.jpg", label), ("2.jpg", "a"), ("3.jpg", "b")]
        )
        found = read(place, text.getvalue())
        expected = unicodedata.normalize("NFC", label.strip())
        got = next((photo.label for photo in found.photos if photo.name == "1.jpg"), "")
        assert got == expected
        assert set(found.classes) == {"a", "b", expected} - {""}


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems refuse such names")
def test_a_table_of_our_own_gives_back_what_was_written(place):
    """One with a column sha256 was saved by headstart: guards are taken off, bytes of names stay bytes."""
    (place / "1.jpg").rename(place / os.fsdecode(b"caf\xe9.jpg"))
    header, rows = b'"path","label","sha256"\r\n', b'"caf\xe9.jpg","\'=bad",""\r\n"2.jpg","\'\'=bad",""\r\n'
    found = read(place, header + rows)

    assert {os.fsencode(photo.name): photo.label for photo in found.photos} == {
        b"caf\xe9.jpg": "=bad",
        b"2.jpg": "'=bad",
    }
    assert not found.skipped
    assert not any("UTF-8" in note for note in found.notes)


def test_a_table_of_others_is_taken_at_its_word(place):
    found = read(place, "path,label\n1.jpg,'=bad\n2.jpg,dog\n")

    assert found.classes == ("'=bad", "dog")
