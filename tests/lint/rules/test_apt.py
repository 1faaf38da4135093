"""apt's package lists, and what it installs unasked (MLD401, MLD402, MLD404)."""

from __future__ import annotations

import pytest
from cases import SLIM, assert_fixed, fixed, in_all_forms, named, of, places, variants

LISTS = "rm -rf /var/lib/apt/lists/*"
KEPT = {
    "update and install": ("apt-get update && apt-get install -y git", "install"),
    "flag before the verb": ("apt-get update && apt-get -y install git", "install"),
    "apt": ("apt update && apt install -y git curl", "install"),
    "clean alone": ("apt-get update && apt-get install -y git && apt-get clean", "install"),
    "upgrade": ("apt-get update && apt-get upgrade -y", "upgrade"),
    "sudo": ("sudo apt-get update && sudo apt-get install -y git", "install"),
    "semicolons": ("apt-get update; apt-get install -y git", "install"),
    "quiet": ("apt-get -qq update && apt-get -qqy install --no-install-recommends git", "install"),
    "removed too early": (f"{LISTS} && apt-get update && apt-get install -y git", "install"),
    "another folder": (
        "apt-get update && apt-get install -y git && rm -rf /var/cache/apt/archives",
        "install",
    ),
}
NOT_KEPT = {
    "removed": f"RUN apt-get update && apt-get install -y git && {LISTS}",
    "folder removed": "RUN apt-get update && apt-get install -y git && rm -r /var/lib/apt/lists",
    "with a slash": "RUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/",
    "all of apt removed": "RUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt",
    "braces": "RUN apt-get update && apt-get install -y git"
    " && rm -rf /var/lib/{apt,dpkg,cache,log}/",
    "find": "RUN apt-get update && apt-get install -y git && find /var/lib/apt/lists -delete",
    "in two steps": f"RUN apt-get update; apt-get install -y git; apt-get clean; {LISTS}",
    "heredoc": f"RUN <<EOF\napt-get update\napt-get install -y git\n{LISTS}\nEOF",
    "cache mounts": "RUN --mount=type=cache,target=/var/cache/apt --mount=type=cache,target="
    "/var/lib/apt apt-get update && apt-get install -y git",
    "mounted lists": "RUN --mount=type=tmpfs,target=/var/lib/apt/lists"
    " apt-get update && apt-get install -y git",
    "mount of a variable": "ARG LISTS\nRUN --mount=type=cache,target=$LISTS"
    " apt-get update && apt-get install -y git",
    "at the exit": f"RUN trap '{LISTS}' EXIT; apt-get update && apt-get install -y git",
    "in their folder": "RUN apt-get update && apt-get install -y git"
    " && cd /var/lib/apt/lists && rm -rf *",
    "another RUN installs": "RUN apt-get update\nRUN apt-get install -y git",
    "a script that cleans": "RUN apt-get update && apt-get install -y git && /opt/clean-up.sh",
    "a script that cleans, by sh": "RUN apt-get update && apt-get install -y git && sh clean.sh",
    "no lists were made": "RUN apt-get install -y git",
    "builder only copied from": f"{SLIM.strip()} AS build\nRUN apt-get update && apt-get install"
    f" -y git\n{SLIM}COPY --from=build /usr/bin/git /usr/bin/git",
    "unused stage": f"{SLIM.strip()} AS docs\nRUN apt-get update && apt-get install -y git\n{SLIM}",
    "another package manager": "FROM fedora:41\nRUN dnf install -y git",
    "only said": "RUN echo apt-get update, then apt-get install",
    "exec form without lists": 'RUN ["apt-get", "install", "-y", "git"]',
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(KEPT))
def test_lists_that_stay_in_a_layer_are_found(text: str, word: str) -> None:
    assert places("MLD401", text) == [word]


def test_lists_are_not_removed_inside_a_loop_that_needs_them_again() -> None:
    loop = "for name in git curl; do apt-get install -y $name; done"
    (found,) = of("MLD401", f"{SLIM}RUN apt-get update && {loop}\n")
    assert found.autofix is None


def test_lists_that_nothing_uses_are_found_and_no_end_of_the_run_mends_it() -> None:
    (found,) = of("MLD401", f"{SLIM}RUN apt-get update\n")
    assert found.autofix is None


