"""etcd and kube-apiserver on loopback, with everything they need in one folder."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import requests
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from lab.local.ports import free_ports
from tests.e2e.kubeapi.client import Access
from tests.waiting import NeverHappened, until

# The Service `kubernetes` is the last thing the server makes for itself, some time after it says
# that it is ready; a list of all objects before that lacks it.
READY_PATHS = ("/readyz", "/api/v1/namespaces/default/services/kubernetes")
READY_SECONDS = 180.0
PROBE_SECONDS = 5.0
# The process guard gives its command 10 s to end before it kills it.
END_SECONDS = 20.0
LOG_TAIL_LINES = 20


class ServerDied(Exception):
    """A process of the control plane did not come up; the text has the end of its log."""


@dataclass(frozen=True)
class ApiServer:
    """A running API server."""

    kubeconfig: Path
    access: Access


@contextlib.contextmanager
def running(folder: Path, tools: Mapping[str, Path]) -> Iterator[ApiServer]:
    """Run etcd and kube-apiserver until the block ends; they cannot outlive this process."""
    with _etcd(folder, tools["etcd"]) as etcd_url:
        token = secrets.token_hex(16)
        # The group system:masters may do everything (kubernetes.io, "User-facing roles").
        _private(folder / "tokens.csv", f'{token},tester,tester,"system:masters"\n')
        _private(folder / "service-account.key", _service_account_key())
        (port,) = free_ports(1)
        command = [str(tools["kube-apiserver"]), *_apiserver_flags(folder, etcd_url, port)]
        access = Access(f"https://127.0.0.1:{port}", str(folder / "tls" / "apiserver.crt"), token)
        with _process(command, folder / "kube-apiserver.log") as process:
            _await_ready(process, access, folder / "kube-apiserver.log")
            yield ApiServer(_kubeconfig(folder, access), access)


@contextlib.contextmanager
def _etcd(folder: Path, binary: Path) -> Iterator[str]:
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    command = [
        str(binary),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={url}",
        f"--advertise-client-urls={url}",
        "--listen-peer-urls=http://127.0.0.1:0",
        "--unsafe-no-fsync",
        "--logger=zap",
        "--log-level=warn",
    ]
    with _process(command, folder / "etcd.log"):
        yield url


def _apiserver_flags(folder: Path, etcd_url: str, port: int) -> list[str]:
    return [
        f"--etcd-servers={etcd_url}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        # Makes a self-signed pair there; the certificate file carries its own authority.
        f"--cert-dir={folder / 'tls'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--anonymous-auth=false",
        "--authorization-mode=AlwaysAllow",
        "--service-account-issuer=https://127.0.0.1",
        f"--service-account-key-file={folder / 'service-account.key'}",
        f"--service-account-signing-key-file={folder / 'service-account.key'}",
        "--service-cluster-ip-range=10.0.0.0/24",
        # An address on loopback is no endpoint for pods, and there are no pods.
        "--endpoint-reconciler-type=none",
        # No controller makes the default service accounts that this plugin looks for.
        "--disable-admission-plugins=ServiceAccount",
        "--profiling=false",
    ]


@contextlib.contextmanager
def _process(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command under the process guard, in its own process group: Ctrl-C does not reach it."""
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.process_guard", *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=Path(__file__).parents[3],
        ) as process,
    ):
        assert process.stdin is not None
        try:
            yield process
        finally:
            process.stdin.close()
            process.wait(END_SECONDS)


def _await_ready(process: subprocess.Popen[bytes], access: Access, log: Path) -> None:
    def ready() -> bool:
        if process.poll() is not None:
            raise ServerDied(f"kube-apiserver ended with code {process.returncode}: {_tail(log)}")
        return _answers(access)

    try:
        until(ready, seconds=READY_SECONDS)
    except NeverHappened as error:
        raise ServerDied(f"kube-apiserver is not ready, {error}: {_tail(log)}") from None


def _answers(access: Access) -> bool:
    return Path(access.certificate_authority).exists() and all(
        _has(access, path) for path in READY_PATHS
    )


def _has(access: Access, path: str) -> bool:
    try:
        answer = requests.get(
            f"{access.server}{path}",
            headers={"Authorization": f"Bearer {access.token}"},
            verify=access.certificate_authority,
            timeout=PROBE_SECONDS,
        )
    except (requests.ConnectionError, requests.Timeout):
        return False
    return answer.ok


def _kubeconfig(folder: Path, access: Access) -> Path:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "test",
                "cluster": {
                    "server": access.server,
                    "certificate-authority": access.certificate_authority,
                },
            }
        ],
        "users": [{"name": "test", "user": {"token": access.token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "current-context": "test",
    }
    path = folder / "kubeconfig"
    _private(path, yaml.safe_dump(document))
    return path


def _service_account_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


def _private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
