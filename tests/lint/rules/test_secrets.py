"""Secrets that stay in the image, and secrets that stand in the file (MLD301, MLD302)."""

from __future__ import annotations

import pytest
from cases import SLIM, assert_fixed, codes, in_all_forms, named, of, places

VARIABLES = {
    "an argument": ("ARG HF_TOKEN", "HF_TOKEN"),
    "an argument with an empty default": ('ARG HF_TOKEN=""', "HF_TOKEN"),
    "AWS": ("ARG AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY"),
    "a session": ("ARG AWS_SESSION_TOKEN", "AWS_SESSION_TOKEN"),
    "W&B": ("ENV WANDB_API_KEY=$KEY", "WANDB_API_KEY"),
    "a value": ("ENV DB_PASSWORD=hunter2", "DB_PASSWORD"),
    "the old form": ("ENV OPENAI_API_KEY abcdef", "OPENAI_API_KEY"),
    "GitHub": ("ARG GITHUB_TOKEN", "GITHUB_TOKEN"),
    "a personal token": ("ARG GITHUB_PAT", "GITHUB_PAT"),
    "the hub": ("ARG HUGGING_FACE_HUB_TOKEN", "HUGGING_FACE_HUB_TOKEN"),
    "NGC": ("ARG NGC_API_KEY", "NGC_API_KEY"),
    "a private key": ("ARG SSH_PRIVATE_KEY", "SSH_PRIVATE_KEY"),
    "a private key in small letters": ("ARG ssh_prv_key", "ssh_prv_key"),
    "Azure": ("ARG AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_CONNECTION_STRING"),
    "Django": ("ENV SECRET_KEY=django-insecure-abc", "SECRET_KEY"),
    "PostgreSQL": ("ENV PGPASSWORD=postgres", "PGPASSWORD"),
    "Kaggle": ("ARG KAGGLE_KEY", "KAGGLE_KEY"),
    "one of several": ("ENV A=1 B=2 GITLAB_TOKEN=${T} C=3", "GITLAB_TOKEN"),
    "on a line of its own": ("ENV A=1 \\\n    NPM_TOKEN=${T} \\\n    C=3", "NPM_TOKEN"),
    "in quotes": ('ENV API_KEY="${API_KEY}"', "API_KEY"),
    "nobody's token, to be given": ("ARG MYAPP_TOKEN", "MYAPP_TOKEN"),
    "a token": ("ARG TOKEN", "TOKEN"),
    "in a child image": ("ONBUILD ARG HF_TOKEN", "HF_TOKEN"),
}
NO_SECRETS = {
    "a token of a vocabulary": "ENV PAD_TOKEN=<pad> EOS_TOKEN=</s> MASK_TOKEN=[MASK]",
    "its number": "ENV PAD_TOKEN_ID=0 EOS_TOKEN_ID=2",
    "to be given": "ARG PAD_TOKEN",
    "a model's key": "ARG MODEL_KEY=models/bert/v1.pt",
    "a model's key, to be given": "ARG MODEL_KEY",
    "how many": "ENV MAX_TOKENS=4096 NUM_TOKENS=8 MAX_NEW_TOKENS=256",
    "a switch": "ENV TOKENIZERS_PARALLELISM=false HF_HUB_DISABLE_IMPLICIT_TOKEN=1",
    "a limit": "ENV TOKEN_LIMIT=100 TOKENS_PER_BATCH=2048",
    "a size": "ENV KEY_DIM=64 KEY_SIZE=8",
    "a public key": "ARG PUBLIC_KEY\nENV GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D",
    "a path": "ENV HF_TOKEN_PATH=/run/secrets/hf DB_PASSWORD_FILE=/run/secrets/db",
    "a secret's path": "ENV WANDB_API_KEY=/run/secrets/wandb",
    "credentials' path": "ENV GOOGLE_APPLICATION_CREDENTIALS=/secrets/key.json",
    "credentials' path, to be given": "ARG GOOGLE_APPLICATION_CREDENTIALS",
    "an empty value": "ENV HF_TOKEN= WANDB_API_KEY=''",
    "a switch of a password": "ENV MYSQL_ALLOW_EMPTY_PASSWORD=yes POSTGRES_PASSWORD=true",
    "a mount": "RUN --mount=type=secret,id=hf,env=HF_TOKEN hf download gpt2 --local-dir /m",
    "a mounted file": "RUN --mount=type=secret,id=aws,target=/root/.aws/credentials aws s3 ls",
    "a label": 'LABEL token="none"',
    "a cache's key": "ENV CACHE_KEY=abc HASH_KEY=1 SORT_KEY=name",
    "a pass": "ENV FORWARD_PASS=1 NUM_PASS=2",
    "a token's word": "ENV IMAGE_TOKEN=<image> START_TOKEN=<s> TRIGGER_TOKEN=sks",
    "nobody's token with a word": "ENV GREETING_TOKEN=hello",
    "a stage that is not needed": f"FROM python:3.12-slim AS x\nARG HF_TOKEN\n{SLIM}RUN true",
    "a global argument": f"ARG HF_TOKEN\n{SLIM}RUN true",
    "an example": "COPY .env.example .env",
    "a public key's file": "COPY id_rsa.pub /root/.ssh/authorized_keys",
    "known hosts": "COPY known_hosts /root/.ssh/known_hosts",
    "a certificate": "COPY ca.pem /usr/local/share/ca-certificates/ca.crt",
    "code by that name": "COPY credentials.py secrets.py tokens.json ./",
    "a login without a token": "RUN hf auth whoami",
    "a login that is taken back": (
        "RUN --mount=type=secret,id=t git config --global url.https://$(cat /run/secrets/t)@x.com/"
        ".insteadOf https://x.com/ && pip install x && rm ~/.gitconfig"
    ),
    "a copy that is removed": (
        "RUN --mount=type=secret,id=n cp /run/secrets/n ~/.netrc && pip install x && rm ~/.netrc"
    ),
}
LEFT = {
    "a login": ("hf auth login --token $HF_TOKEN", "hf"),
    "the older login": (
        "huggingface-cli login --token $TOKEN --add-to-git-credential",
        "huggingface-cli",
    ),
    "W&B": ("wandb login $WANDB_API_KEY", "wandb"),
    "a copy of a mount": ("cp /run/secrets/netrc /root/.netrc", "cp"),
    "the text of a mount": ("cat /run/secrets/netrc > /root/.netrc", "cat"),
    "a file of passwords": ("echo machine x.com password $TOKEN > ~/.netrc", "echo"),
    "git": (
        "git config --global url.https://$TOKEN@github.com/.insteadOf https://github.com/",
        "git",
    ),
    "DVC": ("dvc remote modify --local origin secret_access_key $KEY", "dvc"),
    "AWS": ("aws configure set aws_secret_access_key $KEY", "aws"),
}
FILES = {
    "DVC": ("COPY .dvc/config.local .dvc/config.local", ".dvc/config.local"),
    "variables": ("COPY .env .", ".env"),
    "variables of production": ("COPY .env.production /app/.env", ".env.production"),
    "a key": ("COPY id_rsa /root/.ssh/id_rsa", "id_rsa"),
    "a key under another name": ("COPY deploy_key /root/.ssh/id_ed25519", "deploy_key"),
    "netrc": ("COPY --chmod=600 .netrc /root/", ".netrc"),
    "AWS": ("COPY .aws/credentials /root/.aws/credentials", ".aws/credentials"),
    "its folder": ("COPY .aws /root/.aws", ".aws"),
    "ssh": ("ADD .ssh /root/.ssh", ".ssh"),
    "Kaggle": ("COPY secrets/kaggle.json /root/.kaggle/", "secrets/kaggle.json"),
    "a service account": ("COPY my-service-account.json /app/", "my-service-account.json"),
    "Google": ("COPY gcp-key.json /app/", "gcp-key.json"),
    "git": ("COPY .git-credentials /root/", ".git-credentials"),
    "an API's key": ("COPY secrets/api_key.json default.json", "secrets/api_key.json"),
    "a folder of secrets": ("COPY secrets/gcs.json /app/", "secrets/gcs.json"),
    "beside others": ("COPY train.py credentials.json ./", "credentials.json"),
    "in a child image": ("ONBUILD COPY .env .", ".env"),
}


