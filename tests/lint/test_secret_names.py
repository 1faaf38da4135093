"""What is a secret by its name or its look, and what machine learning merely calls so."""

from __future__ import annotations

from itertools import pairwise

import pytest

from mlbox.lint.secret_texts import holds_secrets, literals
from mlbox.lint.secrets import (
    is_credential_file,
    is_path,
    is_placeholder,
    looks_random,
    secret_name,
)

SURE = [
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "HF_TOKEN",
    "HUGGING_FACE_HUB_TOKEN",
    "HUGGINGFACEHUB_API_TOKEN",
    "WANDB_API_KEY",
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "GITHUB_PAT",
    "GITLAB_TOKEN",
    "CI_JOB_TOKEN",
    "NPM_TOKEN",
    "PYPI_TOKEN",
    "DB_PASSWORD",
    "PGPASSWORD",
    "MYSQL_ROOT_PASSWORD",
    "REDIS_PASS",
    "SECRET_KEY",
    "DJANGO_SECRET_KEY",
    "CLIENT_SECRET",
    "APP_SECRET",
    "NGC_API_KEY",
    "NVIDIA_API_KEY",
    "KAGGLE_KEY",
    "COMET_API_KEY",
    "NEPTUNE_API_TOKEN",
    "MLFLOW_TRACKING_TOKEN",
    "MLFLOW_TRACKING_PASSWORD",
    "DVC_PASSWORD",
    "SSH_PRIVATE_KEY",
    "ssh_prv_key",
    "SSH_KEY",
    "JUPYTER_TOKEN",
    "NGROK_AUTHTOKEN",
    "ACCESS_TOKEN",
    "AUTH_TOKEN",
    "API_KEY",
    "apiKey",
    "APIKEY",
    "AZURE_STORAGE_CONNECTION_STRING",
    "GDRIVE_CREDENTIALS_DATA",
    "AZURE_STORAGE_KEY",
    "AZURE_CLIENT_SECRET",
    "ENCRYPTION_KEY",
    "SLACK_BOT_TOKEN",
    "GCP_SA_KEY",
    "GOOGLE_API_KEY",
    "pip_password",
    "SECRET",
]
NONE = [
    "PAD_TOKEN",
    "EOS_TOKEN",
    "BOS_TOKEN",
    "UNK_TOKEN",
    "MASK_TOKEN",
    "CLS_TOKEN",
    "SEP_TOKEN",
    "IMAGE_TOKEN",
    "PAD_TOKEN_ID",
    "EOS_TOKEN_ID",
    "MAX_TOKENS",
    "MAX_NEW_TOKENS",
    "NUM_TOKENS",
    "MIN_TOKENS",
    "TOKENIZERS_PARALLELISM",
    "TOKENIZER",
    "TOKENIZER_PATH",
    "TOKEN_LIMIT",
    "TOKEN_TYPE",
    "TOKENS_PER_SECOND",
    "DECODER_START_TOKEN",
    "FIM_PREFIX_TOKEN",
    "MODEL_KEY",
    "KEY_DIM",
    "KEY",
    "PUBLIC_KEY",
    "CACHE_KEY",
    "SORT_KEY",
    "PRIMARY_KEY",
    "FEATURE_KEY",
    "LABEL_KEY",
    "GPG_KEY",
    "SECRET_NAME",
    "SECRET_PATH",
    "SECRETS_DIR",
    "PASSWORD_FILE",
    "DB_PASSWORD_FILE",
    "HF_TOKEN_PATH",
    "SSH_KEY_PATH",
    "API_KEY_HEADER",
    "MYSQL_ALLOW_EMPTY_PASSWORD",
    "FORWARD_PASS",
    "NUM_PASSES",
    "COMPASS",
    "BYPASS",
    "PATH",
    "PYTHONPATH",
    "KEYRING",
    "MONKEY",
    "TURKEY",
    "PWD",
    "OLDPWD",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "AWS_REGION",
    "AWS_PROFILE",
    "PATTERN",
    "CPAT",
]


@pytest.mark.parametrize("name", SURE)
def test_the_name_of_a_secret_is_known(name: str) -> None:
    assert secret_name(name) == "sure"


@pytest.mark.parametrize("name", NONE)
def test_the_vocabulary_of_machine_learning_is_no_secret(name: str) -> None:
    assert secret_name(name) is None


@pytest.mark.parametrize(
    "name", ["TOKEN", "MYAPP_TOKEN", "AWS_ACCESS_KEY_ID", "APP_CREDENTIALS", "DAGSHUB_KEY"]
)
def test_some_names_depend_on_the_value(name: str) -> None:
    assert secret_name(name) == "likely"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "''",
        "<token>",
        "xxxx",
        "***",
        "changeme",
        "change-me",
        "your_key_here",
        "my-key",
        "none",
        "true",
        "0",
        "12",
        "TODO",
        "placeholder",
        "REPLACE_ME",
        "{{ token }}",
        "[MASK]",
        "dummy",
    ],
)
def test_a_value_that_stands_for_another_is_known(value: str) -> None:
    assert is_placeholder(value)


@pytest.mark.parametrize("value", ["hunter2", "postgres", "s3cr3t", "abc123def", "p@ss"])
def test_a_real_value_is_no_placeholder(value: str) -> None:
    assert not is_placeholder(value)


def test_paths_and_random_values_are_told_apart() -> None:
    assert is_path("/run/secrets/x")
    assert is_path("./key.json")
    assert is_path("key.json")
    assert not is_path("hunter2")
    assert looks_random("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    assert not looks_random("postgres")
    assert not looks_random("a-long-name-of-words-alone")
    assert not looks_random("1111111111111111aaaa")


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "app/.env",
        ".env.production",
        "id_rsa",
        "keys/id_ed25519",
        ".netrc",
        "kaggle.json",
        ".dvc/config.local",
        ".aws/credentials",
        ".ssh",
        "service-account.json",
        "gcp_key.json",
        "x-service-account-prod.json",
        "credentials.json",
        ".git-credentials",
        ".pypirc",
    ],
)
def test_files_of_credentials_are_known(path: str) -> None:
    assert is_credential_file(path)


@pytest.mark.parametrize(
    "path",
    [
        ".env.example",
        ".env.template",
        "id_rsa.pub",
        "env",
        "credentials.py",
        "tokenizer.json",
        "secrets.py",
        "tokens.txt",
        "special_tokens_map.json",
        ".dvc/config",
        "environment.yml",
        "key.json",
        "google_fonts.json",
        "kaggle.py",
        ".envrc",
        "config.json",
    ],
)
def test_other_files_are_not_taken_for_them(path: str) -> None:
    assert not is_credential_file(path)


def test_settings_hold_secrets_or_do_not() -> None:
    assert holds_secrets("A=1\nexport HF_TOKEN='abc'\n")
    assert holds_secrets("URL=https://me:pw12@example.com\n")
    assert not holds_secrets("# HF_TOKEN=abc\nMODEL=bert\nPAD_TOKEN=<pad>\nHF_TOKEN=\n")


def test_secrets_of_a_text_do_not_overlap() -> None:
    token = "ghp_" + "a1B2c3D4" * 5
    found = list(literals(f"https://x:{token}@github.com and {token}"))
    assert [item.kind for item in found] == ["a GitHub token", "a GitHub token"]
    assert all(a.end <= b.start for a, b in pairwise(found))


def test_a_text_of_many_lines_is_read_fast_enough() -> None:
    text = "RUN curl " + "a" * 50_000 + " https://" + "b" * 50_000 + "@" + "sk-" * 20_000
    assert isinstance(list(literals(text)), list)
