"""Container images made of files of this machine, as archives that containerd imports."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
_CREATED = "2026-01-01T00:00:00Z"
_MODES = {"tmp": 0o1777}

Content = Path | bytes
"""A file, as it is or by its content; a link by its target as `bytes` starting with `->`."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The archive of one layer, and its digest."""

    archive: Path
    digest: str


@dataclass(frozen=True, slots=True)
class Image:
    """Layers, the lowest first, under one or more names; `config` as OCI's image configuration."""

    names: tuple[str, ...]
    layers: tuple[Layer, ...]
    config: Mapping[str, Any] = field(default_factory=dict)


def layer(archive: Path, files: Mapping[str, Content], links: Mapping[str, str] = {}) -> Layer:
    """Write a layer of files by their absolute paths; folders above them belong to root."""
    with tarfile.open(archive, "w") as tar:
        made: set[str] = set()
        for path in sorted({*files, *links}):
            name = path.lstrip("/")
            for folder in reversed(Path(name).parents):
                _add_folder(tar, str(folder), made)
            if path in links:
                _add(tar, name, tarfile.SYMTYPE, linkname=links[path])
            elif path.endswith("/"):
                _add_folder(tar, name.rstrip("/"), made)
            else:
                _add_file(tar, name, files[path])
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Layer(archive, digest)


def write(archive: Path, images: Iterable[Image]) -> Path:
    """Write the images into one archive, in the format of `docker save`; layers are there once."""
    manifests = []
    there: set[str] = set()
    with tarfile.open(archive, "w") as tar:
        for image in images:
            config = _config(image)
            name = f"{hashlib.sha256(config).hexdigest()}.json"
            if name not in there:
                _add_file(tar, name, config)
            for each in image.layers:
                if each.digest not in there:
                    tar.add(each.archive, f"{each.digest}.tar")
            there |= {name, *(each.digest for each in image.layers)}
            layers = [f"{each.digest}.tar" for each in image.layers]
            manifests.append({"Config": name, "RepoTags": list(image.names), "Layers": layers})
        _add_file(tar, "manifest.json", json.dumps(manifests).encode())
    return archive


def program(path: str, binary: Path) -> dict[str, Content]:
    """The files of an image for one program: itself at `path`, libraries, authorities, users."""
    users = b"root:x:0:0::/:/none\nnobody:x:65534:65534::/:/none\n"
    return {
        path: binary,
        **{library: Path(library) for library in libraries([binary])},
        "/etc/passwd": users,
        "/tmp/": b"",
        **({str(AUTHORITIES): AUTHORITIES} if AUTHORITIES.exists() else {}),
    }


def libraries(binaries: Iterable[Path]) -> set[str]:
    """The shared libraries that programs and libraries are linked to, by their paths."""
    said = subprocess.run(("ldd", *binaries), capture_output=True, text=True, check=False).stdout
    return set(re.findall(r"^\t(?:\S+ => )?(/\S+) \(0x", said, re.MULTILINE))


def _config(image: Image) -> bytes:
    digests = [f"sha256:{each.digest}" for each in image.layers]
    document = {
        "architecture": "amd64",
        "os": "linux",
        "created": _CREATED,
        "config": dict(image.config),
        "rootfs": {"type": "layers", "diff_ids": digests},
        "history": [{"created": _CREATED, "created_by": "tests.node.images"} for _ in digests],
    }
    return json.dumps(document).encode()


def _add_folder(tar: tarfile.TarFile, name: str, made: set[str]) -> None:
    if name not in (*made, "."):
        made.add(name)
        _add(tar, name, tarfile.DIRTYPE, mode=_MODES.get(name, 0o755))


def _add_file(tar: tarfile.TarFile, name: str, content: Content) -> None:
    if isinstance(content, bytes):
        _add(tar, name, tarfile.REGTYPE, mode=0o644, data=content)
        return
    source = content.resolve()
    found = source.stat()
    mode = 0o755 if found.st_mode & 0o111 else 0o644
    # Otherwise Python takes no compiled module for that of its source.
    changed = int(found.st_mtime)
    _add(tar, name, tarfile.REGTYPE, mode=mode, data=source.read_bytes(), changed=changed)


def _add(
    tar: tarfile.TarFile,
    name: str,
    kind: bytes,
    *,
    mode: int = 0o777,
    data: bytes = b"",
    linkname: str = "",
    changed: int = 0,
) -> None:
    entry = tarfile.TarInfo(name)
    entry.mtime = changed
    entry.type, entry.mode, entry.size, entry.linkname = kind, mode, len(data), linkname
    tar.addfile(entry, io.BytesIO(data))
