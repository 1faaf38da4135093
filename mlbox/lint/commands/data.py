"""What brings data or models into a layer; other downloads; users."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlbox.lint.commands.model import DataFetch, Download, UserAdd
from mlbox.lint.commands.options import read_line, syntax

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlbox.lint.commands.here import Here
    from mlbox.lint.commands.options import Line
    from mlbox.lint.shell.model import Argument, Command

    Reader = Callable[[Command, Here], DataFetch | Download | UserAdd | None]

_DVC = syntax(
    "-r/--remote -j/--jobs -o/--out --rev --glob-x -C/--cd -m/--md5-x --config --num",
    "-a/--all-branches -d/--with-deps -q/--quiet -v/--verbose -f/--force -R/--recursive",
)
_HUB = syntax(
    "--repo-type --revision --include --exclude --cache-dir --local-dir --token --max-workers"
    " --local-dir-use-symlinks --type",
    "-q/--quiet",
)
_AWS = syntax("--profile --region --endpoint-url --exclude --include --acl --sse --output")
_GCLOUD = syntax("-o -h -m-x --project --account --billing-project -i", "-m -r -R -n -q -d")
_KAGGLE = syntax("-d/--dataset -f/--file -p/--path -w -c/--competition", "-q/--quiet -o/--force")
_CURL = syntax(
    "-o/--output -H/--header -d/--data --data-raw --data-binary --data-urlencode -u/--user"
    " -A/--user-agent -x/--proxy -X/--request -e/--referer -m/--max-time --connect-timeout"
    " --retry --retry-delay --retry-max-time -b/--cookie -c/--cookie-jar -E/--cert --cacert"
    " -F/--form --output-dir -w/--write-out -r/--range -T/--upload-file -K/--config"
    " -C/--continue-at --tlsv1.2-x --proto --proto-redir --ciphers --url --key -y/--speed-time"
    " -Y/--speed-limit -z/--time-cond -D/--dump-header --resolve --netrc-file --max-redirs"
    " -t/--telnet-option -P/--ftp-port -Q/--quote --limit-rate --cert-type --parallel-max"
    " --oauth2-bearer"
)
_WGET = syntax(
    "-O/--output-document -P/--directory-prefix -o/--output-file -a/--append-output -t/--tries"
    " -T/--timeout -U/--user-agent --header --user --password -i/--input-file"
    " -e/--execute -w/--wait --progress --post-data --method --body-data --ca-certificate"
    " -A/--accept -R/--reject -l/--level -D/--domains --waitretry --read-timeout --dns-timeout"
    " --connect-timeout --limit-rate -Q/--quota --cut-dirs -B/--base --load-cookies --save-"
    " cookies --referer --certificate --private-key -X/--exclude-directories -I/--include-"
    " directories"
)
_USERADD = syntax(
    "-u/--uid -g/--gid -G/--groups -d/--home-dir/--home -s/--shell -c/--comment -p/--password"
    " -k/--skel -b/--base-dir -e/--expiredate -f/--inactive -K/--key -R/--root -Z/--selinux-user",
    "-m/--create-home -M/--no-create-home -l/--no-log-init -r/--system -U/--user-group"
    " -N/--no-user-group -o/--non-unique",
)
_ADDUSER = syntax(
    "--uid --gid --ingroup --home --shell --gecos --comment --firstuid --lastuid --conf -u/--uid"
    " -G/--ingroup -h/--home -s/--shell -g/--gecos -k/--skel --group-x",
    "-D/--disabled-password -H/--no-create-home -S/--system -q/--quiet --no-create-home",
)
_ADDUSER_REDHAT_HOME = ("-m", "-M", "-d", "-r", "-l", "-c")
_DATA = re.compile(
    r"\.(?:csv|tsv|parquet|npz|npy|h5|hdf5|tfrecords?|safetensors|ckpt|pth|pt|onnx|gguf|ggml|pkl"
    r"|pickle|arrow|feather|jsonl|mat|lmdb)(?:\.(?:gz|xz|zip|bz2|zst))?$",
    re.IGNORECASE,
)
_SNAPSHOT = re.compile(
    r"\b(?:snapshot_download|hf_hub_download|load_dataset|from_pretrained|kagglehub\.\w+_download"
    r"|SentenceTransformer)\s*\("
)
_DVC_VERBS = frozenset(
    {"pull", "fetch", "get", "get-url", "import", "import-url", "repro", "checkout"}
)
_CACHES = {  # where a tool writes if nothing else is said
    "dvc": ".dvc",
    "huggingface": "/root/.cache/huggingface",
}


def dvc(command: Command, here: Here) -> DataFetch | None:
    """``dvc pull`` and its like."""
    return _dvc(command, command.arguments, here)


def _dvc(command: Command, words: tuple[Argument, ...], here: Here) -> DataFetch | None:
    line = read_line(words, _DVC)
    verb = line.operands[0].text if line.operands else ""
    if verb not in _DVC_VERBS:
        return None
    return _fetch(command, here, "dvc", verb, line.last("--out"))


def hub(command: Command, here: Here) -> DataFetch | None:
    """``hf download``, ``huggingface-cli download``."""
    line = read_line(command.arguments, _HUB)
    if [word.text for word in line.operands[:1]] != ["download"]:
        return None
    values = here.variables(command)
    target = line.last("--local-dir", "--cache-dir")
    if target is None and not line.flags & {"--local-dir", "--cache-dir"}:
        target = values.get("HF_HUB_CACHE") or values.get("HF_HOME") or _CACHES["huggingface"]
    return _fetch(command, here, "huggingface", "download", target)


def aws(command: Command, here: Here) -> DataFetch | None:
    """``aws s3 cp`` and ``aws s3 sync`` from a bucket."""
    line = read_line(command.arguments, _AWS)
    words = [word.text for word in line.operands]
    if words[:1] != ["s3"] or words[1:2] not in (["cp"], ["sync"]):
        return None
    return _from_bucket(command, here, "aws", line.operands[1:])


def gsutil(command: Command, here: Here) -> DataFetch | None:
    """``gsutil cp`` and ``gsutil rsync``."""
    line = read_line(command.arguments, _GCLOUD)
    if [word.text for word in line.operands[:1]] not in (["cp"], ["rsync"]):
        return None
    return _from_bucket(command, here, "gsutil", line.operands)


def gcloud(command: Command, here: Here) -> DataFetch | None:
    """``gcloud storage cp``."""
    line = read_line(command.arguments, _GCLOUD)
    words = [word.text for word in line.operands[:2]]
    if words not in (["storage", "cp"], ["storage", "rsync"]):
        return None
    return _from_bucket(command, here, "gcloud", line.operands[1:])


def _from_bucket(
    command: Command, here: Here, tool: str, words: tuple[Argument, ...]
) -> DataFetch | None:
    """A copy whose source is a bucket; the last word is its target."""
    if len(words) < 3 or "://" in words[-1].text:  # noqa: PLR2004  (verb, source, target)
        return None
    if not any("://" in word.text or word.value is None for word in words[1:-1]):
        return None
    target = words[-1].value
    return None if target == "-" else _fetch(command, here, tool, words[0].text, target)


def kaggle(command: Command, here: Here) -> DataFetch | None:
    """``kaggle datasets download``."""
    line = read_line(command.arguments, _KAGGLE)
    words = [word.text for word in line.operands]
    if "download" not in words[:4]:
        return None
    return _fetch(command, here, "kaggle", "download", line.last("--path") or ".")


def git(command: Command, here: Here) -> DataFetch | None:
    """``git lfs pull``."""
    words = [word.text for word in command.arguments if not word.text.startswith("-")]
    if words[:1] == ["lfs"] and words[1:2] in (["pull"], ["fetch"]):
        return _fetch(command, here, "git-lfs", words[1], ".")
    return None


def python(command: Command, here: Here) -> DataFetch | None:
    """``python -c "...snapshot_download(...)"``, and the same in a here-document."""
    words = command.arguments
    if [word.text for word in words[:2]] == ["-m", "dvc"]:
        return _dvc(command, words[2:], here)
    texts = [words[number + 1].text for number, word in enumerate(words[:-1]) if word.text == "-c"]
    texts += [body.text for body in command.documents]
    if not any(_SNAPSHOT.search(text) for text in texts):
        return None
    said = re.search(r"(?:local_dir|cache_dir)\s*=\s*[\"']([^\"']+)[\"']", " ".join(texts))
    values = here.variables(command)
    home = values.get("HF_HUB_CACHE") or values.get("HF_HOME") or _CACHES["huggingface"]
    return _fetch(command, here, "huggingface", "download", said[1] if said else home)


def _fetch(command: Command, here: Here, tool: str, verb: str, target: str | None) -> DataFetch:
    place = here.at(target or ".", command) if target or tool == "dvc" else None
    return DataFetch(
        command=command,
        tool=tool,
        verb=verb,
        target=place,
        mounted=any(
            kind in ("cache", "tmpfs", "bind") and _holds(mount, place, here, command)
            for kind, mount, _ in here.mounts
        ),
    )


def _holds(mount: str | None, place: str | None, here: Here, command: Command) -> bool:
    """Whether something that is written is inside a mount; if unknown, it is."""
    if mount is None or place is None:
        return True
    folder = here.at(mount, command) if mount.startswith("/") else here.state.at(mount)
    if folder is None:
        return True
    return f"{place}/".startswith(f"{folder.rstrip('/')}/") or place == "~"


# curl and wget


def curl(command: Command, here: Here) -> Download | DataFetch | None:
    """``curl``."""
    line = read_line(command.arguments, _CURL)
    urls = [*line.values("--url"), *_urls(line)]
    target = line.last("--output")
    remote = bool(line.flags & {"-O", "--remote-name", "-J", "--remote-header-name"})
    return _download(command, here, tuple(urls), target, remote_name=remote)


def wget(command: Command, here: Here) -> Download | DataFetch | None:
    """``wget``."""
    line = read_line(command.arguments, _WGET)
    target = line.last("--output-document")
    return _download(command, here, tuple(_urls(line)), target, remote_name=target is None)


def _urls(line: Line) -> list[str]:
    return [word.text for word in line.operands]


def _download(
    command: Command,
    here: Here,
    urls: tuple[str, ...],
    target: str | None,
    *,
    remote_name: bool,
) -> Download | DataFetch | None:
    if not urls:
        return None
    piped = _piped_into(command, here)
    bare = [url.partition("?")[0] for url in urls]
    writes = not piped and (target not in (None, "-") or remote_name or _written(command))
    if writes and any(_DATA.search(url) for url in bare) and "/whl/" not in bare[0]:
        return _fetch(command, here, command.program, "download", target or ".")
    return Download(command=command, urls=urls, piped_into=piped)


def _written(command: Command) -> bool:
    return any(item.operator in (">", ">>", ">|") for item in command.redirections)


def _piped_into(command: Command, here: Here) -> str:
    """The program at the other end of a command's pipe."""
    if command.after not in ("|", "|&"):
        return _substituted_into(command, here)
    following = [
        other
        for other in here.later(command)
        if other.before in ("|", "|&") and other.span.start >= command.span.end
    ]
    return following[0].program if following else ""


