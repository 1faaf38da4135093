"""Every key of the Compose specification with every kind of value, and what Compose says of each.

``verdicts.txt`` is what Docker Compose 2.40.3 said, one character for each of ``VALUES``: ``.`` it
took the file, ``x`` it refused it, ``?`` it refused it and we are not to say so: it takes another
file to know, or the key may be of a newer Compose. Write it anew, with a Compose on the path::

    cd tests/lint && python -m compose.grid > compose/verdicts.txt
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from compose.cases import is_refused, real_compose
from mlbox.lint.compose import schema
from mlbox.lint.compose.schema import STR, Keys

if TYPE_CHECKING:
    from collections.abc import Iterator

VERDICTS = Path(__file__).with_name("verdicts.txt")
VALUES = (
    *("abc", '""', "3", '"3"', "0", "-1", "1.5", '"1.5"', "true", '"true"', "", "8gb", "10s"),
    *("[abc, def]", "[1, 2]", "[[a]]", "{a: b}", "{a: 1}", "{a: }", "{a: [b]}", "[{a: b}]", "[]"),
    *("{}", "[A=1, B]", "2024-01-01", "[abc, abc]"),
)
_SERVICE = "services:\n  s:\n    image: x\n"


def documents() -> Iterator[tuple[str, tuple[str, ...]]]:
    """A name for each key, and the files that have it with each value."""
    for name, template, form in _templates():
        for key in (*form.keys, "nosuchkey"):
            yield (
                f"{name}{key}",
                tuple(template.replace("K", key).replace("V", value) for value in VALUES),
            )


def _templates() -> Iterator[tuple[str, str, Keys]]:
    """Where keys stand: a name, a file in which K is a key and V its value, and the keys."""
    top = Keys({name: form for name, form in schema.ROOT.keys.items() if name != "services"})
    service = Keys({name: form for name, form in schema.SERVICE.keys.items() if name != "image"})
    yield "", f"K: V\n{_SERVICE}", top
    yield "services.s.", f"{_SERVICE}    K: V\n", service
    for path, form in _forms(service, "services.s"):
        yield f"{path}.", _nested(path), form
    for name, extra in (("networks", ""), ("volumes", ""), ("secrets", "file: x, ")):
        inner = schema.ROOT.keys[name]
        assert isinstance(inner, schema.Named)
        forms = inner.form if isinstance(inner.form, tuple) else (inner.form,)
        keys = next(each for each in forms if isinstance(each, Keys))
        yield f"{name}.n.", f"{_SERVICE}{name}: {{n: {{ {extra}K: V }} }}\n", keys
    one = Keys({"NAME": STR})
    yield "environment.", f"{_SERVICE}    environment: {{K: V }}\n", one
    yield "labels.", f"{_SERVICE}    labels: {{K: V }}\n", one
    yield "ulimits.", f"{_SERVICE}    ulimits: {{K: V }}\n", Keys({})


# What has to be there too, for a file to be right.
_WITH = {
    "services.s.build": "context: ., ",
    "services.s.depends_on.t": "condition: service_started, ",
    "services.s.deploy.resources.reservations.devices[]": "capabilities: [gpu], ",
    "services.s.devices[]": "source: /dev/x, target: /dev/x, ",
    "services.s.env_file[]": "path: x.env, ",
    "services.s.extends": "service: t, ",
    "services.s.ports[]": "target: 80, ",
    "services.s.volumes[]": "type: bind, source: /y, target: /x, ",
}


def _nested(path: str) -> str:
    """A file with a key at a path of it."""
    text = f"{{ {_WITH.get(path, '')}K: V }}"
    for name in reversed(path.split(".")[2:]):
        text = f"[{text} ]" if name.endswith("[]") else text
        text = f"{{ {name.removesuffix('[]')}: {text} }}"
    return f"services:\n  t: {{image: y}}\n  s: {{image: x, {text[2:]}\n"


def _forms(form: schema.Form, path: str) -> Iterator[tuple[str, Keys]]:
    """The maps with known keys beneath one."""
    for each in form if isinstance(form, tuple) else (form,):
        if isinstance(each, Keys):
            for name, inner in each.keys.items():
                yield from _here_and_beneath(inner, f"{path}.{name}")
        elif isinstance(each, schema.Many):
            yield from _here_and_beneath(each.form, f"{path}[]")
        elif isinstance(each, schema.Named):
            name = {"networks": "default", "depends_on": "t"}.get(path.rpartition(".")[2], "n")
            yield from _here_and_beneath(each.form, f"{path}.{name}")


def _here_and_beneath(form: schema.Form, path: str) -> Iterator[tuple[str, Keys]]:
    for each in form if isinstance(form, tuple) else (form,):
        if isinstance(each, Keys):
            yield path, each
    yield from _forms(form, path)


def verdicts() -> dict[str, str]:
    """What Docker Compose said of each."""
    lines = VERDICTS.read_text(encoding="utf-8").splitlines()
    split = (line.partition(" ") for line in lines)
    return {name: said for name, _, said in split}


def _asked(texts: tuple[str, ...], folder: Path) -> str:
    """What Compose and we say of the files with one key."""
    said = ""
    for text in texts:
        (folder / "x.env").write_text("A=1\n", encoding="utf-8")
        (folder / "compose.yaml").write_text(text, encoding="utf-8")
        said += "." if real_compose(folder) else "x" if is_refused(text) else "?"
    return said


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for key, texts in documents():
            sys.stdout.write(f"{key} {_asked(texts, Path(folder))}\n")
