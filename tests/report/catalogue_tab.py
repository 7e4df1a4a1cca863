"""What people do in a tab with a catalogue's page."""

import csv
import io
import re


def names(tab):
    return tab.locator(".card .file").all_inner_texts()


def counted(tab, text):
    tab.wait_for_function("text => document.getElementById('count').textContent === text", arg=text)


def pill(tab, name):
    tab.locator(f"#pills [data-name='{name}']").click()


def give(tab, position, label):
    tab.locator(".card .open").nth(position).click()
    tab.locator(".quick .pill", has_text=label).click()
    tab.keyboard.press("Escape")


def saved_rows(tab, tmp_path):
    with tab.expect_download() as download:
        tab.locator("#save").click()
    path = tmp_path / "got.csv"
    download.value.save_as(path)
    assert re.fullmatch(r"corrections-\d{4}-\d\d-\d\d-\d{6}(-\d+)?\.csv", download.value.suggested_filename)
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    return list(csv.DictReader(io.StringIO(text, newline="")))
