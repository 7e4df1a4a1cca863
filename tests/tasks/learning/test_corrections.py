"""Tables of corrections as people and spreadsheets write them."""

import hashlib

import pytest

from headstart.errors import PhotosError
from headstart.images.reader import PhotoReader
from headstart.tasks.learning.corrections import read_corrections
from headstart.testing import fake_photo, jpeg


@pytest.fixture(scope="module")
def reader():
    with PhotoReader(workers=1) as made:
        yield made


@pytest.fixture
def photos(tmp_path):
    found = {}
    for number in range(3):
        data = jpeg(fake_photo(0, number))
        (tmp_path / f"{number}.jpg").write_bytes(data)
        found[f"{number}.jpg"] = hashlib.sha256(data).hexdigest()
    return found


@pytest.fixture
def read(tmp_path, reader):
    def go(data):
        table = tmp_path / "corrections.csv"
        table.write_bytes(data if isinstance(data, bytes) else data.encode())
        return read_corrections(str(table), reader)

    return go


def said(found):
    return {each.photo.name: each.photo.label for each in found.photos}


@pytest.mark.parametrize(
    "data",
    [
        "path,label\n0.jpg,cat\n1.jpg,dog\n",
        "\ufeffpath,label\n0.jpg,cat\n1.jpg,dog\n",
        "path;label\r\n0.jpg;cat\r\n1.jpg;dog\r\n",
        "label\tpath\ncat\t0.jpg\ndog\t1.jpg",
        'note,path,label,sha256,when\n"a, b",0.jpg, cat ,,now\n,1.jpg,dog,,\n',
        "path,label\n1.jpg,dog\n\n0.jpg,cat\n0.jpg,cat\n",
    ],
    ids=["plain", "mark", "semicolons", "tabs", "other columns", "order and repeats"],
)
def test_tables_as_they_are_written(read, photos, data):
    assert said(read(data)) == {"0.jpg": "cat", "1.jpg": "dog"}


def test_the_order_of_rows_changes_nothing(read, photos):
    lines = [f"{name},{name}" for name in photos]
    there = read("\n".join(["path,label", *lines]))
    back = read("\n".join(["path,label", *reversed(lines)]))
    assert there == back


def test_two_labels_for_one_photo_are_refused_with_their_lines(read, photos):
    found = read("path,label\n0.jpg,cat\n1.jpg,cat\n0.jpg,dog\n")
    assert said(found) == {"1.jpg": "cat"}
    assert "'cat' in line 2 and 'dog' in line 4" in found.refused[0].detail


def test_two_labels_for_one_content_are_refused(read, photos, tmp_path):
    (tmp_path / "copy.jpg").write_bytes((tmp_path / "0.jpg").read_bytes())
    found = read("path,label\n0.jpg,cat\n1.jpg,cat\ncopy.jpg,dog\n")
    assert said(found) == {"1.jpg": "cat"}
    assert len(found.refused) == 2


def test_a_photo_that_is_another_one_now_is_refused(read, photos):
    found = read(f"path,label,sha256\n0.jpg,cat,{photos['1.jpg']}\n1.jpg,cat,{photos['1.jpg'].upper()}\n")
    assert said(found) == {"1.jpg": "cat"}
    assert found.refused[0].reason.value == "another photo than the table means"


def test_a_file_that_is_gone_is_used_where_its_content_is_known(read, photos):
    found = read(f"path,label,sha256\ngone.jpg,cat,{'ab' * 32}\nlost.jpg,cat,\n")
    assert [(each.sha256, each.bytes) for each in found.photos] == [("ab" * 32, 0)]
    assert [each.name for each in found.refused] == ["lost.jpg"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("path,label\n", "holds no correction"),
        ("path,label\n0.jpg,\n", "none of 1 correction can be used.*no label"),
        ("path,label,sha256\n0.jpg,cat,12\n", "no SHA-256"),
        ("path,label\nmissing.jpg,cat\n", "none of 1 correction"),
        ("file,class\n0.jpg,cat\n", "one column path and one column label"),
        ("", "nothing"),
        ("path,label\n0.jpg,cat,3\n", "has 3 cells"),
        ("path,label\n0.jpg,cat\n".encode("utf-16"), "UTF-16"),
        (b"\x00\x01\x02", "no CSV table"),
        ('path,label\n0.jpg,"cat\n', "damaged at line"),
    ],
)
def test_what_can_not_be_used_is_one_line(read, photos, data, words):
    with pytest.raises(PhotosError, match=words) as caught:
        read(data)
    assert "\n" not in str(caught.value)


def test_names_of_classes_may_be_anything(read, photos):
    rows = ["<script>alert(1)</script>", "'=1+1", "x" * 300]
    lines = [f'{at}.jpg,"{label}"' for at, label in enumerate(rows)]
    found = read("\n".join(["path,label", *lines]))
    assert sorted(said(found).values()) == sorted(rows)
    found = read("\n".join(["path,label,sha256", *(f"{line}," for line in lines)]))
    assert sorted(said(found).values()) == sorted(["<script>alert(1)</script>", "=1+1", "x" * 300])


def test_bytes_that_are_no_utf8_and_other_forms_of_letters(read, photos):
    found = read(b"path,label\n0.jpg,caf\xe9\n1.jpg,cafe\xcc\x81\n")
    assert said(found) == {"0.jpg": "caf\\xe9", "1.jpg": "caf\u00e9"}


def test_a_huge_table_is_read_in_seconds(read, photos):
    rows = "".join(f"no/{number}.jpg,cat,{number:064x}\n" for number in range(30_000))
    assert len(read("path,label,sha256\n" + rows).photos) == 30_000


def test_a_folder_of_classes_is_taken_too(tmp_path, reader):
    (tmp_path / "photos" / "cat").mkdir(parents=True)
    (tmp_path / "photos" / "cat" / "1.jpg").write_bytes(jpeg(fake_photo(0, 1)))
    (tmp_path / "photos" / "cat" / "bad.jpg").write_text("no photo")
    found = read_corrections(str(tmp_path / "photos"), reader)
    assert said(found) == {"cat/1.jpg": "cat"}
    assert [each.name for each in found.refused] == ["cat/bad.jpg"]
