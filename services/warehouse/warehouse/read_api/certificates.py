"""The certificate of the Storage Read API's port, and the file with which clients trust it."""

import datetime
import ipaddress
from pathlib import Path

import certifi
from fastapi import APIRouter, Response
from local_bigquery.settings import settings

HOST = "bigquerystorage.googleapis.com"  # the only host that Google's client asks
VALID_DAYS = 3650
router = APIRouter()


@router.get("/storage-roots.pem", include_in_schema=False)
def roots() -> Response:
    """Return the certificates to trust: the public ones, and the one that signed the port's certificate."""
    return Response(ensure().joinpath("roots.pem").read_text(), media_type="application/x-pem-file")


def ensure() -> Path:
    """Return the folder with roots.pem, server.pem and server.key; make them when they are missing.

    The key that signs the server's certificate is not kept, so nobody can sign another certificate with it.
    """
    folder: Path = settings.data_dir / "storage-api"
    if not (folder / "roots.pem").exists():
        folder.mkdir(parents=True, exist_ok=True)
        _make(folder)
    return folder


def _make(folder: Path) -> None:
    from cryptography import x509  # imported late: it is needed once for a data directory
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    issuer, issuer_key, key = name("local BigQuery emulator"), *(ec.generate_private_key(ec.SECP256R1()) for _ in "ab")
    template = x509.CertificateBuilder().issuer_name(issuer).not_valid_before(start)
    template = template.not_valid_after(start + datetime.timedelta(days=VALID_DAYS))
    authority = (
        template.subject_name(issuer)
        .public_key(issuer_key.public_key())
        .serial_number(x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )
    names = [x509.DNSName(HOST), x509.DNSName("localhost"), x509.DNSName("warehouse")]
    server = (
        template.subject_name(name(HOST))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .add_extension(
            x509.SubjectAlternativeName([*names, x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(issuer_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    secret = folder / "server.key"
    secret.touch(mode=0o600)
    secret.write_bytes(key.private_bytes(pem, *plain))
    folder.joinpath("server.pem").write_bytes(server.public_bytes(pem))
    public = Path(certifi.where()).read_bytes()
    folder.joinpath("roots.pem.new").write_bytes(public + b"\n" + authority.public_bytes(pem))
    folder.joinpath("roots.pem.new").replace(folder / "roots.pem")  # last: it says that the others are complete
