"""Which build of torch, decided by what the machine has: a Linux machine without a GPU must not pull CUDA's
gigabytes."""

from __future__ import annotations

import concurrent.futures
import re
import shutil
import sys
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .pip_source import Index
from .programs import megabytes
from .trouble import Trouble

VERSION = "2.13.0"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
CUDA_PACKAGES = re.compile(r"^(nvidia-.*|cuda-.*|triton)$")


@dataclass(frozen=True)
class Plan:
    """What pip will install: the arguments that lead to it and the files it takes."""

    arguments: tuple[str, ...]
    names: tuple[str, ...]
    urls: tuple[str, ...]

    @property
    def cuda(self) -> bool:
        return any(CUDA_PACKAGES.match(name) for name in self.names)

    def bytes(self, index: Index) -> tuple[int, int]:
        """(bytes to download, bytes in all), the latter with what lies on this machine."""
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            sizes = list(pool.map(index.size, self.urls))
        remote = sum(
            size for size, url in zip(sizes, self.urls) if urllib.parse.urlsplit(url).scheme != "file"
        )
        return remote, sum(sizes)


def has_nvidia_gpu(platform: str = sys.platform, root: Path = Path("/")) -> bool:
    """Whether this machine has an NVIDIA driver at work (the only GPUs torch's default Linux build knows)."""
    if platform.startswith("linux"):
        # The last: Linux inside Windows has its own way to the card.
        signs = ("proc/driver/nvidia/version", "dev/nvidiactl", "usr/lib/wsl/lib/nvidia-smi")
        return any((root / sign).exists() for sign in signs)
    return platform == "win32" and shutil.which("nvidia-smi") is not None


def read_report(report: Mapping[str, Any], arguments: Sequence[str]) -> Plan:
    """Plan from the JSON that ``pip install --dry-run --report`` writes."""
    items = report["install"]
    names = tuple(re.sub(r"[-_.]+", "-", item["metadata"]["name"]).lower() for item in items)
    return Plan(tuple(arguments), names, tuple(item["download_info"]["url"] for item in items))


def choose(
    resolve: Callable[[Sequence[str]], Plan], wanted: str, gpu: bool, own_wheels: bool
) -> tuple[Plan, str]:
    """The plan to install and a sentence saying why.

    ``resolve`` asks pip what given arguments would install. ``wanted`` is "auto", "cpu" or "cuda". Where the
    user's own index (or folder of wheels) yields a build without CUDA packages, that wins; else PyTorch's own
    CPU index.
    """
    plain = resolve([f"torch=={VERSION}"])
    if wanted == "cuda" or (wanted == "auto" and gpu):
        which = "with CUDA" if plain.cuda else "without CUDA (this is what the package index has)"
        return plain, f"torch {VERSION} {which}"
    if not plain.cuda:
        return plain, f"torch {VERSION} for the CPU"
    if own_wheels:
        return plain, f"torch {VERSION} with CUDA: the folder of wheels has no other build"
    try:
        lean = resolve([f"torch=={VERSION}+cpu", "--extra-index-url", CPU_INDEX])
    except Trouble as error:
        raise Trouble(
            f"The CPU build of torch can't be had from {urllib.parse.urlsplit(CPU_INDEX).hostname}, and this "
            "machine has no NVIDIA GPU for the default build.",
            "Run the installer again when that host can be reached, or with --torch cuda to take "
            "the larger build.",
        ) from error
    return lean, f"torch {VERSION} for the CPU, from PyTorch's own index"


def enough_space(folder: Path, in_all: int) -> None:
    """Raise Trouble where the disk can't hold what is to come: wheels unpack to about three times their
    size."""
    needed, free = 4 * in_all + 200_000_000, shutil.disk_usage(folder).free
    if free < needed:
        raise Trouble(
            f"{folder} has {megabytes(free)} free and about {megabytes(needed)} are needed.",
            "Make room, or choose another disk with --prefix DIR.",
        )
