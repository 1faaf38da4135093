"""A report in each of its forms, read back by what reads such forms."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from mlbox.findings import Autofix, Edit, Finding, Location
from mlbox.lint import LintReport, Unreadable, lint_dockerfile
from mlbox.lint.catalogue import page, rule_named, rules, url
from mlbox.lint.formats import FORMATS, shown, text

SCHEMA = json.loads((Path(__file__).parents[1] / "data/sarif-2.1.0.json").read_text())
BAD = (
    "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\n"
    "RUN apt-get update && apt-get install -y nvidia-utils-550\n"
    "CMD python train.py\n"
)
NASTY = '<b>"x" & y</b> %0A::error \x1b[31m \udcff ]]> 100%, a:b\r\nsecond line'


def nasty() -> LintReport:
    """A report whose texts are hard to put into any form."""
    place = Location(file="a b,ü\udcff.Dockerfile", line=2, column=3, end_line=3, end_column=1)
    finding = Finding(
        code="MLD301",
        slug="secret-in-layer",
        severity="error",
        what=NASTY,
        why=NASTY,
        fix=NASTY,
        location=place,
        autofix=Autofix(safe=True, edits=(Edit(file=place.file, start=0, end=0, text="x"),)),
    )
    foreign = Finding(code="SC2086", severity="info", what="Quote.", location=place)
    broken = Unreadable(file="b:c,d", what=NASTY, why="Because.", fix="Mend it.")
    return LintReport(findings=(finding, foreign), files=(place.file,), unreadable=(broken,))


REPORTS = {"bad": lint_dockerfile(BAD), "nothing": LintReport(files=("x",)), "nasty": nasty()}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_every_form_ends_in_a_line_and_can_be_written(report: LintReport, form: str) -> None:
    text = shown(report, form)
    assert text == "" or text.endswith("\n")
    text.encode("utf-8", "backslashreplace")


def test_the_text_has_place_severity_rule_reason_and_fix() -> None:
    lines = shown(REPORTS["bad"], "text").splitlines()
    assert lines[0].startswith("Dockerfile:")
    found = next(line for line in lines if "MLD106" in line)
    assert re.match(r"Dockerfile:2:42: error: MLD106 driver-in-image: .+", found)
    assert any(line.startswith("    Fix: ") for line in lines)
    assert re.match(r"1 error, \d+ warnings?, \d+ info in 1 file\. ", lines[-1])


def test_the_text_says_how_much_each_kind_of_fix_mends() -> None:
    last = shown(REPORTS["bad"], "text").splitlines()[-1]
    assert "can be fixed with --fix." in last
    assert "more can be fixed with --unsafe-fixes." in last
    assert shown(REPORTS["nothing"], "text") == "Nothing found in 1 file.\n"


def test_json_is_a_list_of_objects_with_the_documented_keys() -> None:
    rows = json.loads(shown(REPORTS["bad"], "json"))
    keys = "code slug severity confidence file line column what why fix autofix url as_of"
    assert all(" ".join(row) == keys for row in rows)
    driver = next(row for row in rows if row["code"] == "MLD106")
    assert (driver["line"], driver["column"], driver["autofix"]) == (2, 42, "safe")
    assert driver["severity"] == "error"
    assert {row["autofix"] for row in rows} == {"safe", "unsafe", None}
    assert json.loads(shown(REPORTS["nothing"], "json")) == []


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_sarif_is_valid_by_its_schema(report: LintReport) -> None:
    log = json.loads(shown(report, "sarif"))
    jsonschema.validate(log, SCHEMA, cls=jsonschema.Draft7Validator)
    run = log["runs"][0]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert run["invocations"][0]["executionSuccessful"] is (not report.unreadable)


def test_the_schema_refuses_what_is_not_sarif() -> None:
    log = json.loads(shown(REPORTS["bad"], "sarif"))
    log["runs"][0]["results"][0]["level"] = "bad"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(log, SCHEMA, cls=jsonschema.Draft7Validator)


def test_sarifs_fingerprints_stay_when_lines_move_and_differ_from_each_other() -> None:
    def prints(text: str) -> list[str]:
        results = json.loads(shown(lint_dockerfile(text), "sarif"))["runs"][0]["results"]
        return [result["partialFingerprints"]["mlbox/v1"] for result in results]

    before = prints(BAD)
    assert prints(f"# moved\n\n{BAD}") == before
    assert len(set(before)) == len(before)


def test_github_gets_one_line_per_finding_with_its_escapes() -> None:
    lines = shown(nasty(), "github").splitlines()
    assert len(lines) == 3
    kinds = [re.match(r"::(\w+) ([^:]*)::(.*)", line) for line in lines]
    assert [match and match[1] for match in kinds] == ["error", "notice", "error"]
    assert all(match and "\r" not in match[3] for match in kinds)
    assert lines[0].startswith("::error file=a b%2Cü\udcff.Dockerfile,line=2,endLine=3,title=")
    assert "100%25, a:b%0D%0Asecond line" in lines[0]


def test_github_gets_columns_where_all_is_in_one_line() -> None:
    text = shown(REPORTS["bad"], "github")
    assert "file=Dockerfile,line=2,endLine=2,col=42,endColumn=57,title=MLD106 " in text


def test_junit_counts_and_names_what_failed() -> None:
    root = ET.fromstring(shown(nasty(), "junit"))  # noqa: S314  (it is our own)
    assert (root.get("failures"), root.get("errors")) == ("2", "1")
    assert len(root.findall(".//failure")) == 2
    assert all(item.get("message") for item in root.findall(".//error"))
    clean = ET.fromstring(shown(REPORTS["nothing"], "junit"))  # noqa: S314
    assert [case.get("name") for case in clean.iter("testcase")] == ["mlbox lint"]


def test_html_shows_texts_as_texts() -> None:
    page_of = shown(nasty(), "html")
    assert "<b>&quot;x" not in page_of.replace("&lt;b&gt;", "")
    assert "&lt;b&gt;&quot;x&quot; &amp; y&lt;/b&gt;" in page_of
    assert "\udcff" not in page_of


def test_a_notebook_shows_the_table() -> None:
    html = REPORTS["bad"]._repr_html_()
    assert "MLD106" in html
    assert "<html" not in html


def test_every_rule_can_be_named_by_code_and_slug_and_has_a_page_behind_its_url() -> None:
    for code, rule in rules().items():
        assert rule_named(code.lower()) is rule
        assert rule_named(rule.slug) is rule
        assert page(code).startswith(f"# {code} {rule.slug}\n")
        assert Path(url(code).removeprefix("file://")).is_file()


def test_hadolints_codes_lead_to_its_own_pages() -> None:
    assert url("DL3020").endswith("hadolint/wiki/DL3020")
    assert url("SC2086").endswith("wiki/SC2086")
    assert url("XX1") == ""


def test_lines_are_broken_between_words_where_a_width_is_given() -> None:
    wide, narrow = text.show(REPORTS["bad"]), text.show(REPORTS["bad"], 60)
    assert narrow.split() == wide.split()
    assert all(len(line) <= 60 or " " not in line.strip() for line in narrow.splitlines())
