"""The shell splitter: words, values, places, and what decides whether a command is run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlbox.lint.parse import parse
from mlbox.lint.shell import Command, commands_of, shells_of


def commands(text: str) -> tuple[Command, ...]:
    """Every command of a Dockerfile, whose RUN is the text if it has no FROM."""
    dockerfile = parse(text if "FROM" in text else f"FROM base\nRUN {text}\n")
    found: list[Command] = []
    for stage in dockerfile.stages:
        steps = tuple(stage.all_steps)
        for step, shell in zip(steps, shells_of(steps), strict=False):
            found += commands_of(step, shell)
    return tuple(found)


def said(text: str) -> list[str]:
    """Each command as one string, ``?`` for a word that is not known."""
    return [
        " ".join("?" if word.value is None else word.value for word in command.words)
        for command in commands(text)
    ]


WORDS = {
    "plain words": ("pip install torch", ["pip install torch"]),
    "several blanks and tabs": ("pip   install\ttorch  ", ["pip install torch"]),
    "single quotes": ("pip install 'torch>=2'", ["pip install torch>=2"]),
    "double quotes": ('pip install "torch>=2"', ["pip install torch>=2"]),
    "quotes inside a word": ("pip install torch'>='2", ["pip install torch>=2"]),
    "an escaped blank": (r"cat a\ b", ["cat a b"]),
    "an escaped quote": (r"echo \"a", ['echo "a']),
    "an empty word": ("echo '' a", ["echo  a"]),
    "ANSI quotes": (r"echo $'a b'", ["echo a b"]),
    "a translated string": ('echo $"a b"', ["echo a b"]),
    "a pattern stays": ("rm -rf /var/lib/apt/lists/*", ["rm -rf /var/lib/apt/lists/*"]),
    "braces stay": ("mkdir -p a/{b,c}", ["mkdir -p a/{b,c}"]),
    "a comment": ("pip install torch # not this", ["pip install torch"]),
    "no comment inside a word": ("a https://x/y#egg=z", ["a https://x/y#egg=z"]),
    "no comment in a sed script": ("sed -i s#a#b# f", ["sed -i s#a#b# f"]),
    "and": ("a && b", ["a", "b"]),
    "or": ("a || b", ["a", "b"]),
    "operators without blanks": ("a&&b||c;d|e", ["a", "b", "c", "d", "e"]),
    "a pipe of both streams": ("a |& b", ["a", "b"]),
    "a background job": ("a & b", ["a", "b"]),
    "a group": ("{ a; b; }", ["a", "b"]),
    "a subshell": ("(a; b)", ["a", "b"]),
    "a negation": ("! a", ["a"]),
    "if": ("if a; then b; elif c; then d; else e; fi", ["a", "b", "c", "d", "e"]),
    "for": ("for x in 1 2; do a $x; done", ["a ?"]),
    "for over arguments": ("for x; do a; done", ["a"]),
    "while": ("while a; do b; done", ["a", "b"]),
    "until": ("until a; do b; done", ["a", "b"]),
    "case": ("case $x in a|b) c;; (d) e ;; *) f; esac", ["c", "e", "f"]),
    "an empty case": ("case $x in esac; a", ["a"]),
    "a function": ("f() { a; }; b", ["a", "b"]),
    "a function with its word": ("function f { a; }; b", ["a", "b"]),
    "a test": ("[ -f x ] && a", ["[ -f x ]", "a"]),
    "a bash test with operators": ("[[ -f x && y < z ]] && a", ["[[ -f x y z ]]", "a"]),
    "a reserved word as an argument": ("echo if then fi", ["echo if then fi"]),
    "an assignment before a command": ("A=1 B=2 a", ["a"]),
    "an assignment as an argument": ("a A=1", ["a A=1"]),
    "an array": ("a=(b c); d", ["", "d"]),
    "redirections": ("a > b 2>&1 < c >> d &> e", ["a"]),
    "a here-string": ("a <<< b", ["a"]),
    "a substitution": ("echo $(date -u)", ["date -u", "echo ?"]),
    "a substitution in quotes": ('echo "a $(date "x y")"', ["date x y", "echo ?"]),
    "backquotes": ("echo `date`", ["date", "echo ?"]),
    "nested substitutions": ("echo $(a $(b))", ["b", "a ?", "echo ?"]),
    "a substitution in an assignment": ("V=$(a) b", ["a", "b"]),
    "process substitution": ("diff <(a) b", ["a", "diff ? b"]),
    "arithmetic": ("echo $((1 + 2)) b", ["echo ? b"]),
    "a quote in a substitution's comment": (
        "FROM base\nRUN <<EOF\necho $(a # it's\n) b\nEOF",
        ["", "a", "echo ? b"],
    ),
    "sudo": ("sudo apt-get update", ["apt-get update"]),
    "sudo with options": ("sudo -E -u me -- apt-get update", ["apt-get update"]),
    "sudo with an assignment": ("sudo A=1 a", ["a"]),
    "env": ("env A=1 -u B a b", ["a b"]),
    "env alone": ("env", ["env"]),
    "exec": ("exec a", ["a"]),
    "time": ("time a", ["a"]),
    "nice": ("nice -n 10 a", ["a"]),
    "timeout": ("timeout -k 5 60 a b", ["a b"]),
    "command": ("command a", ["a"]),
    "a question to command": ("command -v a", ["command -v a"]),
    "several prefixes": ("sudo env A=1 nice a", ["a"]),
    "conda run": ("conda run --no-capture-output -n env pip install x", ["pip install x"]),
    "micromamba run": ("micromamba run -n base pip install x", ["pip install x"]),
    "conda install is no prefix": ("conda install run", ["conda install run"]),
    "uv run": ("uv run --with x pip list", ["pip list"]),
    "uv pip is no prefix": ("uv pip install x", ["uv pip install x"]),
    "xargs stays": ("xargs pip install", ["xargs pip install"]),
    "bash -c": ("bash -c 'a && b'", ["bash -c a && b", "a", "b"]),
    "sh -ec": ('sh -ec "a; b"', ["sh -ec a; b", "a", "b"]),
    "bash with options": ("bash -o pipefail -c 'a'", ["bash -o pipefail -c a", "a"]),
    "bash with a file": ("bash x.sh -c a", ["bash x.sh -c a"]),
    "su": ("su - me -c 'a b'", ["su - me -c a b", "a b"]),
    "eval": ("eval 'a b'", ["eval a b", "a b"]),
    "a substitution before bash -c": (
        'bash -c "a $(b)"',
        ["b", "bash -c ?", "a ?"],
    ),
    "a substitution in bash -c": ("bash -c 'a $(b)'", ["bash -c a $(b)", "b", "a ?"]),
    "escapes in a script": (r'bash -c "echo \"a b\""', ['bash -c echo "a b"', "echo a b"]),
    "a known variable": ("FROM base\nENV V=2\nRUN a $V ${V} \"$V\" '$V'", ["a 2 2 2 $V"]),
    "an unknown variable": ("a $V", ["a ?"]),
    "a default": ("a ${V:-3}", ["a 3"]),
    "a default by a substitution": ("a ${V:-$(b)}", ["b", "a ?"]),
    "a build argument": ("FROM base\nARG V=2\nRUN a b==$V", ["a b==2"]),
    "a build argument without value": ("FROM base\nARG V\nRUN a b==$V", ["a ?"]),
    "a variable of the script": ("V=2 && a $V", ["", "a 2"]),
    "an exported variable": ("export V=2; a $V", ["export V=2", "a 2"]),
    "a variable in a branch is not known": ("if x; then V=2; fi; a $V", ["x", "", "a ?"]),
    "a variable of a subshell is gone": ("(V=2); a $V", ["", "a ?"]),
    "a variable for one command only": ("V=2 a; b $V", ["a", "b ?"]),
    "an appended variable is not known": ("V=2; V+=3; a $V", ["", "", "a ?"]),
    "a variable of several words": ("V='b c'; a $V \"$V\"", ["", "a b c b c"]),
    "an empty variable is no word": ("V=; a $V b", ["", "a b"]),
}


@pytest.mark.parametrize("name", WORDS)
def test_a_script_is_split_as_a_shell_does(name: str) -> None:
    text, expected = WORDS[name]
    assert said(text) == expected


FORMS = {
    "shell form": "RUN pip install nvidia-driver-550",
    "continuation": "RUN pip install \\\n    nvidia-driver-550 \\\n  other",
    "a comment inside": "RUN pip install \\\n# why\n    nvidia-driver-550",
    "exec form": 'RUN ["pip", "install", "nvidia-driver-550"]',
    "exec form of a shell": 'RUN ["bash", "-c", "pip install nvidia-driver-550 x"]',
    "exec form with escapes": 'RUN ["sh", "-c", "echo \\"a\\" && pip install nvidia-driver-550"]',
    "heredoc": "RUN <<EOF\nset -e\npip install nvidia-driver-550\nEOF",
    "heredoc without its tabs": "RUN <<-EOF\n\tset -e\n\tpip install nvidia-driver-550\n\tEOF",
    "heredoc with a continuation": "RUN <<EOF\npip install \\\n  nvidia-driver-550\nEOF",
    "heredoc for bash": "RUN bash <<EOF\npip install nvidia-driver-550\nEOF",
    "heredoc before bash": "RUN <<EOF bash -e\npip install nvidia-driver-550\nEOF",
    "heredoc with a shebang": "RUN <<EOF\n#!/bin/bash -e\npip install nvidia-driver-550\nEOF",
    "onbuild": "ONBUILD RUN pip install nvidia-driver-550",
    "onbuild heredoc": "ONBUILD RUN <<EOF\npip install nvidia-driver-550\nEOF",
    "bash -c": "RUN bash -c 'pip install nvidia-driver-550'",
    "bash -c in double quotes": 'RUN bash -lc "echo \\"a\\" $X; pip install nvidia-driver-550"',
    "bash -c across lines": 'RUN bash -c "a && \\\n  pip install nvidia-driver-550"',
    "a mount before": "RUN --mount=type=cache,target=/c pip install nvidia-driver-550",
    "inside a substitution": 'RUN x="$(pip install nvidia-driver-550)"',
    "a branch": "RUN if a; then pip install nvidia-driver-550; fi",
    "cmd": "CMD pip install nvidia-driver-550",
    "entrypoint": 'ENTRYPOINT ["pip", "install", "nvidia-driver-550"]',
    "healthcheck": "HEALTHCHECK --interval=5s CMD pip install nvidia-driver-550",
    "healthcheck in exec form": 'HEALTHCHECK CMD ["pip", "install", "nvidia-driver-550"]',
    "carriage returns": "RUN a && \\\r\n  pip install nvidia-driver-550\r\n",
}


@pytest.mark.parametrize("name", FORMS)
def test_each_word_knows_its_place(name: str) -> None:
    text = f"FROM base\n{FORMS[name]}\nLABEL a=b\n"
    words = [
        word
        for command in commands(text)
        if command.program == "pip"
        for word in command.words
        if word.text == "nvidia-driver-550"
    ]
    assert [text[word.span.start : word.span.end] for word in words] == ["nvidia-driver-550"]


NO_SCRIPT = {
    "a python heredoc": "RUN python3 - <<EOF\nimport os; os.system('a')\nEOF",
    "a python heredoc with a shebang": "RUN <<EOF\n#!/usr/bin/env python3\npip install x\nEOF",
    "a file's heredoc": "RUN cat <<EOF > /x\npip install x\nEOF",
    "a heredoc inside a heredoc": "RUN <<EOF\ncat <<X > /x\npip install x\nX\nEOF",
    "a copied heredoc": "COPY <<EOF /x\npip install x\nEOF",
    "PowerShell": 'SHELL ["powershell", "-Command"]\nRUN pip install x',
    "cmd.exe": 'SHELL ["C:\\\\Windows\\\\cmd.exe", "/S", "/C"]\nRUN pip install x',
    "an echo": "RUN echo pip install x",
    "a label": 'LABEL a="pip install x"',
    "an argument of a file": "RUN bash setup.sh pip install x",
}


@pytest.mark.parametrize("name", NO_SCRIPT)
def test_what_is_no_script_has_no_commands(name: str) -> None:
    found = commands(f"FROM base\n{NO_SCRIPT[name]}\n")
    assert "pip" not in [command.program for command in found]


def test_a_python_heredoc_is_its_commands_document() -> None:
    (command,) = commands("FROM base\nRUN python3 - <<EOF\nprint(1)\nEOF")
    assert command.program == "python3"
    assert [body.text for body in command.documents] == ["print(1)\n"]


CONDITIONS = {
    # name: script, (conditional, stops) of the command "x"
    "alone": ("x", False, True),
    "before and": ("x && b", False, True),
    "after and": ("a && x", False, True),
    "before a semicolon": ("x; b", False, False),
    "with set -e": ("set -e; x; b", False, True),
    "with set -eux": ("set -eux; x; b", False, True),
    "with set -o errexit": ("set -o errexit; x; b", False, True),
    "after set +e": ("set -e; set +e; x; b", False, False),
    "guarded": ("x || true", False, False),
    "guarded in a group": ("{ x; } || true", False, False),
    "after or": ("a || x", True, True),
    "in a branch": ("if a; then x; fi", True, True),
    "as a condition": ("if x; then a; fi", False, False),
    "in a loop": ("for i in 1; do x; done", True, True),
    "in a case": ("case a in b) x;; esac", True, True),
    "in a function": ("f() { x; }; f", True, False),
    "after a test, last": ("[ -f a ] && x", False, True),
    "after a test, not last": ("[ -f a ] && x; b", True, False),
    "after a test, guarded": ("[ -f a ] && x || true", True, False),
    "at the front of a pipe": ("x | b", False, False),
    "at the front of a pipe with pipefail": ("set -o pipefail; x | b", False, True),
    "at the end of a pipe": ("a | x", False, True),
    "in a substitution": ("a $(x)", True, False),
    "in bash -c": ("bash -c 'x'", False, True),
    "in a guarded bash -c": ("bash -c 'x' || true", False, False),
    "in bash -ec": ("bash -ec 'x; b'", False, True),
    "in bash -c, not last": ("bash -c 'x; b'", False, False),
    "in a subshell": ("(x)", False, True),
    "before and, not the last list": ("x && b; c", False, False),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_whether_a_command_is_run_and_may_fail(name: str) -> None:
    script, conditional, stops = CONDITIONS[name]
    (found,) = (command for command in commands(script) if command.program == "x")
    assert (found.is_conditional, found.stops_on_failure) == (conditional, stops)


def test_the_shell_of_the_stage_may_stop_on_errors() -> None:
    text = 'FROM base\nSHELL ["/bin/bash", "-eo", "pipefail", "-c"]\nRUN a | b; c\n'
    first, second, _ = commands(text)
    assert first.pipefail
    assert first.stops_on_failure
    assert second.stops_on_failure


def test_a_command_knows_its_neighbours() -> None:
    found = commands("a && b | c; d")
    assert [(item.before, item.after) for item in found] == [
        ("", "&&"),
        ("&&", "|"),
        ("|", ";"),
        (";", ""),
    ]


def test_variables_of_one_command_and_of_those_before_it() -> None:
    found = commands("export A=1; B=$(x) C=2 env D=3 pip install y")[-1]
    assert dict(found.variables) == {"B": None, "C": "2", "D": "3"}
    assert dict(found.exported) == {"A": "1"}


def test_an_activated_environment_is_noted() -> None:
    found = commands(". /opt/venv/bin/activate && pip install x")[-1]
    assert found.exported["VIRTUAL_ENV"] == "/opt/venv"


@pytest.mark.parametrize(
    ("script", "folder"),
    [
        ("x", ""),
        ("cd /a && x", "/a"),
        ("cd a && cd b && x", "a/b"),
        ("cd a && cd /b && x", "/b"),
        ("cd - && x", None),
        ("cd $A && x", None),
        ("if b; then cd a; fi; x", None),
        ("(cd a); x", ""),
        ("(cd a && x)", "a"),
        ("popd; x", None),
    ],
)
def test_the_folder_that_a_script_went_to(script: str, folder: str | None) -> None:
    (found,) = (command for command in commands(script) if command.program == "x")
    assert found.folder == folder


def test_redirections_have_operator_number_and_target() -> None:
    (command,) = commands("a 2>/dev/null >>b <<< c")
    assert [
        (item.operator, item.descriptor, item.target.text) for item in command.redirections
    ] == [
        (">", 2, "/dev/null"),
        (">>", None, "b"),
        ("<<<", None, "c"),
    ]


@pytest.mark.parametrize(
    ("word", "program"),
    [
        ("/opt/venv/bin/pip", "pip"),
        ("$VENV/bin/pip", "pip"),
        ('"$VENV/bin/pip"', "pip"),
        ("PIP", "pip"),
        ("$PIP", ""),
        ("$(which pip)", ""),
    ],
)
def test_the_program_is_known_without_its_folder(word: str, program: str) -> None:
    assert commands(f"{word} install x")[-1].program == program


PIECES = st.sampled_from(
    [
        *"\"'`$(){}[]<>|&;#\\=!~* \t\n\r",
        *(
            "$(",
            "${",
            "<<",
            "<<EOF\n",
            "EOF",
            "\nEOF\n",
            "&&",
            "||",
            ";;",
            "\\\n",
            "$'",
            "[[",
            "]]",
        ),
        *("if ", "then ", "fi", "for ", "do ", "done", "case ", "in ", "esac", "f() ", "{ ", "}"),
        *("a", "a=", "a=(", "bash -c ", "eval ", "su -c ", "sudo ", "set -e;", "cd ", "export "),
        *(
            "\nRUN ",
            "\nONBUILD RUN ",
            "\nCMD ",
            '\nRUN ["sh", "-c", "',
            '"]',
            "\x00",
            "\u2028",
            "é",
        ),
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_script_is_split_and_every_place_lies_inside_it(script: str) -> None:
    text = f"FROM base\nRUN {script}"
    for command in commands(text):
        extent = command.instruction.span
        words = (*command.prefix, *command.words, *(item.target for item in command.redirections))
        for span in (command.span, *(word.span for word in words)):
            assert extent.start <= span.start <= span.end <= extent.end


@given(st.text(max_size=200))
def test_any_text_at_all_is_split(text: str) -> None:
    commands(f"FROM base\nRUN <<EOF\n{text}\nEOF\n")


@pytest.mark.parametrize(
    "piece",
    [
        "$(",
        "(",
        "{ ",
        "`",
        '"$(',
        "${x:-",
        "if x; then ",
        "<(",
        "bash -c '",
        "A=$A$A;",
        "[[ ",
        "\\",
    ],
)
def test_no_nesting_is_too_deep_and_no_script_too_long(piece: str) -> None:
    text = f"FROM base\nRUN {piece * 10_000}"
    assert all(item.span.end <= len(text) for item in commands(text))
