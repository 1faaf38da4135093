"""Signatures of images and registries."""

from __future__ import annotations

from mlbox.diagnosis.model import Signature

IMAGES: tuple[Signature, ...] = (
    Signature(
        code="MLR801",
        slug="image-tag-missing",
        family="image",
        cause="The registry has no image {name}.",
        why="The tag was never there or was removed: nvidia/cuda has no latest, its tags have "
        "three-part versions, and old ones go.",
        fix='mlbox resolve --base IMAGE judges a reference; base = "auto" in [tool.mlbox] takes '
        "one that exists. Pin by digest what you depend on.",
        pattern=r"failed to solve: (?P<solved>[\w./-]{1,150}:[\w.-]{1,128}): not found|"
        r"failed to create LLB definition: (?P<parsed>\S{1,200}): not found|"
        r"manifest for (?P<name>\S{1,200}) not found|manifest unknown"
        r"|No such image:? (?P<local>\S{1,200})"
        r"|failed to resolve reference '(?P<reference>[^'\n]{1,200})'[^\n]{0,200}not "
        r"found"
        r"|failed to resolve source metadata for (?P<source>[\w./:@-]{1,300}): [^\n]{0,150}: "
        r"not found"
        r"|ERROR: (?:failed to solve: )?(?P<image>[\w./-]{1,150}:[\w.-]{1,128}): "
        r"(?:failed to resolve source metadata for [^\n]{1,200}: )?[^\n]{0,150}: not "
        r"found",
        unless=r"toomanyrequests|pull rate|unauthorized|authorization failed|no match for platform",
        rules=("MLD202",),
    ),
    Signature(
        code="MLR802",
        slug="pull-denied",
        family="image",
        cause="The registry does not give the image {name} to this account.",
        why="The repository does not exist, is private, or the login has expired; Docker says the "
        "same for all three.",
        fix="Check the name; docker login REGISTRY (nvcr.io: user $oauthtoken and an API key). An "
        "image that only exists here: build it first.",
        pattern=r"pull access denied for (?P<name>[^\s,]{1,200})"
        r"|repository does not exist or may require"
        r"|unauthorized: (?:authentication required|access)"
        r"|requested access to the resource is denied"
        r"|insufficient_scope: authorization failed|no basic auth credentials"
        r"|failed to authorize: ",
        unless=r"toomanyrequests|pull rate",
    ),
    Signature(
        code="MLR803",
        slug="pull-rate-limit",
        family="image",
        cause="The registry's limit of downloads was reached.",
        why="Docker Hub counts pulls by address, and by account of who is logged in.",
        fix="docker login, or a mirror: registry-mirror in [tool.mlbox]; or wait (the limit is by "
        "the hour).",
        pattern=r"toomanyrequests:|reached your (?:unauthenticated )?pull rate limit",
    ),
    Signature(
        code="MLR804",
        slug="no-image-for-platform",
        family="image",
        cause="The image does not exist for this machine's architecture.",
        why="Its list of platforms does not have {name}.",
        fix='Use a base that has it, or run it for another: platform = "linux/amd64" in '
        "[tool.mlbox], docker run --platform linux/amd64 (slow, in emulation, and without a GPU).",
        pattern=r"no matching manifest for (?P<name>[\w/]{1,80})|no match for platform in manifest"
        r"|does not match the specified platform",
        rules=("MLD204",),
    ),
)