@pytest.mark.parametrize("text", named(NOT_KEPT))
def test_lists_that_do_not_stay_are_no_finding(text: str) -> None:
    assert places("MLD401", text) == []


@pytest.mark.parametrize(("text", "word"), in_all_forms(KEPT))
def test_the_lists_are_removed_once_and_for_all(text: str, word: str) -> None:
    del word
    assert LISTS in assert_fixed(text, "MLD401").replace("\\\r\n", "").replace("\\\n", "")


def test_the_lists_are_removed_in_the_form_that_the_run_has() -> None:
    assert_fixed(
        f"{SLIM}RUN apt-get update && \\\n    apt-get install -y git\nCMD []\n",
        "MLD401",
        expected=f"{SLIM}RUN apt-get update && \\\n    apt-get install -y git \\\n    && {LISTS}\n"
        "CMD []\n",
    )
    assert_fixed(
        f"{SLIM}RUN <<EOF\n  apt-get update\n  apt-get install -y git # tools\n  true\nEOF\n",
        "MLD401",
        expected=f"{SLIM}RUN <<EOF\n  apt-get update\n  apt-get install -y git # tools\n  {LISTS}\n"
        "  true\nEOF\n",
    )
    assert_fixed(
        "# escape=`\n" + SLIM + "RUN apt-get update && `\n    apt-get install -y git\n",
        "MLD401",
        expected="# escape=`\n" + SLIM + "RUN apt-get update && `\n    apt-get install -y git `\n"
        f"    && {LISTS}\n",
    )


def test_lists_that_a_later_run_needs_are_not_removed() -> None:
    text = f"{SLIM}RUN apt-get update && apt-get install -y git\nRUN apt-get install -y curl\n"
    (found,) = of("MLD401", text)
    assert found.autofix is None
    mended = fixed(text, "MLD402")
    assert of("MLD402", mended) == []
    after = fixed(mended, "MLD401")
    assert of("MLD401", after) == of("MLD402", after) == []
    assert after.count(LISTS) == after.count("apt-get update") == 2


def test_a_command_that_may_not_end_there_is_left_to_people() -> None:
    text = f'{SLIM}RUN apt-get update && apt-get install -y gi"t\n'
    (found,) = of("MLD401", text)
    assert found.autofix is None


def test_an_installation_in_a_pipe_is_found_and_left_to_people() -> None:
    text = f"{SLIM}RUN apt-get update && apt-get install -y git | tee log\n"
    (found,) = of("MLD401", text)
    assert found.autofix is None


BEFORE = "RUN apt-get update\n"
SPLIT = {
    "install": ("apt-get install -y git", "install"),
    "flag before the verb": ("apt-get -y install git", "install"),
    "apt": ("apt install -y git", "install"),
    "after another command": ("true && apt-get install -y git", "install"),
    "two installs": ("apt-get install -y git && apt-get install -y curl", "install"),
    "update too late": ("apt-get install -y git && apt-get update", "install"),
    "with a pipe": ("yes | apt-get install git", "install"),
    "sudo": ("sudo apt-get install -y git", "install"),
}
TOGETHER = {
    "one run": "RUN apt-get update && apt-get install -y git",
    "both": BEFORE + "RUN apt-get update && apt-get install -y git",
    "a local package": BEFORE + "RUN apt-get install -y ./tool.deb",
    "a local package, from /tmp": BEFORE + "RUN apt-get install -y /tmp/tool.deb",
    "repair": BEFORE + "RUN apt-get install -f -y",
    "a script that fetches lists": BEFORE
    + "RUN curl -sL https://deb.example.com/setup.sh | bash - && apt-get install -y nodejs",
    "a repository is added": BEFORE
    + "RUN add-apt-repository ppa:deadsnakes/ppa && apt-get install -y python3.12",
    "a script of one's own": BEFORE + "RUN ./fetch.sh && apt-get install -y git",
    "a script by bash": BEFORE + "RUN bash fetch && apt-get install -y git",
    "lists in a mount": BEFORE
    + "RUN --mount=type=cache,target=/var/lib/apt apt-get install -y git",
    "an unused stage": SLIM.strip() + " AS a\n" + BEFORE + "RUN apt-get install git\n" + SLIM,
    "a script of an earlier RUN": "RUN ./fetch.sh\nRUN apt-get install -y git",
    "another package manager": BEFORE + "RUN dnf install -y git",
    "a removal": BEFORE + "RUN apt-get remove -y git",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(SPLIT, SLIM + BEFORE))
