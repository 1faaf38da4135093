"""``mlbox doctor``: what this machine has, what is wrong with it, and what mends it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from mlbox.cache import known_facts
from mlbox.cli._project import add_project_arguments, project_from
from mlbox.cli._terminal import told
from mlbox.doctor import Case, answers, examine, first_broken, fix_script, stack
from mlbox.doctor.engine import WARN_FREE
from mlbox.errors import HostError
from mlbox.probe import look
from mlbox.resolve import request_of
from mlbox.spec import has_spec
from mlbox.values import convert

if TYPE_CHECKING:
    import argparse

    from mlbox.doctor import Checked, Link
    from mlbox.findings import Finding
    from mlbox.host import Host
    from mlbox.resolve import Resolution

_MARKS = {"ok": "ok", "not applicable": "--", "not looked at": "??"}
_OF_FINDINGS = {"error": "!!", "warning": "! ", "info": "i "}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument(
        "--print-fix", action="store_true", help="print a script that mends it; nothing is run"
    )
    parser.add_argument("--probe", action="store_true", help="run one real container")
    parser.add_argument(
        "--cache-budget", metavar="SIZE", default="20GiB", help="for BuildKit's cache (20GiB)"
    )
    add_project_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Look, decide, print; nothing is installed or changed."""
    host = look()
    if args.probe and host.engine:
        from mlbox.probe.trial import try_container  # noqa: PLC0415  (loads docker)

        trial = try_container(host.engine.host, gpus=bool(host.nvidia.gpus))
        host = replace(host, trial=trial)
    return tell(args, host)


def tell(args: argparse.Namespace, host: Host) -> int:
    """Print what is to be said of a machine; return the exit code."""
    case = _case(args, host)
    checked, links = examine(case), stack(case)
    findings = tuple(finding for one in checked for finding in one.findings)
    if args.json:
        print(json.dumps(_document(host, checked, links, findings), indent=2))
    elif args.print_fix:
        print(fix_script(findings), end="")
    else:
        _print(checked, links, findings)
    return HostError.exit_code if _verdict(findings) == "error" else 0


def _case(args: argparse.Namespace, host: Host) -> Case:
    budget = int(convert(args.cache_budget, int, "--cache-budget"))
    case = Case(host=host, cache_budget=budget, probe_wanted=args.probe)
    if not has_spec(args.project):
        return case
    project = project_from(args)
    answered = answers(request_of(project.box), host, known_facts())
    return replace(
        case,
        answers=answered,
        needs_gpu=bool(project.job and project.job.gpus),
        shm_wanted=project.job.shm_bytes if project.job else 0,
        disk_needed=_disk_needed(answered),
    )


def _disk_needed(answered: tuple[Resolution, ...]) -> int:
    """What a build takes: the wheels as they come, in a layer, and in the image."""
    taken = [(one.download_bytes or 0) + 2 * (one.image_bytes or 0) for one in answered]
    return max([WARN_FREE, *taken])


def _verdict(findings: tuple[Finding, ...]) -> str:
    worst = {finding.severity for finding in findings}
    return "error" if "error" in worst else "warn" if "warning" in worst else "ok"


def _document(
    host: Host,
    checked: tuple[Checked, ...],
    links: tuple[Link, ...],
    findings: tuple[Finding, ...],
) -> dict[str, Any]:
    keys = ("code", "slug", "severity", "confidence", "what", "why", "fix", "as_of")
    return {
        "verdict": _verdict(findings),
        "host": asdict(host),
        "checks": [{"name": one.name, "status": one.status, "text": one.text} for one in checked],
        "stack": [asdict(link) for link in links],
        "first_broken": broken.name if (broken := first_broken(links)) else None,
        "findings": [{key: getattr(finding, key) for key in keys} for finding in findings],
    }


def _mark(one: Checked) -> str:
    """A check's outcome in two characters; of several findings, the worst."""
    worst = _verdict(one.findings)
    severity = {"error": "error", "warn": "warning"}.get(worst, "info")
    return _OF_FINDINGS[severity] if one.findings else _MARKS[one.status]


def _print(
    checked: tuple[Checked, ...], links: tuple[Link, ...], findings: tuple[Finding, ...]
) -> None:
    for one in checked:
        because = "could not be looked at, because " if one.status == "not looked at" else ""
        text = one.text or one.status
        told(f"{_mark(one)}  {one.name:18}{because}{text}", 22)
    if links:
        print("\nThe NVIDIA stack, bottom-up:")
    for link in links:
        told(f"  {link.state:12}{link.name:22}{link.text}".rstrip(), 36)
        told(f"  {'':12}{'':22}({link.about})", 36)
        for command in link.fix:
            print(f"  {'':12}{'':22}{command}")
    if broken := first_broken(links):
        print(f"The first broken link: {broken.name}")
    for finding in findings:
        print()
        told(f"{finding.severity}: {finding.what}  ({finding.code} {finding.slug})", 2)
        for line in (*finding.why.splitlines(), *finding.fix.splitlines()):
            told(f"  {line}", 2)
