"""Put beside the tag of every image from elsewhere the digest that its registry has for it now: ``make pin``.

What is built on is then what was tested, until somebody asks again, as Dependabot does for images that have a
digest. It is looked up with skopeo and never taken from anywhere else; without an answer nothing is changed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
FILES = ("Dockerfile", "examples/webhook-receiver/Dockerfile", "docker-compose.yml")
IMAGE = re.compile(
    r"(?P<before>^FROM |\bimage: (?:\$\{\w+:-)?)"
    r"(?P<name>[\w./-]+:(?!local\b)[\w.-]+)(?:@sha256:[0-9a-f]{64})?(?=[\s}])",
    re.MULTILINE,
)
"""``local`` is the tag of what is built here."""
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
LIMIT_S = 60


class LookupFailedError(Exception):
    """No registry said which digest an image has."""


def images(text: str) -> list[str]:
    """Names with tags, each once."""
    return list(dict.fromkeys(found["name"] for found in IMAGE.finditer(text)))


def pinned(text: str, digests: Mapping[str, str]) -> str:
    return IMAGE.sub(lambda found: f"{found['before']}{found['name']}@{digests[found['name']]}", text)


def ask_registry(image: str) -> str:
    """The digest of the list of its builds for all machines."""
    command = ["skopeo", "inspect", "--no-tags", "--format", "{{.Digest}}", f"docker://{image}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LookupFailedError(f"{image}: {error}") from error
    if done.returncode != 0 or not DIGEST.fullmatch(done.stdout.strip()):
        raise LookupFailedError(f"{image}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def pin(checkout: Path, ask: Callable[[str], str]) -> dict[str, str]:
    """What every image was pinned to. Raises LookupFailedError before anything is written."""
    texts = {checkout / name: (checkout / name).read_text() for name in FILES}
    digests = {image: ask(image) for text in texts.values() for image in images(text)}
    for path, text in texts.items():
        path.write_text(pinned(text, digests))
    return digests


def main() -> int:
    try:
        found = pin(CHECKOUT, ask_registry)
    except LookupFailedError as error:
        sys.stderr.write(f"nothing is pinned: {error}\n")
        return 1
    for image, digest in found.items():
        sys.stdout.write(f"{image}@{digest}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
