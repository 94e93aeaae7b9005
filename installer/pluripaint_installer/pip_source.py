"""A pip for the new environment, also where Python came without one (bare Debian): pip's wheel runs as a
zip."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import json
import os
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .trouble import Trouble

DEFAULT_INDEX = "https://pypi.org/simple"
WHEEL = re.compile(r"pip-(\d[\w.]*)-py3-none-any\.whl$")
PATIENCE = 15.0  # seconds for the first answer of an index
PACKAGE_WITH_PIP = "Install the package python3-venv (sudo apt install python3-venv), then run this again."


@dataclass(frozen=True)
class Link:
    """One downloadable pip wheel."""

    version: tuple[int, ...]
    url: str
    sha256: str | None


class _Anchors(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        target = dict(attributes).get("href")
        if tag == "a" and target:
            self.links.append(target)


def version_of(name: str) -> tuple[int, ...] | None:
    """(26, 3) for pip-26.3-py3-none-any.whl; None for another name and for a pre-release."""
    found = WHEEL.search(name)
    parts = found.group(1).split(".") if found else []
    return tuple(map(int, parts)) if parts and all(part.isdigit() for part in parts) else None


def local_wheel(folders: list[Path]) -> Path | None:
    """Newest pip wheel lying in one of ``folders``."""
    found = [path for folder in folders if folder.is_dir() for path in folder.glob("pip-*.whl")]
    return max(
        (path for path in found if version_of(path.name)),
        key=lambda path: version_of(path.name),
        default=None,
    )


class Index:
    """The package index that the user's pip is set to."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.url = settings.get("index-url", DEFAULT_INDEX).rstrip("/")
        self.in_use = settings.get("no-index", "").lower() not in ("1", "true", "yes", "on")
        self.folders = [Path(part) for part in settings.get("find-links", "").split() if "://" not in part]
        self.host = urllib.parse.urlsplit(self.url).hostname or self.url
        certificates = settings.get("cert")
        try:
            context = ssl.create_default_context(cafile=certificates)
        except OSError:
            context = ssl.create_default_context()
        handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPSHandler(context=context)]
        proxy = settings.get("proxy")
        if proxy:
            handlers.append(urllib.request.ProxyHandler({"http": proxy, "https": proxy}))
        self._opener = urllib.request.build_opener(*handlers)

    def open(self, url: str, method: str = "GET", patience: float = PATIENCE):
        """Open ``url``, with the user and password that it may carry."""
        parts = urllib.parse.urlsplit(url)
        headers = {"Accept": "application/vnd.pypi.simple.v1+json, text/html;q=0.5, */*;q=0.1"}
        if parts.username:
            pair = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
            url = urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        return self._opener.open(
            urllib.request.Request(url, headers=headers, method=method), timeout=patience
        )

    def reachable(self) -> None:
        """Raise Trouble when there is no way to the index. Any answer will do, also a refusal or a bad
        certificate:
        pip knows more ways (its own certificates, a keyring) and says more."""
        if not self.in_use or not self.url.startswith(("http:", "https:")):
            return
        try:
            self.open(f"{self.url}/pip/").close()
        except urllib.error.HTTPError as error:
            error.close()
        except (urllib.error.URLError, OSError) as error:
            cause = getattr(error, "reason", error)
            if not isinstance(cause, ssl.SSLError):
                raise Trouble(
                    f"There is no connection to the package index {self.host} ({cause}); "
                    "nothing was changed.",
                    "Connect to the network, or use --wheels DIR with a folder of wheels.",
                ) from error

    def pip_links(self) -> list[Link]:
        """pip's wheels on the index, newest first."""
        with self.open(f"{self.url}/pip/") as answer:
            body, kind, base = answer.read(), answer.headers.get_content_type(), answer.url
        if kind.endswith("json"):
            files = [
                (file["url"], file.get("hashes", {}).get("sha256")) for file in json.loads(body)["files"]
            ]
        else:
            anchors = _Anchors()
            anchors.feed(body.decode("utf-8", "replace"))
            split = [link.partition("#sha256=") for link in anchors.links]
            files = [(link, digest or None) for link, _, digest in split]
        links = []
        for link, digest in files:
            version = version_of(urllib.parse.unquote(urllib.parse.urlsplit(link).path))
            if version:
                links.append(Link(version, urllib.parse.urljoin(base, link), digest))
        return sorted(links, key=lambda link: link.version, reverse=True)

    def fetch_pip(self, folder: Path, wanted: tuple[int, ...] | None) -> Path:
        """pip's wheel in ``folder``: the ``wanted`` version where the index has it, else the newest."""
        here = local_wheel(self.folders)
        if here:
            return here
        try:
            links = self.pip_links()
            link = next((link for link in links if link.version == wanted), links[0] if links else None)
            if link is None:
                raise Trouble(f"This Python has no pip, and {self.host} has none either.", PACKAGE_WITH_PIP)
            with self.open(link.url) as answer:
                content = answer.read()
        except (urllib.error.URLError, OSError, ValueError, KeyError) as error:
            cause = getattr(error, "reason", error)
            raise Trouble(
                f"This Python has no pip, and it could not be fetched from {self.host} ({cause}).",
                PACKAGE_WITH_PIP,
            ) from error
        if link.sha256 and hashlib.sha256(content).hexdigest() != link.sha256:
            raise Trouble(f"pip came damaged from {self.host}.", "Run the installer again.")
        path = folder / f"pip-{'.'.join(map(str, link.version))}-py3-none-any.whl"
        path.write_bytes(content)
        return path

    def size(self, url: str) -> int:
        """Bytes behind ``url``; 0 where that can't be told."""
        parts = urllib.parse.urlsplit(url)
        try:
            if parts.scheme == "file":
                return os.path.getsize(urllib.request.url2pathname(parts.path))
            with self.open(url, "HEAD") as answer:
                return int(answer.headers.get("Content-Length") or 0)
        except (OSError, ValueError):
            return 0