@pytest.mark.parametrize(
    ("text", "place"), [pytest.param(SLIM + a, b, id=name) for name, (a, b) in VARIABLES.items()]
)
def test_a_variable_that_holds_a_secret_is_an_error(text: str, place: str) -> None:
    assert places("MLD301", text) == [place]
    assert [item.severity for item in of("MLD301", text)] == ["error"]


@pytest.mark.parametrize("text", named(NO_SECRETS))
def test_what_is_no_secret_or_does_not_stay_is_no_finding(text: str) -> None:
    assert places("MLD301", text) == []


@pytest.mark.parametrize(("text", "word"), in_all_forms(LEFT))
def test_a_command_that_writes_a_secret_into_a_layer_is_an_error(text: str, word: str) -> None:
    assert places("MLD301", text) == [word]


@pytest.mark.parametrize(
    ("text", "place"), [pytest.param(SLIM + a, b, id=name) for name, (a, b) in FILES.items()]
)
def test_a_file_of_credentials_that_is_copied_is_an_error(text: str, place: str) -> None:
    assert places("MLD301", text) == [place]
    assert [item.severity for item in of("MLD301", text)] == ["error"]


def test_settings_without_secrets_may_be_copied() -> None:
    text = f"{SLIM}COPY .env .\n"
    assert of("MLD301", text, **{".env": "MODEL_NAME=bert\nMAX_TOKENS=512\n"}) == []
    assert of("MLD301", text, **{".env": "MODEL_NAME=bert\nHF_TOKEN=abc\n"}) != []


