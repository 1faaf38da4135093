"""Signatures of building and installing: compilers, pip, uv, conda, apt."""

from __future__ import annotations

from mlbox.diagnosis.model import Signature

PACKAGES: tuple[Signature, ...] = (
    Signature(
        code="MLR501",
        slug="nvcc-missing",
        family="build",
        cause="The CUDA compiler (nvcc) is not in the image, and something has to be compiled.",
        why="Only -devel images have nvcc; wheels and -runtime images bring libraries alone.",
        fix="Install a wheel that is compiled already, or compile in a stage with nvcc: "
        "compiles = true in [tool.mlbox]; by hand FROM nvidia/cuda:...-devel-... AS builder and "
        "COPY the result.",
        pattern=r"nvcc'? (?:was )?not found|nvcc: (?:command )?not found"
        r"|CUDA_HOME (?:environment variable )?is not set"
        r"|No such file or directory: '?\S{0,200}nvcc|\S{0,200}/nvcc: No such file|exec: 'nvcc'"
        r"|No CMAKE_CUDA_COMPILER could be found|CUDA_TOOLKIT_ROOT_DIR not found"
        r"|Could NOT find CUDA(?:Toolkit)?\b|Failed to find nvcc"
        r"|(?:could not|cannot|unable to) find (?:\S{1,200} )?nvcc|CUDA_HOME does not exist"
        r"|FileNotFoundError[^\n]{0,60}nvcc|/bin/nvcc'?: not found"
        r"|Could not find the CUDA compiler|CMAKE_CUDA_COMPILER not set"
        r"|Looking for a CUDA compiler - NOTFOUND",
        rules=("MLD107",),
    ),
    Signature(
        code="MLR502",
        slug="compiler-missing",
        family="build",
        cause="There is no C compiler in the image, and something has to be compiled.",
        why="Slim images have none. Triton and torch.compile need one while the program runs, pip "
        "where there is no wheel.",
        fix='system-packages = ["build-essential"] in [tool.mlbox] (Dockerfile: apt-get install -y '
        "build-essential), or a release of the package that has a wheel for this Python.",
        pattern=r"Failed to find C compiler"
        r"|command '\S{0,200}(?:gcc|g\+\+|cc|clang|c\+\+)' failed: No such file"
        r"|(?<![\w+])(?:gcc|g\+\+|cc|make|c\+\+|clang): (?:command )?not found"
        r"|unable to execute '?\S{0,200}(?:gcc|g\+\+|cc)'?: No such file"
        r"|No CMAKE_C(?:XX)?_COMPILER could be found|InvalidCxxCompiler"
        r"|No working C\+\+ compiler found"
        r"|No such file or directory: '?(?:gcc|g\+\+|cc|c\+\+|ninja|cmake|make|"
        r"x86_64-linux-gnu-g\S{1,200}|which)'|no acceptable C compiler"
        r"|Ninja is required to load C\+\+|CMake must be installed|linker 'cc' not found"
        r"|Unable to find a (?:suitable )?C\+?\+? ?compiler"
        r"|Rust compiler[^\n]{0,40}not installed|can't find Rust compiler"
        r"|Compiler: \S{0,200}cc is not found|exec: 'gcc'",
    ),
    Signature(
        code="MLR503",
        slug="python-headers-missing",
        family="build",
        cause="Python's headers (Python.h) are not in the image.",
        why="The distribution's Python has them in a package of its own; Triton and extensions "
        "need them to compile.",
        fix='system-packages = ["python3-dev", "build-essential"] in [tool.mlbox] (Dockerfile: '
        "apt-get install -y python3-dev); the official Python images have them.",
        pattern=r"Python\.h:? (?:No such file|not found)|'Python\.h' file not found",
    ),
    Signature(
        code="MLR504",
        slug="cuda-compiler-mismatch",
        family="build",
        cause="The CUDA compiler and what it compiles for do not go together.",
        why="An extension has to be compiled by the CUDA release that torch was built with, with a "
        "C++ compiler and for GPUs which that release knows.",
        fix="Use a -devel image of the same CUDA as torch.version.cuda (mlbox: compiles = true "
        "chooses it), an older gcc for an older CUDA, and only architectures it knows in "
        "TORCH_CUDA_ARCH_LIST.",
        pattern=r"detected CUDA version[^\n]{0,40}mismatches the version|unsupported GNU version"
        r"|Unsupported gpu architecture|unsupported clang version"
        r"|ptxas fatal\s{0,4}: Unsupported \.version",
        rules=("MLD101",),
    ),
    Signature(
        code="MLR505",
        slug="requirements-conflict",
        family="packages",
        cause="The requirements contradict each other: no set of versions satisfies all of them.",
        why="Two packages want different releases of a third; the lines around the evidence name "
        "them.",
        fix="Loosen or update the pin that is named; mlbox lock (uv) tells the whole chain. Keep "
        "torch itself out of requirements: [tool.mlbox] names it.",
        pattern=r"\bResolutionImpossible\b|have conflicting dependencies"
        r"|No solution found when resolving|version solving failed"
        r"|\b(?:LibMamba)?UnsatisfiableError\b|ResolutionTooDeep"
        r"|your requirements are unsatisfiable|Could not solve for environment specs"
        r"|package versions have conflicting",
        follows=("index",),
    ),
    Signature(
        code="MLR506",
        slug="no-matching-distribution",
        family="index",
        cause="The package index has no release of {name} that fits.",
        why="The version does not exist there, or has no wheel for this Python, platform (musl, "
        "arm64) or CUDA; or the index could not be reached (then warnings before say so).",
        fix="mlbox resolve says which builds there are; mlbox lock tries the requirements. Check "
        "the spelling, the Python version (python in [tool.mlbox]) and the index "
        "(--extra-index-url).",
        pattern=r"No matching distribution found for (?P<name>[\w.\[\]-]{1,80}(?:[=<>!~]=?[\w.*+"
        r"]{1,80})?)"
        r"|Could not find a version that satisfies the requirement "
        r"(?P<other>[\w.\[\]-]{1,80}(?:[=<>!~]=?[\w.*+]{1,80})?)"
        r"|(?:Because )?(?P<third>[\w.-]{1,80}) was not found in the package registry"
        r"|[Tt]here (?:are no versions|is no version) of "
        r"(?P<fourth>[\w.\[\]=<>~!+-]{1,80})"
        r"|(?P<wheel>\S{1,200}\.whl) is not a supported wheel"
        r"|requires a different Python:|has no wheels with a matching"
        r"|PackagesNotFoundError|ResolvePackageNotFound",
        rules=("MLD103", "MLD119"),
        follows=("network",),
    ),
    Signature(
        code="MLR507",
        slug="externally-managed",
        family="packages",
        cause="pip refused to install into the distribution's own Python "
        "(externally-managed-environment).",
        why="Since Ubuntu 23.04 and Debian 12 the system's Python belongs to apt (PEP 668); CUDA "
        "images of Ubuntu 24.04 are ones.",
        fix="RUN python3 -m venv /opt/venv and ENV PATH=/opt/venv/bin:$PATH before the first pip "
        "install (or uv); images that mlbox renders have an environment of their own.",
        pattern=r"externally[- ]managed(?:-environment)?",
        rules=("MLD205",),
    ),
    Signature(
        code="MLR508",
        slug="hash-mismatch",
        family="packages",
        cause="A package's file is not the one that was locked (its hash differs).",
        why="The file was replaced on the index or by a proxy or mirror, or the lock is of another "
        "index; a cut download looks like this, too.",
        fix="Repeat it without caches (pip --no-cache-dir). If it stays, compare the index with "
        "the lock's and make the lock anew: mlbox lock.",
        pattern=r"DO NOT MATCH THE HASHES|Hash mismatch for|In --require-hashes mode, all"
        r"|Hashes are required in --require-hashes",
    ),
    Signature(
        code="MLR509",
        slug="package-build-failed",
        family="packages",
        cause="A package could not be built from its source.",
        why="There was no wheel that fits, and the build needs what the image does not have; its "
        "own error is before this line.",
        fix="Look for a release with a wheel for this Python and platform (mlbox lock uses wheels "
        "where there are), else add what the build asks for to system-packages.",
        pattern=r"Error (?:compiling objects for|building) extension|"
        r"Failed building wheel for|metadata-generation-failed"
        r"|subprocess-exited-with-error|Failed to build installable wheels"
        r"|Could not build wheels for|build backend returned an error"
        r"|python setup\.py egg_info did not run"
        r"|Getting requirements to build wheel did not run",
        confidence="low",
        follows=("build", "module", "network", "disk", "memory", "system-library"),
    ),
    Signature(
        code="MLR510",
        slug="apt-key-missing",
        family="packages",
        cause="apt does not trust a repository: its key {name} is missing.",
        why="NVIDIA changed the key of its CUDA repositories in April 2022; images from before "
        "have the old one. Other repositories need theirs.",
        fix="Use a current tag of the base image. By hand: install NVIDIA's cuda-keyring package, "
        "or remove /etc/apt/sources.list.d/cuda*.list and nvidia-ml.list before apt-get update.",
        pattern=r"NO_PUBKEY (?P<name>[0-9A-F]{8,40})"
        r"|The repository '[^'\n]{1,200}' is (?:not|no longer) signed"
        r"|public key is not available",
        rules=("MLD203",),
    ),
    Signature(
        code="MLR511",
        slug="apt-package-missing",
        family="packages",
        cause="apt does not find the package {name}.",
        why="Its lists are missing or old, the distribution does not have the package, or has "
        "ended its life (its files were moved).",
        fix="apt-get update in the same RUN as apt-get install; check the name for this release of "
        "the distribution (libgl1-mesa-glx is libgl1 since Debian 13 and Ubuntu 24.04).",
        pattern=r"E: Unable to locate package (?P<name>\S{1,200})"
        r"|E: Package '(?P<other>[^']{1,80})' has no installation candidate"
        r"|does (?:not|no longer) have a Release file|E: Failed to fetch \S{1,200} {1,40}404",
        rules=("MLD402", "MLD203"),
        follows=("network",),
    ),
    Signature(
        code="MLR512",
        slug="gpu-needed-to-build",
        family="build",
        cause="A CUDA extension is compiled where there is no GPU, and not told for which GPUs.",
        why="torch compiles for the GPUs that it finds unless TORCH_CUDA_ARCH_LIST names others, "
        "and a docker build has none.",
        fix='Name them before the build: ENV TORCH_CUDA_ARCH_LIST="8.0 9.0+PTX" (and FORCE_CUDA=1 '
        "where the package knows it); mlbox sets it with compiles = true and gpu in [tool.mlbox].",
        pattern=r"arch_list\[-1\] \+= '\+PTX'",
        rules=("MLD109", "MLD110"),
        in_code=True,
    ),
)
