"""The node's authority, what it signs, and the key of service accounts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey


def write(folder: Path, hosts: Iterable[str]) -> None:
    """Write ca.crt, server.crt (for DNS names and addresses), client.crt (for kubelets), keys."""
    names: list[x509.GeneralName] = []
    for each in hosts:
        is_address = each.replace(".", "").isdigit()
        names.append(x509.IPAddress(ip_address(each)) if is_address else x509.DNSName(each))
    ca_name, ca_key = _subject("node-ca"), _new_key(folder / "ca.key")
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    authority = _builder(ca_name, ca_name, ca_key).add_extension(constraints, critical=True)
    _save(authority, ca_key, folder / "ca.crt")
    server = _builder(_subject("kube-apiserver"), ca_name, _new_key(folder / "server.key"))
    alternatives = x509.SubjectAlternativeName(names)
    _save(server.add_extension(alternatives, critical=False), ca_key, folder / "server.crt")
    client = _subject("kube-apiserver", "system:masters")
    _save(_builder(client, ca_name, _new_key(folder / "client.key")), ca_key, folder / "client.crt")
    _new_key(folder / "service-account.key")


def _subject(name: str, group: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if group:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
    return x509.Name(parts)


def _builder(subject: x509.Name, issuer: x509.Name, key: Key) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
    )


def _save(builder: x509.CertificateBuilder, signer: Key, path: Path) -> None:
    signed = builder.sign(signer, hashes.SHA256())
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))


def _new_key(path: Path) -> Key:
    key = ec.generate_private_key(ec.SECP256R1())
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return key