def test_a_file_in_a_builder_is_a_warning() -> None:
    text = f"FROM python:3.12-slim AS b\nCOPY .netrc /root/\n{SLIM}COPY --from=b /v /v\n"
    assert [item.severity for item in of("MLD301", text)] == ["warning"]


def test_the_place_of_a_secret_is_worth_an_info() -> None:
    for value in ("changeme", "<your key>", "your_api_key_here", "xxx"):
        text = f'{SLIM}ENV WANDB_API_KEY="{value}"\n'
        assert [item.severity for item in of("MLD301", text)] == ["info"], value


def test_an_access_keys_id_alone_is_a_warning() -> None:
    assert [item.severity for item in of("MLD301", f"{SLIM}ARG AWS_ACCESS_KEY_ID\n")] == ["warning"]


def test_no_secret_is_repeated_in_a_finding() -> None:
    text = (
        f"{SLIM}ENV DB_PASSWORD=hunter2-Secret\nRUN pip install https://me:hunter2-Secret@x.com/a\n"
    )
    found = [*of("MLD301", text), *of("MLD302", text)]
    assert len(found) == 2
    for item in found:
        assert "hunter2" not in f"{item.what} {item.why} {item.fix}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "ARG HF_TOKEN\nRUN hf download gpt2 --token $HF_TOKEN --local-dir /m\n",
            (
                "RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN hf download gpt2 "
                "--token $HF_TOKEN --local-dir /m\n"
            ),
        ),
        (
            (
                "ARG AWS_SECRET_ACCESS_KEY\nENV AWS_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY\n"
                "RUN pip install dvc && dvc pull\n"
            ),
            (
                "RUN --mount=type=secret,id=AWS_SECRET_ACCESS_KEY,env=AWS_SECRET_ACCESS_KEY "
                "pip install dvc && dvc pull\n"
            ),
        ),
        ("ENV A=1 HF_TOKEN=$T B=2\nRUN true\n", "ENV A=1 B=2\nRUN true\n"),
        ("ENV HF_TOKEN=abc B=2\n", "ENV B=2\n"),
        ("ENV A=1 \\\n    HF_TOKEN=$T\nRUN true\n", "ENV A=1\nRUN true\n"),
        ('ENV WANDB_API_KEY=abc\nCMD ["a"]\n', 'CMD ["a"]\n'),
        (
            "ARG GH_TOKEN\nRUN <<EOF\npip install git+https://x:${GH_TOKEN}@github.com/a/b\nEOF\n",
            (
                "RUN --mount=type=secret,id=GH_TOKEN,env=GH_TOKEN <<EOF\n"
                "pip install git+https://x:${GH_TOKEN}@github.com/a/b\nEOF\n"
            ),
        ),
    ],
)
def test_a_secret_is_mounted_where_it_is_used(before: str, after: str) -> None:
    assert_fixed(SLIM + before, "MLD301", expected=SLIM + after)


def test_a_secret_that_another_instruction_uses_is_left_to_people() -> None:
    text = f"{SLIM}ARG HF_TOKEN\nENV HUB=$HF_TOKEN\n"
    assert [item.autofix for item in of("MLD301", text)] == [None]


# --- MLD302 ------------------------------------------------------------------------------------

