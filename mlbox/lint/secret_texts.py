"""Secrets that stand in a text: what nothing but a token, a key or a password looks like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlbox.lint.secrets import is_path, is_placeholder, secret_name

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, kw_only=True)
class Found:
    """A secret that stands in a text.

    Attributes:
        kind: What it is: ``"a GitHub token"``.
        start: Where it begins.
        end: Where it ends.
        masked: Its beginning, the rest left out.
        sure: Whether nothing else looks like that.
    """

    kind: str
    start: int
    end: int
    masked: str
    sure: bool = True


_BEFORE = r"(?<![A-Za-z0-9_])"
_TOKENS = (
    ("a GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9]{16,255}"),
    ("a GitHub token", ("github_pat_",), r"github_pat_[A-Za-z0-9_]{20,255}"),
    (
        "a Hugging Face token",
        ("hf_", "api_org_"),
        r"(?:hf|api_org)_(?=[a-z]{0,64}[A-Z0-9]|[a-z]{30})[A-Za-z0-9]{16,64}",
    ),
    (
        "an API key",
        ("sk-",),
        (
            r"sk-(?:proj-|ant-|svcacct-|or-|live-)?(?=[\w-]{0,255}?\d)(?=[\w-]{0,255}?[A-Za-z])"
            r"(?=[\w-]{0,255}?\w{16})[\w-]{18,255}"
        ),
    ),
    ("a Stripe key", ("k_live_",), r"[sr]k_live_[A-Za-z0-9]{16,255}"),
    ("an AWS access key", ("AKIA", "ASIA"), r"(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Z])"),
    (
        "a GitLab token",
        ("glpat-", "gldt-", "glrt-", "glcbt-"),
        r"gl(?:pat|dt|rt|cbt)-[A-Za-z0-9_-]{16,64}",
    ),
    ("a Slack token", ("xox",), r"xox[abeprs]-[A-Za-z0-9-]{10,250}"),
    ("a Google API key", ("AIza",), r"AIza[0-9A-Za-z_-]{30,45}"),
    ("an npm token", ("npm_",), r"npm_[A-Za-z0-9]{30,64}"),
    ("a package index token", ("pypi-AgE",), r"pypi-AgE[A-Za-z0-9_-]{20,}"),
    ("a Docker token", ("dckr_pat_",), r"dckr_pat_[A-Za-z0-9_-]{20,64}"),
    ("a Databricks token", ("dapi",), r"dapi[0-9a-f]{32}"),
    ("a Groq key", ("gsk_",), r"gsk_[A-Za-z0-9]{30,80}"),
    ("a Replicate token", ("r8_",), r"r8_[A-Za-z0-9]{30,60}"),
    ("a SendGrid key", ("SG.",), r"SG\.[\w-]{16,32}\.[\w-]{16,64}"),
)
_PEM = r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
_URL = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]{0,30}://(?P<user>[^\s/:@\"'$<{]*):(?P<password>[^\s/@\"'$<{%][^\s/@\"']*)"
    r"@(?P<host>[\w.-]+)"
)
_USER_TOKEN = re.compile(r"https?://(?P<password>[0-9a-f]{40})@")
_GIVEN = (
    (
        "an authorization",
        ("uthorization:",),
        re.compile(
            r"Authorization:\s*(?:Bearer|token|Basic)\s+(?P<password>[A-Za-z0-9._~+/=-]{16,})",
            re.IGNORECASE,
        ),
    ),
    (
        "a W&B key",
        ("wandb",),
        re.compile(r"wandb\s+login\s+(?:--\S+\s+)*(?P<password>[0-9a-f]{40})"),
    ),
    (
        "a password",
        ("password",),
        re.compile(
            r"\bwget\b[^|;&\n]{0,200}?--(?:(?:http|ftp|proxy)-)?password[=\s]+[\"']?"
            r"(?P<password>[^\s\"'$<{]{4,})"
        ),
    ),
    (
        "a password",
        ("-u", "--user"),
        re.compile(
            r"\bcurl\b[^|;&\n]{0,200}?[\s\"](?:-u|--user)[\"',=\s]+[\w.@-]+:"
            r"(?P<password>[^\s\"'$<{]{4,})"
        ),
    ),
)
_PATTERNS = tuple((kind, marks, re.compile(f"{_BEFORE}{text}")) for kind, marks, text in _TOKENS)
_PRIVATE = re.compile(_PEM)
_LOCAL = frozenset(
    {"localhost", "127.0.0.1", "db", "postgres", "mysql", "redis", "mongo", "rabbitmq"}
)
_SHOWN = 4
_FEW = 3  # different characters: nobody's token has so few


def literals(text: str) -> Iterator[Found]:
    """The secrets that stand in a text, in order; none of them twice."""
    taken = 0
    for found in sorted(_all(text), key=lambda item: (item.start, -item.end)):
        if found.start >= taken:
            taken = found.end
            yield found


def _all(text: str) -> Iterator[Found]:
    yield from _tokens(text)
    if "PRIVATE KEY" in text:
        for match in _PRIVATE.finditer(text):
            yield _literal("a private key", match.start(), match.end(), match[0])
    if "@" in text and "://" in text:
        yield from _in_urls(text)
    for kind, marks, pattern in _GIVEN:
        if not any(mark in text for mark in marks):
            continue
        for match in pattern.finditer(text):
            if not is_placeholder(match["password"]) and not _is_token(match["password"]):
                yield _literal(kind, *match.span("password"), "")


def _tokens(text: str) -> Iterator[Found]:
    for kind, marks, pattern in _PATTERNS:
        if any(mark in text for mark in marks):
            for match in pattern.finditer(text):
                if not _is_drawing(match[0]):
                    sure = len(set(_body(match[0]))) > _FEW
                    yield _literal(kind, match.start(), match.end(), match[0], sure=sure)


def _is_token(text: str) -> bool:
    """Whether something is found as what it is already."""
    return any(True for _ in _tokens(text))


def _in_urls(text: str) -> Iterator[Found]:
    for pattern in (_URL, _USER_TOKEN):
        for match in pattern.finditer(text):
            password = match["password"]
            if is_placeholder(password) or password.isupper() or _is_drawing(password):
                continue
            local = "host" in match.groupdict() and match["host"] in _LOCAL
            start, end = match.span("password")
            if _is_token(password):
                continue
            yield _literal("a password in an address", start, end, "", sure=not local)


def _literal(kind: str, start: int, end: int, value: str, *, sure: bool = True) -> Found:
    shown = value[:_SHOWN] if len(value) > 2 * _SHOWN else ""
    return Found(kind=kind, start=start, end=end, masked=f"{shown}...", sure=sure)


def _is_drawing(value: str) -> bool:
    """``ghp_xxxxxxxxxxxxxxxx``: the drawing of a token."""
    return not set(_body(value).lower()) - set("x*._-")


def _body(value: str) -> str:
    """A token without its beginning."""
    return re.split(r"[_-]", value, maxsplit=1)[-1]


_ENV_LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*[=:]\s*(.*?)\s*$", re.MULTILINE)


def holds_secrets(text: str) -> bool:
    """Whether a file of settings has a secret in it."""
    if any(True for _ in literals(text)):
        return True
    return any(
        secret_name(name) is not None and not is_placeholder(value) and not is_path(value)
        for name, value in _ENV_LINE.findall(text)
    )
