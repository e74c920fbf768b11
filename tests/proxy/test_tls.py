"""TLS files: what can be used, and the one line about what cannot."""

from pathlib import Path

import pytest

from proxy.app.settings import parse
from proxy.errors import SettingsError
from proxy.telemetry.otlp.settings import parse as telemetry
from proxy.tls import authorities, key_pair
from tests.certificates import self_signed

OTLP = "OTEL_EXPORTER_OTLP_"
GARBAGE = [
    b"",
    b"\x00\xff garbage",
    b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    b"-----BEGIN CERTIFICATE-----\n",
]


def test_good_files_are_taken(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    assert authorities(str(certificate)) == str(certificate)
    key_pair(str(certificate), str(key))
    both = tmp_path / "both.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    key_pair(str(both), "")


@pytest.mark.parametrize("content", GARBAGE)
def test_garbage_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "garbage.pem"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"^use a readable file of PEM certificates: "):
        authorities(str(path))
    with pytest.raises(ValueError, match=r"^use a readable PEM certificate and its private key"):
        key_pair(str(path), str(path))


@pytest.mark.parametrize("path", ["", "/no/such/file", "/", "a\0b"])
def test_what_cannot_be_read_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"^use a readable"):
        authorities(path)


def test_a_key_needs_no_password_and_fits_its_certificate(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    certificate, key = self_signed(ours, b"secret")
    other, _ = self_signed(theirs)
    for each in (certificate, other):
        with pytest.raises(ValueError, match="use a readable PEM certificate and its private key"):
            key_pair(str(each), str(key))


def test_an_https_upstream_may_be_vouched_for_by_a_private_authority(tmp_path: Path) -> None:
    certificate = str(self_signed(tmp_path)[0])
    settings = parse(("--upstream", "https://a/mcp", "--upstream-ca", certificate), {})
    assert settings.upstream_ca == certificate
    with pytest.raises(SettingsError, match=f"^--upstream-ca: '{certificate}' is of no use"):
        parse(("--upstream", "http://a/mcp", "--upstream-ca", certificate), {})
    with pytest.raises(SettingsError, match="^--upstream-ca: '/none' is not allowed: use a read"):
        parse(("--upstream", "https://a/mcp", "--upstream-ca", "/none"), {})


@pytest.mark.parametrize("form", ["", "TRACES_", "METRICS_"])
def test_files_for_the_collector_are_checked_where_something_is_pushed(
    tmp_path: Path, form: str
) -> None:
    certificate, key = map(str, self_signed(tmp_path))
    pushed = {f"{OTLP}ENDPOINT": "https://collector:4318"}
    good = {f"{OTLP}{form}CERTIFICATE": certificate, f"{OTLP}{form}CLIENT_KEY": key}
    telemetry({**pushed, **good, f"{OTLP}{form}CLIENT_CERTIFICATE": certificate})
    for name in ("CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE"):
        bad = {f"{OTLP}{form}{name}": "/none"}
        with pytest.raises(
            SettingsError, match=f"^{OTLP}{form}{name}: '/none' is not allowed: use"
        ):
            telemetry({**pushed, **bad})
        telemetry(bad)
