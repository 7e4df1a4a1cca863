import copy
import json
import subprocess
import sys
from dataclasses import fields

import pytest

from headstart.backbones.spec import BackboneSpec, Preprocessing
from headstart.errors import ModelError
from headstart.images.resize import Resize
from headstart.model.folder import read_folder, write_folder
from headstart.model.manifest import manifest_bytes, read_manifest
from headstart.model.schema import BackboneRecord, ResizeRecord


def edited(folder, change):
    """Write model.json again with a change, its checksum left as it was."""
    path = folder / "model.json"
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))
    return folder


def refused(folder):
    with pytest.raises(ModelError) as caught:
        read_folder(folder)
    message = str(caught.value)
    assert message.count(str(folder)) == 1
    assert "\n" not in message
    return message


def leaves(values, at=()):
    if isinstance(values, dict | list):
        items = values.items() if isinstance(values, dict) else enumerate(values)
        yield from (leaf for key, inner in items for leaf in leaves(inner, (*at, key)))
    if at:
        yield at


def set_at(values, at, new):
    for key in at[:-1]:
        values = values[key]
    values[at[-1]] = new


def test_the_same_record_gives_the_same_bytes(saved, make_files):
    assert manifest_bytes(make_files().record) == (saved / "model.json").read_bytes()


def test_another_layout_of_the_same_values_is_the_same_model(saved, make_files):
    edited(saved, lambda values: None)
    assert read_folder(saved) == make_files()


@pytest.mark.slow
def test_every_single_field_that_is_replaced_or_removed_is_refused(saved, make_files):
    path = saved / "model.json"
    good = json.loads(path.read_text())
    for at in list(leaves(good)):
        old = good
        for key in at:
            old = old[key]
        for new in (None, "x", -1, 7, 0.125, True, [], {}, ["x"], {"x": 1}, "../x"):
            if new == old and type(new) is type(old):
                continue
            values = copy.deepcopy(good)
            set_at(values, at, new)
            path.write_text(json.dumps(values))
            refused(saved)
        values = copy.deepcopy(good)
        holder = values
        for key in at[:-1]:
            holder = holder[key]
        del holder[at[-1]]
        path.write_text(json.dumps(values))
        refused(saved)


@pytest.mark.slow
def test_every_flipped_bit_is_refused_or_changes_no_value(saved, make_files):
    path = saved / "model.json"
    good = path.read_bytes()
    for at in range(len(good)):
        path.write_bytes(good[:at] + bytes([good[at] ^ (1 << at % 8)]) + good[at + 1 :])
        try:
            record, _ = read_manifest(saved)
        except ModelError:
            continue
        assert record == make_files().record


def test_every_truncation_is_refused(saved):
    path = saved / "model.json"
    good = path.read_bytes()
    for size in range(0, len(good) - 2, 7):
        path.write_bytes(good[:size])
        refused(saved)


@pytest.mark.parametrize("name", ["module", "class_name", "__reduce__", "import", "config"])
@pytest.mark.parametrize(
    "place", [(), ("backbone",), ("head",), ("backbone", "resize"), ("training",), ("rows",)]
)
def test_unknown_keys_are_refused_wherever_they_stand(saved, place, name):
    def change(values):
        for key in place:
            values = values[key]
        values[name] = "os.system"

    assert name in refused(edited(saved, change))


@pytest.mark.parametrize(
    "name",
    [
        "../head-{digest}.safetensors",
        "/tmp/head-{digest}.safetensors",
        "sub/head-{digest}.safetensors",
        "..\\head-{digest}.safetensors",
        "C:head-{digest}.safetensors",
        "head-{digest}.safetensors\0",
        "head-{digest}.safetensors\n",
        "head-{digest}.pkl",
        "rows-{digest}.safetensors",
        "HEAD-{digest}.safetensors",
        "head-0000000000000000.safetensors",
        "model.json",
        "",
    ],
)
def test_tensor_files_have_the_names_that_a_save_gives(saved, name):
    def change(values):
        tensors = values["head"]["tensors"]
        tensors["file"] = name.format(digest=tensors["sha256"][:16])

    assert "is not as it should be" in refused(edited(saved, change))


