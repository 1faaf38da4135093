"""What is a secret: names of variables, credential files, and texts that only a secret looks like.

Machine learning is full of keys and tokens that are none (``PAD_TOKEN_ID``, ``MODEL_KEY``), so a
name counts only for what it ends with and for what stands before that.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache
from typing import Literal

Certainty = Literal["sure", "likely"]

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ENDS = re.compile(
    r"(?:.*_)?(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|SECRET_KEY|SECRET_ACCESS_KEY|SECRET_KEY_BASE"
    r"|API_?KEY|APIKEY|ACCESS_KEY|AUTH_?KEY|PRIVATE_KEY|PRV_KEY|PRIV_KEY|ENCRYPTION_KEY"
    r"|ACCOUNT_KEY|DEPLOY_KEY|SERVICE_KEY|SSH_KEY|SA_KEY|AZURE_STORAGE_KEY|LICENSE_KEY|MASTER_KEY"
    r"|KAGGLE_KEY|OPENAI_KEY|AWS_KEY|GCP_KEY|AZURE_KEY|GEMINI_KEY|ANTHROPIC_KEY|WANDB_KEY|COMET_KEY"
    r"|CONNECTION_STRING|CREDENTIALS_(?:JSON|DATA)|SERVICE_ACCOUNT_JSON|ACCESS_TOKEN|AUTH_?TOKEN|API_?TOKEN"
    r"|BEARER_TOKEN|SESSION_TOKEN|REFRESH_TOKEN|SECRET_TOKEN|BOT_TOKEN|DEPLOY_TOKEN|JOB_TOKEN"
    r"|HUB_TOKEN|OAUTH_TOKEN|READ_TOKEN|WRITE_TOKEN|UPLOAD_TOKEN|PUSH_TOKEN"
    r"|IDENTITY_TOKEN|SERVICE_TOKEN|PERSONAL_TOKEN|CLIENT_SECRET|BASIC_AUTH)"
)
_PASSWORD = re.compile(r".*(?:PASSWORD|PASSWD)")
_OWNERS = frozenset(
    {
        "HF", "HUGGINGFACE", "GITHUB", "GH", "GITLAB", "GL", "BITBUCKET", "WANDB", "NPM", "PYPI",
        "SLACK", "DISCORD", "TELEGRAM", "DVC", "DAGSHUB", "NEPTUNE", "REPLICATE", "SENTRY", "VAULT",
        "JWT", "NGROK", "DATABRICKS", "MLFLOW", "CLOUDFLARE", "DOCKER", "DOCKERHUB", "COMET",
        "SNYK",
        "CODECOV", "SONAR", "KAGGLE", "ARTIFACTORY", "NEXUS", "NUGET", "JUPYTER", "JUPYTERHUB",
        "CLEARML", "ROBOFLOW", "LANGCHAIN", "LANGSMITH", "OPENAI", "COHERE", "MAPBOX", "FLY",
        "HEROKU", "VERCEL", "NETLIFY", "RAILWAY", "TWINE", "POETRY", "CARGO", "GEMFURY", "FURY",
        "PACKAGECLOUD", "CODEARTIFACT", "AWS", "AZURE", "GCP", "GOOGLE", "SVC", "ADMIN", "GIT",
        "LIGHTNING", "MODAL", "RUNPOD", "VAST", "ZENODO", "FIGSHARE", "PREFECT", "DAGSTER",
    }
)  # fmt: skip
_ML_WORDS = frozenset(
    {
        "PAD", "PADDING", "EOS", "BOS", "SOS", "EOT", "SOT", "UNK", "UNKNOWN", "MASK", "SEP", "CLS",
        "SPECIAL", "MAX", "MIN", "NUM", "N", "START", "END", "STOP", "BEGIN", "IMAGE", "VIDEO",
        "AUDIO", "SPEECH", "VISION", "NEW", "NEXT", "FIRST", "LAST", "PREFIX", "SUFFIX", "MIDDLE",
        "FIM", "SEPARATOR", "DELIMITER", "DECODER", "ENCODER", "PER", "BY", "VOCAB", "BLANK",
        "FILL",
        "PLACEHOLDER", "ASSISTANT", "SYSTEM", "TOOL", "THINK", "THINKING", "REASONING", "TRIGGER",
        "CONTROL", "CONTEXT", "PROMPT", "INSTANCE", "CLASS", "CONCEPT", "LEARNED", "TEXT", "WORD",
        "LANGUAGE", "LANG", "TASK", "TRANSLATE", "TRANSCRIBE", "TIMESTAMP", "NOTIMESTAMPS",
        "REGISTER",
        "SINK", "DRAFT", "TARGET", "SOURCE", "SRC", "TGT", "INPUT", "OUTPUT", "SKIP", "IGNORE",
        "SINGLE", "DOUBLE", "TOTAL", "BATCH", "PATCH", "OBJECT", "BOX", "POINT", "SEG", "CSRF",
        "DISABLE", "ENABLE", "USE", "ALLOW", "EMPTY", "NO", "WITHOUT", "HAS", "IS",
    }
)  # fmt: skip
_PASS_OWNERS = frozenset(
    {
        "DB", "DATABASE", "MYSQL", "MARIADB", "POSTGRES", "POSTGRESQL", "PG", "REDIS", "MONGO",
        "RABBITMQ", "SMTP", "MAIL", "EMAIL", "FTP", "SFTP", "USER", "ADMIN", "ROOT", "REGISTRY",
        "PROXY", "SSH", "VNC", "GIT", "NEXUS", "ARTIFACTORY", "LDAP", "DOCKER", "PYPI",
    }
)  # fmt: skip
_CREDENTIALS = re.compile(r"(?:.*_)?(?:CREDENTIALS|CREDENTIAL|CREDS)")
_SWITCHED_OFF = re.compile(r"(?:.*_)?(?:ALLOW_EMPTY|RANDOM_ROOT|RANDOM|NO|DISABLE|PUBLIC)_.*")
_PLACEHOLDER = re.compile(
    r"<.*>|\[.*\]|\{\{.*\}\}|%.*%|[x*.\-_]+|(?:[a-z0-9]{1,8}[-_]){1,3}[x*.]{3,}"
    r"|(?:none|null|nil|undefined|unset|true|false|yes|no|on|off)"
    r"|change[-_ ]?(?:me|it|this)?\W*|replace[-_ ]?(?:me|this)\W*|(?:your|my|insert|some|enter|put)"
    r"[-_ ].*|.*[-_](?:here|goes-here)|(?:dummy|fake|placeholder|todo|tbd|example|sample|redacted)"
    r"(?:[-_].*)?|to[-_ ]be[-_ ].*|\d{1,12}(?:\.\d+)?|(\w)\1{3,}",
    re.IGNORECASE,
)
_PATH = re.compile(r"(?:~|\.{0,2})/[\w./${}-]*|[\w./-]+\.(?:json|ya?ml|txt|pem|key|toml|ini|cfg)")


@lru_cache(maxsize=4096)
def secret_name(name: str) -> Certainty | None:
    """Whether a variable's name says that its value is a secret; ``None`` if it does not.

    ``"likely"`` is what depends on the value: ``TOKEN``, ``MYAPP_TOKEN``.
    """
    words = _WORDS.findall(name.replace("-", "_"))
    upper = "_".join(word.upper() for word in words)
    if not upper or _SWITCHED_OFF.fullmatch(upper):
        return None
    parts = upper.split("_")
    if _ENDS.fullmatch(upper) or _PASSWORD.fullmatch(upper):
        return None if _is_vocabulary(parts) else "sure"
    return _by_last(parts, upper)


def _by_last(parts: list[str], upper: str) -> Certainty | None:  # noqa: PLR0911  (one per ending)
    if parts[-1] in ("TOKEN", "AUTHTOKEN"):
        if set(parts[:-1]) & _OWNERS or parts[-1] == "AUTHTOKEN":
            return "sure"
        return None if set(parts[:-1]) & _ML_WORDS else "likely"
    if parts[-1] == "PAT" and set(parts[:-1]) & _OWNERS:
        return "sure"
    if parts[-1] == "KEY" and len(parts) == 2 and parts[0] in _OWNERS:  # noqa: PLR2004  (X_KEY)
        return "likely"
    if parts[-1] in ("PASS", "PWD"):
        return "sure" if set(parts[:-1]) & _PASS_OWNERS else None
    if _CREDENTIALS.fullmatch(upper):
        return None if upper == "GOOGLE_APPLICATION_CREDENTIALS" else "likely"  # that is a path
    return "likely" if upper == "AWS_ACCESS_KEY_ID" else None


def _is_vocabulary(parts: list[str]) -> bool:
    """``IMAGE_SECRET`` is a secret, ``START_USER_TOKEN`` is a word of a vocabulary."""
    return parts[-1] == "TOKEN" and bool(set(parts[:-2]) & _ML_WORDS)


def is_placeholder(value: str) -> bool:
    """Whether a value stands for one that is to be put there, or is no secret at all."""
    bare = value.strip().strip("\"'").strip()
    return not bare or bool(_PLACEHOLDER.fullmatch(bare))


def is_path(value: str) -> bool:
    """Whether a value is the path of a file."""
    return bool(_PATH.fullmatch(value.strip().strip("\"'")))


def looks_random(value: str) -> bool:
    """Whether a value is long, mixed, and no word."""
    bare = value.strip().strip("\"'")
    if not 16 <= len(bare) <= 4096 or re.search(r"\s", bare):  # noqa: PLR2004  (a short key, a file)
        return False
    if not (re.search(r"\d", bare) and re.search(r"[A-Za-z]", bare)):
        return False
    counts = Counter(bare)
    entropy = -sum(n / len(bare) * math.log2(n / len(bare)) for n in counts.values())
    return entropy > 3  # noqa: PLR2004  (words of a language have less at this length)


_FILES = re.compile(
    r"(?:.*/)?(?:id_(?:rsa|dsa|ecdsa|ed25519)|\.netrc|_netrc|\.git-credentials|kaggle\.json|\.pypirc"
    r"|\.dvc/config\.local|\.aws(?:/credentials)?|\.ssh|\.kube/config|\.docker/config\.json"
    r"|application_default_credentials\.json|client_secrets?\.json"
    r"|(?:[\w.-]*[-_.])?(?:gcp|gcs|gcloud|google)[-_](?:key|credentials?|creds|service[-_]account)[\w-]*\.json"
    r"|(?:[\w-]+[-_])?api[-_]?keys?\.(?:json|txt)|(?:.*/)?\.?secrets?/[\w.-]+\.(?:json|txt|key)"
    r"|[\w.-]*service[-_]?account[\w-]*\.json|(?:[\w-]+[-_])?credentials?\.json"
    r"|\.env(?:\.(?:local|prod|production|staging|secrets?|private))?|secrets?\.(?:env|ya?ml|toml|json)"
    r"|\.?htpasswd|\.boto|\.s3cfg|rclone\.conf)/?",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def is_credential_file(path: str) -> bool:
    """Whether a path is that of a file, or a folder, of credentials."""
    return bool(_FILES.fullmatch(path))
