"""``mlbox resolve``: the exact versions a spec or a question leads to, and why."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from mlbox.cache import known_facts
from mlbox.cli._project import add_project_arguments, project_from
from mlbox.errors import SpecError
from mlbox.resolve import Request, matrix, matrix_text, request_of, resolution_text, resolve
from mlbox.resolve.request import ACCELERATORS, parse_framework, parse_platform
from mlbox.spec import BoxSpec, Project, has_spec

if TYPE_CHECKING:
    import argparse

    from mlbox.resolve import Resolution
    from mlbox.sizes import Sizes

_IMPOSSIBLE = 3
_QUESTION = ("python", "cuda", "driver", "gpu", "base", "compiles", "packages", "registry_mirror")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "framework",
        nargs="?",
        metavar="FRAMEWORK[==VERSION]",
        help="torch, tensorflow or jax: answer for it, without a project",
    )
    parser.add_argument("--image", metavar="REF", help="judge an image, and build on it")
    parser.add_argument("--compute-capability", metavar="X.Y", help="instead of --gpu: 8.0")
    parser.add_argument("--accelerator", metavar="NAME", help=", ".join(ACCELERATORS))
    parser.add_argument("--instance", metavar="TYPE", help="a cloud's machine type: p5.48xlarge")
    parser.add_argument("--matrix", action="store_true", help="all releases by CUDA build")
    parser.add_argument("--size", action="store_true", help="ask the index how large it is")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_project_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Resolve, and print the result; nothing is built or written."""
    request = _request(args)
    facts = known_facts()
    if args.matrix:
        return _print_matrix(request, args)
    resolution = resolve(request, facts)
    _check_platform(resolution, args)
    resolution = _with_size(resolution, args)
    print(json.dumps(asdict(resolution), indent=2) if args.json else resolution_text(resolution))
    return _IMPOSSIBLE if resolution.verdict == "impossible" else 0


def _check_platform(resolution: Resolution, args: argparse.Namespace) -> None:
    """Refuse a platform that is named beside a machine or a GPU of another one."""
    if "platform" in args and parse_platform(args.platform) != resolution.platform:
        named = args.instance or getattr(args, "gpu", None) or "the accelerator"
        raise SpecError(
            f"platform = {args.platform!r} and {named} contradict each other.",
            why=f"{named} is {resolution.platform}.",
            fix="Leave one of them out.",
        )


def _request(args: argparse.Namespace) -> Request:
    """The question: of the arguments alone, or of the project's spec changed by them."""
    alone = args.framework is not None or not has_spec(args.project)
    request = _alone(args) if alone else request_of(project_from(args).box)
    more: dict[str, Any] = {
        "compute_capability": args.compute_capability,
        "accelerator": args.accelerator,
        "instance": args.instance,
        "base": args.image,
    }
    if args.image and "base" in args:
        raise SpecError(
            "--image and --base contradict each other.",
            why="Both name the image to build on.",
            fix="Leave one of them out.",
        )
    return replace(request, **{name: value for name, value in more.items() if value is not None})


def _alone(args: argparse.Namespace) -> Request:
    given = {name: getattr(args, name) for name in _QUESTION if name in args}
    if "packages" in given:
        given["packages"] = tuple(given["packages"])
    if "platform" in args:
        given["platform"] = parse_platform(args.platform)
    framework, version = _framework(args)
    return Request(framework=framework, version=version, **given)


def _framework(args: argparse.Namespace) -> tuple[str | None, str | None]:
    """What is asked about: the argument, or what an accelerator is mostly used with."""
    if args.framework:
        return parse_framework(args.framework)
    for name in ("torch", "tensorflow", "jax"):
        if name in args:
            return parse_framework(f"{name}=={getattr(args, name)}")
    if args.image:
        return None, None
    return ("jax" if args.accelerator == "tpu" else "torch"), None


def _print_matrix(request: Request, args: argparse.Namespace) -> int:
    if request.framework is None:
        raise SpecError(
            "--matrix needs a framework.",
            why="It shows the releases of one.",
            fix="Write mlbox resolve torch --matrix.",
        )
    grid = matrix(request, known_facts())
    print(json.dumps(asdict(grid), indent=2) if args.json else matrix_text(grid))
    return 0


def _with_size(resolution: Resolution, args: argparse.Namespace) -> Resolution:
    """Add the size of the wheels: as measured before, or asked for now."""
    from mlbox.sizes import known_sizes  # noqa: PLC0415  (loads on use)

    if resolution.verdict == "impossible" or not resolution.requirements:
        return resolution
    sizes = _measured(resolution, args) if args.size else known_sizes(resolution)
    return replace(
        resolution, download_bytes=sizes.download_bytes, image_bytes=sizes.unpacked_bytes
    )


def _measured(resolution: Resolution, args: argparse.Namespace) -> Sizes:
    import os  # noqa: PLC0415  (loads on use)

    from mlbox.cli._progress import progress_bar  # noqa: PLC0415
    from mlbox.sizes import measure  # noqa: PLC0415
    from mlbox.sources import package_sources  # noqa: PLC0415

    here = Project(root=args.project.resolve(), source=None, box=BoxSpec(name="box"))
    with progress_bar("Sizes") as on_progress:
        sizes = measure(
            resolution,
            package_sources(here, os.environ),
            on_progress,
            default_build=resolution.default_build,
        )
    if sizes.why:
        print(f"Size unknown: {sizes.why}", file=sys.stderr)
    return sizes