GITHUB = f"ghp_{'a1B2c3D4' * 5}"[:40]
HUB = f"hf_{'aBcDeFgH' * 5}"[:37]
LITERALS = {
    "GitHub": (f"pip install git+https://x:{GITHUB}@github.com/acme/x", GITHUB),
    "as the user": (f"git clone https://{GITHUB}@github.com/acme/x", GITHUB),
    "Hugging Face": (f"hf download gpt2 --token {HUB}", HUB),
    "OpenAI": (f"export KEY=sk-proj-{'a1B2' * 8}", f"sk-proj-{'a1B2' * 8}"),
    "AWS": ("aws configure set aws_access_key_id AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    "GitLab": (
        f"pip install a --index-url https://x:glpat-{'a1B2' * 5}@g.com/s",
        f"glpat-{'a1B2' * 5}",
    ),
    "Slack": (f"curl -d token=xoxb-{'123456' * 4} https://slack.com", f"xoxb-{'123456' * 4}"),
    "Google": (f"echo AIza{'a1B2c3D' * 5}", f"AIza{'a1B2c3D' * 5}"),
    "a password": ("pip install -i https://me:s3cretpw@pypi.example.com/simple x", "s3cretpw"),
    "a header": (
        (
            "curl -H Authorization:Bearer\\ x https://x.com "
            "-H 'Authorization: Bearer abcdef0123456789'"
        ),
        "abcdef0123456789",
    ),
    "W&B": (f"wandb login {'0123456789abcdef' * 3}"[:52], ("0123456789abcdef" * 3)[:40]),
    "for curl": ("curl -u me:s3cretpw https://x.com/a.zip -o a.zip", "s3cretpw"),
}
IN_FILE = {
    "a variable": (f"ENV HF_TOKEN={HUB}", HUB),
    "a default": (f"ARG GITHUB_TOKEN={GITHUB}", GITHUB),
    "a label": (f"LABEL token={GITHUB}", GITHUB),
    "a private key": (
        "COPY <<EOF /root/.ssh/id_rsa\n-----BEGIN OPENSSH PRIVATE KEY-----\nabc\nEOF",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
    ),
    "an address": ("ADD https://me:s3cretpw@example.com/a.tar.gz /a/", "s3cretpw"),
    "in a child image": (f"ONBUILD RUN echo {GITHUB}", GITHUB),
    "in a command": (f'CMD ["serve", "--token", "{HUB}"]', HUB),
}
NO_LITERALS = {
    "a variable": "RUN pip install git+https://x:${TOKEN}@github.com/acme/x",
    "without braces": "RUN git clone https://$TOKEN@github.com/acme/x",
    "a substitution": "RUN git clone https://x:$(cat /run/secrets/t)@github.com/acme/x",
    "a drawing": "RUN git clone https://ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx@github.com/a/x",
    "a drawing of a password": f"RUN git clone https://x:ghp_{'x' * 36}@github.com/a/x",
    "a place": "RUN git clone https://user:<token>@github.com/acme/x",
    "a place in capitals": "RUN git clone https://USER:PASSWORD@github.com/acme/x",
    "a function": "RUN python -c 'from huggingface_hub import hf_hub_download'",
    "a package": "RUN pip install hf_transfer scikit-learn task-scheduler-1234567890abcdefgh",
    "an address of git": "RUN git clone git@github.com:acme/x.git",
    "a mail": "LABEL maintainer=me@example.com url=https://example.com:8080/a@b",
    "a scope": "RUN npm install @acme/x@1.2.3",
    "a comment": f"# never do this: {GITHUB}\nRUN true",
    "a comment inside": f"RUN true && \\\n  # {GITHUB}\n  true",
    "a digest": f"FROM python@sha256:{'0a' * 32}",
    "a checksum": f"RUN echo '{'0a' * 32}  file' | sha256sum -c",
    "a port": "RUN curl http://localhost:8080/a",
    "a public key": "RUN echo '-----BEGIN PUBLIC KEY-----'",
    "a header from a variable": 'RUN curl -H "Authorization: Bearer $TOKEN" https://x.com',
    "a commit": f"RUN pip install git+https://github.com/acme/x@{'0a' * 20}",
    "a word for a key": "ENV MODEL_KEY=models-bert-base-uncased-2024-01-01",
}


@pytest.mark.parametrize(("text", "word"), in_all_forms(LITERALS, but=("continued",)))
def test_a_secret_in_a_command_is_an_error(text: str, word: str) -> None:
    assert places("MLD302", text) == [word]
    assert [item.severity for item in of("MLD302", text)] == ["error"]


@pytest.mark.parametrize(
    ("text", "place"), [pytest.param(SLIM + a, b, id=name) for name, (a, b) in IN_FILE.items()]
)
def test_a_secret_anywhere_in_the_file_is_an_error(text: str, place: str) -> None:
    assert places("MLD302", text) == [place]


@pytest.mark.parametrize("text", named(NO_LITERALS))
def test_what_only_looks_like_one_is_no_finding(text: str) -> None:
    assert places("MLD302", text) == []


def test_only_the_beginning_of_a_token_is_shown() -> None:
    (found,) = of("MLD302", f"{SLIM}RUN echo {GITHUB}\n")
    assert "ghp_..." in found.what
    assert GITHUB[:8] not in f"{found.what} {found.why} {found.fix}"


def test_a_token_of_few_characters_is_a_warning() -> None:
    text = f"{SLIM}RUN git clone https://x:ghp_{'0' * 36}@github.com/acme/x\n"
    assert [item.severity for item in of("MLD302", text)] == ["warning"]


def test_a_value_that_no_word_is_seems_to_be_a_secret() -> None:
    text = f"{SLIM}ENV AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"
    assert [item.severity for item in of("MLD302", text)] == ["warning"]
    assert "MLD301" in codes(text)


def test_the_password_of_a_database_in_the_same_composition_is_a_warning() -> None:
    text = f"{SLIM}ENV DATABASE_URL=postgresql://app:app@localhost:5432/app\n"
    assert [item.severity for item in of("MLD302", text)] == ["warning"]
