"""Signatures of data and the network: DVC, git, model hubs, name resolution, certificates."""

from __future__ import annotations

from mlbox.diagnosis.model import Signature

DATA: tuple[Signature, ...] = (
    Signature(
        code="MLR701",
        slug="storage-credentials",
        family="credentials",
        cause="The storage refused access: credentials are missing, wrong or expired.",
        why="A container has none of the host's credentials unless they are given to it; so has "
        "DVC in it.",
        fix="Pull the data before the run, on the host (dvc pull), and name it in inputs of "
        "[tool.mlbox.train]. To pull inside: docker run -v ~/.aws:/root/.aws:ro, or build "
        "secrets; never ENV or COPY. dvc remote modify --local keeps them out of git.",
        pattern=r"AWS Access Key Id you provided does not exist"
        r"|config profile \(\S{1,80}\) could not be found|\binvalid_grant\b"
        r"|\bRefreshError\b|failed to (?:connect|authenticate) to ssh[^\n]{0,80}denied"
        r"|Unable to locate credentials|Authentication to Azure Blob Storage"
        r"|AuthorizationPermissionMismatch|not authorized to perform this operation"
        r"|unable to connect to account for"
        r"|\b(?:NoCredentials|PartialCredentials|TokenRetrieval|DefaultCredentials|"
        r"RefreshError|ClientAuthentication)Error\b"
        r"|\b(?:InvalidAccessKeyId|ExpiredToken(?:Exception)?|SignatureDoesNotMatch|"
        r"AccessDenied(?:Exception)?|AuthenticationFailed|AuthorizationFailure)\b"
        r"|Could not automatically determine credentials"
        r"|default credentials were not found|DefaultAzureCredential failed"
        r"|\((?:403|401|AccessDenied|Forbidden|InvalidToken)\) when calling the \w{1,80}"
        r"|Anonymous caller does not have|failed to authenticate GDrive"
        r"|unexpected error - (?:Forbidden|Access Denied|\[Errno 13\])"
        r"|does not have storage\.\w{1,80}"
        r"|failed to (?:connect to|authenticate)[^\n]{0,60}(?:s3|gs|azure|remote)"
        r"[^\n]{0,60}(?:forbidden|denied|credential)|token (?:has|is) expired",
        unless=r"huggingface\.co|hf\.co",
        rules=("MLD301",),
    ),
    Signature(
        code="MLR702",
        slug="git-auth",
        family="credentials",
        cause="git or ssh was not allowed in: no key or password that the server accepts.",
        why="A container or a build has neither the host's keys nor its agent, and cannot ask.",
        fix="Fetch it on the host; in a build RUN --mount=type=ssh with docker build --ssh "
        "default, or a token as a build secret. Host key verification: ssh-keyscan HOST >> "
        "~/.ssh/known_hosts.",
        pattern=r"Permission denied \((?:publickey|password)|Host key verification failed"
        r"|could not read (?:Username|Password) for|fatal: Authentication failed for"
        r"|Permission denied, please try again|Could not read from remote repository",
        rules=("MLD302",),
    ),
    Signature(
        code="MLR703",
        slug="dvc-data-missing",
        family="input",
        cause="DVC does not have the data: neither in its cache nor on the remote.",
        why="It was committed as a .dvc file and not pushed, or the cache of this machine is not "
        "the one of the container.",
        fix="dvc push where the data is, then dvc pull here; mlbox pulls what inputs names and "
        "shares the host's cache.",
        pattern=r"Some of the cache files do not exist|Missing cache files"
        r"|Is your cache up to date|Checkout failed for following targets"
        r"|unable to find DVC file with output|failed to pull data from the cloud - (?:Checkout|\d)"
        r"|\bFileMissingError\b|\d{1,20} files failed to download",
        rules=("MLC403",),
        follows=("credentials", "network", "dvc"),
    ),
    Signature(
        code="MLR704",
        slug="not-a-dvc-project",
        family="dvc",
        cause="DVC was called outside of a DVC project.",
        why="It looks for .dvc (and for .git, unless core.no_scm is set) in this folder and those "
        "above, and images often have neither.",
        fix="Run dvc on the host and name the data in inputs of [tool.mlbox.train]. Inside an "
        "image: copy .dvc/config, and dvc config core.no_scm true where there is no .git.",
        pattern=r"not inside of a DVC repository|is not a DVC repository|NotDvcRepoError",
        rules=("MLD306",),
    ),
    Signature(
        code="MLR705",
        slug="not-a-git-repository",
        family="dvc",
        cause="A program wants a git repository, and there is none.",
        why="The image or the run's copy of the code has no .git; setuptools-scm, DVC and "
        "experiment trackers look for it.",
        fix="DVC: dvc config core.no_scm true. setuptools-scm: env SETUPTOOLS_SCM_PRETEND_VERSION. "
        "The commit of a run is in its record: mlbox runs show.",
        pattern=r"not a git repository|\bInvalidGitRepositoryError\b",
        rules=("MLD306",),
        follows=("build",),  # setup.py files ask git for a version, and go on without
    ),
    Signature(
        code="MLR706",
        slug="dvc-remote-extra",
        family="dvc",
        cause="DVC lacks the package for its remote: {name}.",
        why="Each kind of storage is an extra of DVC.",
        fix="Install it: pip install 'dvc[s3]' (or gs, azure, ssh, ...), in the environment that "
        "runs DVC.",
        pattern=r"requires these missing dependencies: \[?'?(?P<name>[\w-]{1,80})"
        r"|No module named '?(?P<module>dvc_\w{1,80})",
        rules=("MLD305",),
    ),
    Signature(
        code="MLR707",
        slug="dvc-no-remote",
        family="dvc",
        cause="DVC has no remote to get the data from.",
        why="No default remote is configured, or .dvc/config was not copied.",
        fix="dvc remote add -d NAME URL, and commit .dvc/config.",
        pattern=r"config file error: no remote specified|no remote (?:specified|provided) in"
        r"|NoRemoteError",
    ),
    Signature(
        code="MLR708",
        slug="git-dubious-ownership",
        family="rights",
        cause="git refuses the folder {name}: it belongs to another user.",
        why="A container that runs as root, or under another number, sees the host's owner.",
        fix="git config --global --add safe.directory FOLDER (in the image: --system), or run as "
        "the owner: docker run --user $(id -u):$(id -g). mlbox runs as you.",
        pattern=r"detected dubious ownership in repository at '(?P<name>[^'\n]{1,200})"
        r"|dubious ownership|fatal: unsafe repository",
    ),
    Signature(
        code="MLR709",
        slug="model-hub-denied",
        family="credentials",
        cause="The model hub refused access: the repository is gated, private, or not there.",
        why="A gated model needs a token of an account that has accepted its terms; a wrong name "
        "gives the same answer.",
        fix="Accept the terms on the model's page, then give the token at run time: HF_TOKEN from "
        "the environment, docker run -e HF_TOKEN (never ENV or ARG in an image); or download it "
        "on the host and name it in inputs of [tool.mlbox.train].",
        pattern=r"gated repo\b|\bGatedRepoError\b|Repository Not Found for url"
        r"|\bRepositoryNotFoundError\b|Access to model \S{1,200} is restricted"
        r"|(?:401|403) Client Error[^\n]{0,120}(?:huggingface\.co|hf\.co|kaggle)"
        r"|Token is required \(|LocalTokenNotFoundError"
        r"|is not a valid model identifier listed on"
        r"|your request to access[^\n]{0,80}awaiting a review|Invalid user token",
        rules=("MLD301",),
    ),
    Signature(
        code="MLR710",
        slug="rate-limited",
        family="network",
        cause="A server refused: too many requests (429).",
        why="It limits requests by address or account; a cluster or an office shares one address.",
        fix="Sign in (a token raises the limit), wait, and download once: into a mounted cache "
        "(HF_HOME) or inputs, not in each rank and each run.",
        pattern=r"\b429\b[^\n]{0,40}Too Many Requests|HTTP Error 429"
        r"|(?:status|error)[ _]code\W{0,3}429\b|API rate limit exceeded"
        r"|Too Many Requests for url",
        unless=r"pull rate|toomanyrequests:",
    ),
    Signature(
        code="MLR711",
        slug="network-unreachable",
        family="network",
        cause="The network, or a name in it, could not be reached.",
        why="The container has no way out (network none, a firewall, no DNS server it can reach), "
        "or the server is down.",
        fix='network = "mlbox" or "host" in [tool.mlbox.train] (not "none"); behind a proxy give '
        "HTTPS_PROXY and NO_PROXY at run time; a DNS server: docker run --dns. Without a network: "
        "data in inputs, HF_HUB_OFFLINE=1 with a filled cache.",
        pattern=r"Temporary failure (?:in name resolution|resolving)|Name or service not known"
        r"|Could not resolve (?:host|proxy)|\bgetaddrinfo (?:failed|ENOTFOUND|EAI_AGAIN)"
        r"|Network is unreachable|Max retries exceeded with url|Connection refused"
        r"|Connection timed out|Failed to establish a new connection"
        r"|couldn't connect to '?https?:|No route to host|<urlopen error"
        r"|dial tcp[^\n]{0,120}(?:no such host|i/o timeout|server misbehaving)"
        r"|nodename nor servname"
        r"|\b(?:ConnectTimeout|NewConnectionError|gaierror|NameResolutionError|"
        r"ReadTimeoutError|EndpointConnectionError|LocalEntryNotFoundError|"
        r"OfflineModeIsEnabled)\b|failed to lookup address|dns error"
        r"|outgoing traffic has been disabled",
        unless=r"CERTIFICATE_VERIFY|certificate verify|ProxyError|Tunnel connection failed"
        r"|SSLError|docker daemon|client socket|TCPStore|nccl|gloo|x509|c10d|proxyconnect",
    ),
    Signature(
        code="MLR712",
        slug="certificate-refused",
        family="network",
        cause="A server's TLS certificate is not trusted here.",
        why="A company's proxy signs with an authority of its own, which the image does not know; "
        "or the image lacks ca-certificates, or its clock is wrong.",
        fix='ca-bundle = "company.pem" in [tool.mlbox] for locking and building; at run time mount '
        "the file and set SSL_CERT_FILE and REQUESTS_CA_BUNDLE. Slim images: apt-get install -y "
        "ca-certificates. Do not turn verification off.",
        pattern=r"CERTIFICATE_VERIFY_FAILED|certificate signed by unknown authority"
        r"|self[- ]signed certificate|server certificate verification failed"
        r"|unable to get local issuer certificate|SSLCertVerificationError"
        r"|certificate has expired|invalid peer certificate|certificate verify failed",
        rules=("MLD307",),
    ),
    Signature(
        code="MLR713",
        slug="proxy-refused",
        family="network",
        cause="The proxy refused or could not be reached.",
        why="HTTP_PROXY or HTTPS_PROXY in the container names it; localhost there is the container "
        "itself, and a password may be missing.",
        fix="Give the proxy by an address that the container reaches (not 127.0.0.1), with its "
        "password, at run time; put internal hosts in NO_PROXY.",
        pattern=r"\bProxyError\b|Tunnel connection failed|Proxy Authentication Required"
        r"|(?:Cannot|Unable to) connect to proxy|proxyconnect tcp",
    ),
    Signature(
        code="MLR714",
        slug="tracker-login",
        family="credentials",
        cause="The experiment tracker has no API key.",
        why="It would ask for one, and a container has no terminal to ask on.",
        fix="docker run -e WANDB_API_KEY (never in the image), or WANDB_MODE=offline in env of "
        "[tool.mlbox] and wandb sync afterwards.",
        pattern=r"api_key not configured|No API key configured|call wandb(?:\.|[ _])login",
        unless=r"wandb: WARNING",
    ),
    Signature(
        code="MLR715",
        slug="file-damaged",
        family="input",
        cause="A checkpoint or archive is damaged, or is not what its name says.",
        why="It was written or downloaded only in part (a full disk, a killed run), or it is a Git "
        "LFS pointer: a text of three lines in place of the file.",
        fix="Look at it: head -c 200 FILE. A pointer: git lfs pull. Otherwise fetch it again, or "
        "go back to the checkpoint before; write to a temporary name and rename.",
        pattern=r"EOFError: Ran out of input|\bunexpected EOF, expected \d{1,20} more bytes|"
        r"failed finding central directory|UnpicklingError: invalid load key"
        r"|\bBadZipFile\b|File is not a zip file|Error while deserializing header"
        r"|PytorchStreamReader failed|Not a gzipped file|HeaderTooLarge"
        r"|MetadataIncompleteBuffer|InvalidHeaderDeserialization",
    ),
    Signature(
        code="MLR716",
        slug="weights-only",
        family="input",
        cause="torch.load refused the checkpoint: it has more in it than weights.",
        why="Since torch 2.6 weights_only=True is the default, and a pickle with other objects is "
        "not read.",
        fix="torch.load(path, weights_only=False) if you trust the file, or "
        "torch.serialization.add_safe_globals([...]); or save a state_dict.",
        pattern=r"Weights only load failed|WeightsUnpickler error",
    ),
)
