"""Signatures of files, rights and disks, and of programs that cannot be started."""

from __future__ import annotations

from mlbox.diagnosis.model import Signature

FILES: tuple[Signature, ...] = (
    Signature(
        code="MLR601",
        slug="disk-full",
        family="disk",
        cause="A disk is full: no space left on device.",
        why="Of the container's layer, of a volume, of a tmpfs, or of a quota; images, build "
        "cache, checkpoints and data sets share Docker's disk.",
        fix="df -h (and df -i) on the host and docker system df show where; docker builder prune "
        "and docker image prune make room. Write large files to a mounted folder, keep fewer "
        "checkpoints.",
        pattern=r"No space left on device|\[Errno 28\]|\bENOSPC\b|Disk quota exceeded"
        r"|\[Errno 122\]|not (?:have )?enough (?:free )?(?:disk )?space"
        r"|database or disk is full|no space left on disk",
        unless=r"/dev/shm|/psm_|'/torch_|nccl",  # noqa: S108  (a pattern)
        follows=(),
    ),
    Signature(
        code="MLR602",
        slug="read-only",
        family="rights",
        cause="The program wrote to {name}, which is mounted read-only.",
        why="Inputs are mounted read-only, so that no run changes another's data; a container may "
        "be read-only as a whole (--read-only).",
        fix="Write to a folder of the working directory that outputs in [tool.mlbox.train] names "
        '(outputs = ["out/"]), or to /tmp; caches: HF_HOME, TORCH_HOME, XDG_CACHE_HOME to one '
        "of them. Plain Docker: drop :ro, or add --tmpfs.",
        pattern=r"(?:cannot \w{1,80} (?:\w{1,80} )?'(?P<before>/[^'\n]{1,200})': )?Read-only file "
        r"?system(?:: '(?P<name>[^'\n]{1,200})')?|\[Errno 30\]|\bEROFS\b"
        r"|attempt to write a readonly database",
        rules=("MLD504",),
    ),
    Signature(
        code="MLR603",
        slug="docker-socket-denied",
        family="docker",
        cause="This user may not talk to the Docker daemon.",
        why="Its socket belongs to root and the group docker.",
        fix="sudo usermod -aG docker $USER, then log in anew; or rootless Docker; or mlbox engine "
        "up for a private one.",
        pattern=r"permission denied while trying to connect to the Docker"
        r"|docker\.sock\S{0,3}:? [^\n]{0,120}permission denied"
        r"|PermissionError[^\n]{0,60}docker\.sock",
    ),
    Signature(
        code="MLR604",
        slug="docker-daemon-down",
        family="docker",
        cause="No Docker daemon answers.",
        why="It is not started, or DOCKER_HOST or the context names another.",
        fix="sudo systemctl start docker (or start Docker Desktop), docker context ls; or mlbox "
        "engine up for a private one.",
        pattern=r"Cannot connect to the Docker daemon|Is the docker daemon running"
        r"|docker daemon is not running|failed to connect to the docker API",
        unless=r"permission denied",
    ),
    Signature(
        code="MLR605",
        slug="home-not-writable",
        family="rights",
        cause="The program's home or cache folder {name} cannot be written.",
        why="With --user the user has no home in the image: HOME is / and caches go to /.cache. "
        "Some libraries also look the user up by name.",
        fix='env = {{ HOME = "/tmp", HF_HOME = "/tmp/hf" }} in [tool.mlbox] (Dockerfile: ENV '
        "HOME=/tmp); who runs under a number without a name may need USER=user and LOGNAME=user.",
        pattern=r"requires access to a writable cache directory|"
        r"Permission denied\]?:? '(?P<name>/(?:(?:root|home/\w{1,80}|nonexistent|var/www)"
        r"(?:/[^'\n]{0,200})?|\.(?:cache|config|local|triton|keras|jupyter|huggingface|"
        r"torch|dvc|npm|conda|netrc|wandb|matplotlib)\b[^'\n]{0,200}))'"
        r"|problem when trying to write in your cache folder|uid not found: (?P<uid>\d{1,20})"
        r"|\[Errno (?:2|13)\][^\n]{0,40}'/nonexistent",
        rules=("MLD503",),
    ),
    Signature(
        code="MLR606",
        slug="not-executable",
        family="command",
        cause="The command {name} is there, but may not be executed.",
        why="It lacks the x bit (git and Windows lose it), or is on a file system mounted noexec.",
        fix="chmod +x it and commit that (git update-index --chmod=+x FILE), RUN chmod +x in the "
        'Dockerfile, or name the interpreter: command = ["bash", "train.sh"].',
        pattern=r"exec:? '?(?P<name>/?[^\s':]{1,200})'?: permission denied"
        r"|(?:bash|sh|zsh|/bin/\w{1,80})(?:: line \d{1,20})?: (?:\d{1,20}: )"
        r"?(?P<script>\S{1,200}): Permission denied"
        r"|(?:exited with code|exit code|exit status):? 126\b",
        rules=(),
    ),
    Signature(
        code="MLR607",
        slug="permission-denied",
        family="rights",
        cause="The program may not use {name}: permission denied.",
        why="The container's user is not the owner of that file or folder: it was made by root (an "
        "earlier run, or Docker for a mount that was not there), or belongs to another user.",
        fix="Write to a folder that outputs in [tool.mlbox.train] names. Plain Docker: --user "
        "$(id -u):$(id -g), compose: user:, and chown what root made: sudo chown -R $USER FOLDER.",
        pattern=r"chown: changing ownership of '(?P<owned>[^'\n]{1,300})': Operation not permitted|"
        r"(?:\[Errno 13\] )?Permission denied: b?'(?P<name>[^'\n]{1,300})'"
        r"|cannot \w{1,80} (?:\w{1,80} )?'(?P<before>[^'\n]{1,300})': (?:Permission denied|"
        r"Operation not permitted)|PermissionError: \[(?:Errno|WinError) \d{1,20}\]"
        r"|\bEACCES\b"
        r"|(?:(?P<other>/\S{1,300}): |\b)Permission denied(?! \((?:publickey|password))"
        r"|\[Errno 1\] Operation not permitted",
        unless=r"when calling the|Permission denied for user|docker\.sock|Docker daemon"
        r"|docker API|\(publickey|exec:? '"
        r"|'/(?:root|home/\w{1,80}|nonexistent|\.cache|\.config|\.local|\.triton|"
        r"\.keras|\.jupyter)"
        r"|(?:bash|sh)(?:: line \d{1,20})?: (?:\d{1,20}: )?\S{1,200}: Permission denied"
        r"|git@|Permission denied, please try again|AccessDenied|\b40[13]\b",
        rules=("MLD504", "MLC401"),
        follows=(),
    ),
    Signature(
        code="MLR608",
        slug="command-not-found",
        family="command",
        cause="The command {name} is not in the image.",
        why="The program is not installed, not on PATH, or the name is wrong.",
        fix="Check command in [tool.mlbox.train] (CMD, ENTRYPOINT); add what has it to "
        'system-packages or packages; a list, not one string: ["python", "train.py"]. Debian '
        "has python3, not python.",
        pattern=r"exec: \\{0,4}'?(?P<name>[^\s'\\]{1,200}?)\\{0,4}'?: (?:executable file not "
        r"found|stat [^\n]{1,200}: no such file|no such file or directory)"
        r"|^(?:\S{0,60}: )?(?:line \d{1,20}: |\d{1,20}: )?(?P<shell>[\w./+-]{1,100}): "
        r"(?:command )?not found\s{0,40}$"
        r"|(?:exited with code|exit code|exit status):? 127\b"
        r"|exec (?P<script>/?\S{1,200}?): no such file or directory"
        r"|Failed to execute (?:child )?process[^\n]{0,200}No such file"
        r"|executable file (?P<path>\S{1,200}) not found in \$PATH",
        unless=r"nvcc|nvidia|\bgcc\b|\bg\+\+|^\s{0,40}make: |\\r|\^M|manifest|module|symbol",
        rules=("MLD408",),
        follows=("docker",),
    ),
    Signature(
        code="MLR609",
        slug="windows-line-ends",
        family="command",
        cause="A script has Windows line ends (CRLF), so its interpreter is not found.",
        why="Its first line names /bin/bash followed by a carriage return, and no such program "
        "exists.",
        fix="sed -i 's/\\r$//' FILE (or dos2unix), and a line *.sh text eol=lf in .gitattributes.",
        pattern=r"\^M: bad interpreter|\$?'\\{1,2}r': command not found|\\{1,2}r'?: No such file"
        r"|(?:bash|bin/sh|python\d?)(?:\\{1,2}r|\^M)",
    ),
    Signature(
        code="MLR610",
        slug="wrong-architecture",
        family="command",
        cause="The image or a program in it is built for another processor architecture.",
        why="An arm64 image on an x86-64 machine, or the other way round: its programs cannot be "
        "started.",
        fix='Build for the machine that runs it: platform = "linux/amd64" (or "linux/arm64") in '
        "[tool.mlbox]; docker build --platform linux/amd64, docker pull --platform ...",
        pattern=r"exec format error|rosetta error: failed to open elf"
        r"|qemu-\w{1,80}: Could not open '?/lib|\[Errno 8\] Exec",
        rules=("MLD204",),
    ),
    Signature(
        code="MLR611",
        slug="file-missing",
        family="input",
        cause="The program did not find the file {name}.",
        why="It was not given to the run: mlbox copies code, and mounts data that inputs names; or "
        "the working directory is another.",
        fix='Name data in inputs = ["data/"] of [tool.mlbox.train]; code has to match include. '
        "Paths are relative to the project, which is /workspace in the container.",
        pattern=r"FileNotFoundError: (?:\[Errno 2\] )?[^\n]{0,200}?(?:: "
        r"?'(?P<name>[^'\n]{1,300})'|$|\s)|can't open file '(?P<script>[^'\n]{1,300})'"
        r"|NotFoundError: [^\n]{0,200}; No such file"
        r"|(?P<path>/?[\w.-][\w./-]{0,200}): No such file or directory",
        unless=r"nvcc|nvidia-|'(?:gcc|g\+\+|cc|ninja|cmake|git|docker|which|make)'|\.so\b"
        r"|Python\.h|\\r|\^M|bad interpreter|exec: |exec /|\.h: No such|docker\.sock"
        r"|fatal error|dvc",
        confidence="medium",
        follows=("command",),
    ),
    Signature(
        code="MLR612",
        slug="mount-source-missing",
        family="docker",
        cause="A folder that was to be mounted is not there, or is a file where a folder was "
        "meant.",
        why="Docker mounts paths of the machine that the daemon runs on, which may be another than "
        "this one (Docker Desktop, a remote context, Docker in Docker).",
        fix="Make it first (mkdir -p), give its absolute path, and check that file goes on file "
        "and folder on folder.",
        pattern=r"bind source path does not exist|invalid mount config for type|Mounts denied"
        r"|mount a directory onto a file|error mounting '[^'\n]{0,300}' to rootfs",
        unless=r"nvidia",
    ),
    Signature(
        code="MLR613",
        slug="container-name-taken",
        family="docker",
        cause="A container with that name is there already.",
        why="An earlier one was not removed.",
        fix="docker rm -f NAME, or docker run --rm and another --name.",
        pattern=r"container name \S{1,200} is already in use",
    ),
)