@pytest.mark.parametrize("name", ["../x.html", "/x.html", "model.json", "a/b.csv"])
def test_extras_have_plain_names(saved, name):
    assert "extras" in refused(edited(saved, lambda values: values["extras"].update({name: "0" * 64})))


@pytest.mark.parametrize(
    "options",
    [
        {"pretrained": True},
        {"checkpoint_path": "evil.pth"},
        {"pretrained_cfg": "x"},
        {"weights": "DEFAULT"},
        {"act_layer": "https://example.org/x"},
        {"act_layer": "../x"},
        {"not a name": 1},
        {"nested": {"a": 1}},
    ],
)
def test_options_that_would_fetch_or_read_something_are_refused(saved, options):
    def change(values):
        values["backbone"]["options"] = options

    assert "options" in refused(edited(saved, change))


@pytest.mark.parametrize("architecture", ["hf-hub:evil/net", "../net", "/net", "https://example.org"])
def test_architectures_are_plain_names(saved, architecture):
    def change(values):
        values["backbone"] |= {"framework": "timm", "architecture": architecture}

    assert "architecture" in refused(edited(saved, change))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "JSON"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"{}", "format"),
        (b'{"format": 1, "format": 1}', "twice"),
        (b'{"format": NaN}', "NaN"),
        (b'{"format": "2"}', "format"),
        (b'{"format": 0}', "format"),
        (b'{"format": true}', "format"),
        (b"\x80\x04\x95", "JSON"),
        (b"PK\x03\x04", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b'{"format": ' + b"9" * 10_000 + b"}", "63 bits"),
    ],
)
def test_other_content_is_refused(saved, text, said):
    (saved / "model.json").write_bytes(text)
    assert said in refused(saved)


def test_a_newer_format_asks_for_an_upgrade_whatever_else_it_holds(saved):
    (saved / "model.json").write_text(json.dumps({"format": 2, "made_by": "headstart 3.1", "new": [1]}))
    with pytest.raises(ModelError, match=r"made by 'headstart 3\.1' \(format 2\).*upgrade headstart"):
        read_folder(saved)


def test_a_huge_manifest_is_refused_unread(saved):
    with (saved / "model.json").open("r+b") as file:
        file.truncate(1 << 40)  # sparse
    assert "at most" in refused(saved)


def test_names_that_are_not_unicode_come_back(tmp_path, make_files):
    files = make_files()
    names = ["caf\udce9/1.jpg", "-rf", "=cmd()", '"<img onerror=x>\n\t', "\u202e\U0001f600"]
    photos = [files.record.photos[0].model_copy(update={"name": name}) for name in names]
    record = files.record.model_copy(update={"photos": photos})
    folder = write_folder(tmp_path / "model", type(files)(record, files.tensors), {})
    assert [photo.name for photo in read_folder(folder).record.photos] == names


def test_a_spec_comes_back_as_it_was(make_files):
    spec = make_files().record.backbone.spec()
    assert isinstance(spec, BackboneSpec)
    assert BackboneRecord.of(spec).spec() == spec


def test_no_field_of_a_spec_is_left_out_when_one_is_added():
    kept = set(BackboneRecord.model_fields)
    assert {field.name for field in fields(BackboneSpec)} - {"preprocessing"} <= kept
    assert {field.name for field in fields(Preprocessing)} <= kept
    assert {field.name for field in fields(Resize)} == set(ResizeRecord.model_fields)


def test_reading_a_model_folder_imports_nothing_by_name(saved, tmp_path):
    (tmp_path / "evil.py").write_text("raise SystemExit('imported')")
    edited(saved, lambda values: values["head"].update({"kind": "evil"}))
    code = (
        "import sys, headstart.model.model as m\n"
        "before = set(sys.modules)\n"
        "try: m.load_model(sys.argv[1])\n"
        "except m.ModelError: print(sorted(name for name in set(sys.modules) - before if 'evil' in name))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(saved)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert run.stdout == "[]\n", run.stderr