def _substituted_into(command: Command, here: Here) -> str:
    """``sh -c "$(curl ...)"``: the program that runs what is fetched."""
    for other in here.later(command):
        inside = other.span.start < command.span.start and command.span.end <= other.span.end
        runs = other.program in ("sh", "bash", "zsh", "dash", "eval", "source", ".")
        if inside and runs:
            return other.program
    return ""


# users


def useradd(command: Command, _: Here) -> UserAdd | None:
    """``useradd``."""
    line = read_line(command.arguments, _USERADD)
    if "-D" in line.flags:
        return None
    return UserAdd(
        command=command,
        name=line.operands[-1].value if line.operands else None,
        uid=_number(line),
        no_log_init="--no-log-init" in line.flags,
        creates_home="--create-home" in line.flags,
        home=line.last("--home"),
        system="--system" in line.flags,
    )


def adduser(command: Command, here: Here) -> UserAdd | None:
    """``adduser``: Debian's, or BusyBox's."""
    words = {word.text for word in command.arguments}
    if words & set(_ADDUSER_REDHAT_HOME):
        return useradd(command, here)
    line = read_line(command.arguments, _ADDUSER)
    names = line.operands
    if len(names) > 1:
        return None  # "adduser USER GROUP"
    return UserAdd(
        command=command,
        name=names[0].value if names else None,
        uid=_number(line),
        no_log_init=True,
        creates_home="--no-create-home" not in line.flags,
        home=line.last("--home"),
        system="--system" in line.flags,
    )


def _number(line: Line) -> int | None:
    value = line.last("--uid") or ""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None  # noqa: PLR2004


READERS: Mapping[str, Reader] = {
    "dvc": dvc,
    "hf": hub,
    "huggingface-cli": hub,
    "aws": aws,
    "gsutil": gsutil,
    "gcloud": gcloud,
    "kaggle": kaggle,
    "git": git,
    "curl": curl,
    "wget": wget,
    "useradd": useradd,
    "adduser": adduser,
}
