"""A framework that the base image brings: kept as it is, or it is the wrong image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlbox.findings import Finding
from mlbox.resolve.answers import refused, with_devel
from mlbox.resolve.builds import PREFERRED_PYTHON, is_release, python_minor, wheel_tag
from mlbox.resolve.images import through_mirror
from mlbox.resolve.resolution import Resolution
from mlbox.resolve.targets import check_driver, drivers_for, find_gpu, outlived, reaches

if TYPE_CHECKING:
    from mlbox.facts import Facts, Image
    from mlbox.resolve.request import Request
    from mlbox.resolve.targets import Drivers


def with_brought(image: Image, base: str, request: Request, facts: Facts) -> Resolution:
    """Answer with the framework in the base image; nothing is installed over it."""
    if request.driver:
        check_driver(request.driver)
    cuda, gpu = image.cuda_minor, find_gpu(request, facts)
    need = drivers_for(cuda, gpu, request.platform, facts) if cuda else None
    wrong = _other_release(image, base, request) or _wrong_driver(image, base, request, need)
    if need and request.driver and outlived(request.driver, gpu, request.platform):
        what = f"{base} does not run on driver {request.driver}."
        wrong = what, "That driver dropped this GPU.", "Install an older driver."
    python = image.python or python_minor(request.python) or PREFERRED_PYTHON
    if wrong:
        what, why, fix = wrong
        finding = Finding(code="base-image", severity="error", what=what, why=why, fix=fix)
        return refused(request, what, why, facts, python=python, findings=(finding,))
    release = image.release or "(release not known)"
    answer = Resolution(
        verdict="ok",
        what=f"{image.framework} {release} as it is in {base}.",
        framework=image.framework,
        version=image.release or None,
        cuda=cuda,
        cuda_tag=wheel_tag(cuda, image.framework) if cuda else None,
        python=python,
        platform=request.platform,
        base_image=through_mirror(base, request.registry_mirror),
        min_driver=need.minimum if need else None,
        exact_driver=need.exact or None if need else None,
        accelerator="cuda" if cuda else None,
        docker_flags=("--gpus", "all") if cuda else (),
        reasons=(
            f"Base {base}: as asked.",
            _why_python(image, request, python),
            (
                f"{image.framework} {release}: the base image brings its own build; nothing is "
                f"installed over it (source: {image.source}; {image.confidence})."
            ),
            *([f"Driver {need.minimum} or newer: what CUDA {cuda} needs."] if need else []),
        ),
        as_of=facts.as_of,
    )
    return with_devel(answer, request, facts) if request.compiles and not image.has_nvcc else answer


def _other_release(image: Image, base: str, request: Request) -> tuple[str, str, str] | None:
    wanted = request.version
    if wanted and image.release and not is_release(image.release, wanted):
        return (
            f"The base image brings {image.framework} {image.release}; {wanted} is asked for.",
            (
                f"{base} is built around its own {image.framework}; another one installed over "
                "it would break it."
            ),
            f'Remove {image.framework} = "{wanted}", or set base = "auto".',
        )
    cuda = image.cuda_minor
    asked = None if request.cuda == "auto" else wheel_tag(request.cuda, image.framework)
    if cuda and asked and asked != wheel_tag(cuda, image.framework):
        return (
            f"The base image brings CUDA {cuda}; {request.cuda} is asked for.",
            f"The {image.framework} in {base} was built for its own CUDA version.",
            'Set cuda = "auto", or choose another base.',
        )
    return None


def _wrong_driver(
    image: Image, base: str, request: Request, need: Drivers | None
) -> tuple[str, str, str] | None:
    if need is None or request.driver is None or reaches(request.driver, need.minimum):
        return None
    return (
        f"{base} does not run on driver {request.driver}.",
        f"It brings CUDA {image.cuda_minor}, which needs driver {need.minimum} or newer.",
        "Choose an older base image, or install a newer driver.",
    )


def _why_python(image: Image, request: Request, python: str) -> str:
    if image.python in {"", request.python} or request.python is None:
        return f"Python {python}: the one in the base image, as far as it is known."
    return f"Python {python}: the one in the base image, instead of {request.python}."