def test_an_installation_with_the_lists_of_another_layer_is_found(text: str, word: str) -> None:
    assert places("MLD402", text) == [word]


@pytest.mark.parametrize("text", named(TOGETHER))
def test_an_installation_with_its_own_lists_is_no_finding(text: str) -> None:
    assert places("MLD402", text) == []


@pytest.mark.parametrize(("text", "word"), in_all_forms(SPLIT, SLIM + BEFORE))
def test_the_lists_are_fetched_where_they_are_used(text: str, word: str) -> None:
    del word
    assert_fixed(text, "MLD402")


def test_an_update_comes_before_the_whole_pipe() -> None:
    assert_fixed(
        f"{SLIM}{BEFORE}RUN yes | sudo apt-get install git\n",
        "MLD402",
        expected=f"{SLIM}{BEFORE}RUN sudo apt-get update && yes | sudo apt-get install git\n",
    )


def test_lists_of_the_stage_below_are_those_of_another_layer() -> None:
    text = f"{SLIM.strip()} AS base\n{BEFORE}FROM base\nRUN apt-get install -y git\n"
    assert places("MLD402", text) == ["install"]


def test_lists_that_an_earlier_run_removed_are_said_to_be_gone() -> None:
    text = (
        f"{SLIM}RUN apt-get update && apt-get install -y git && {LISTS}\n"
        "RUN apt-get install -y curl\n"
    )
    (found,) = of("MLD402", text)
    assert "removed them" in found.what
    assert "Unable to locate package" in found.why


@pytest.mark.parametrize(
    "base",
    ["python:3.12-slim", "ubuntu:22.04", "debian:12", "nvidia/cuda:12.8.1-runtime-ubuntu22.04"],
)
def test_a_base_without_lists_is_said_to_have_none(base: str) -> None:
    (found,) = of("MLD402", f"FROM {base}\nRUN apt-get install -y git\n")
    assert "the base image has none" in found.what


@pytest.mark.parametrize("base", ["python:3.12", "team/base:1", "tensorflow/tensorflow:2.15.0"])
def test_a_base_that_may_have_lists_or_the_package_is_no_finding(base: str) -> None:
    assert places("MLD402", f"FROM {base}\nRUN apt-get install -y git\n") == []


RECOMMENDED = {
    "apt-get": ("apt-get install -y git", "install"),
    "flag before the verb": ("apt-get -y install git", "install"),
    "apt": ("apt install -y git", "install"),
    "many": ("apt-get update && apt-get install -y git curl vim nano less", "install"),
    "aptitude": ("aptitude install -y git", "install"),
    "upgrade first": ("apt-get upgrade -y && apt-get install -y git", "install"),
}
NOT_RECOMMENDED = {
    "flag": "RUN apt-get install -y --no-install-recommends git",
    "flag first": "RUN apt-get --no-install-recommends install -y git",
    "option": "RUN apt-get install -y -o APT::Install-Recommends=false git",
    "update": "RUN apt-get update",
    "removal": "RUN apt-get remove -y git",
    "wanted": "RUN apt-get install -y --install-recommends git",
    "other tools": "FROM fedora:41\nRUN dnf install -y git",
    "builder": f"{SLIM.strip()} AS a\nRUN apt-get install -y git\n{SLIM}COPY --from=a /a /a",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(RECOMMENDED))
def test_recommended_packages_are_said_and_left_out(text: str, word: str) -> None:
    assert places("MLD404", text) == [word]
    (found,) = of("MLD404", text)
    assert found.severity == "info"
    assert_fixed(text, "MLD404")


def test_recommended_packages_are_left_out_of_an_exec_form() -> None:
    assert_fixed(
        f'{SLIM}RUN ["apt-get","install","-y","git"]\n',
        "MLD404",
        expected=f'{SLIM}RUN ["apt-get","install", "--no-install-recommends","-y","git"]\n',
    )


@pytest.mark.parametrize("text", named(NOT_RECOMMENDED))
def test_where_nothing_recommended_comes_there_is_no_finding(text: str) -> None:
    assert places("MLD404", text) == []


def test_every_form_of_a_command_is_another_text() -> None:
    assert len(set(variants("apt-get update").values())) == len(variants("apt-get update")) >= 7
