"""A certificate authority of this cloud's own, and one server certificate for all of Azure's host names."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOSTS = (
    "management.azure.com",
    "login.microsoftonline.com",
    "login.windows.net",
    "login.microsoft.com",
    "graph.microsoft.com",
    "*.vault.azure.net",
    "*.blob.core.windows.net",
    "*.openai.azure.com",
    "*.cognitiveservices.azure.com",
    "*.eastus-1.eventgrid.azure.net",
    "*.events.example",
    "localhost",
)
LIFETIME = datetime.timedelta(days=30)


@dataclass(frozen=True)
class Certificates:
    """Files in one directory. `authority`: the CA alone; `bundle`: certifi's and the CA, for REQUESTS_CA_BUNDLE and
    SSL_CERT_FILE (a bundle of the CA alone would break every other client of the same environment)."""

    directory: Path

    @property
    def authority(self) -> Path:
        return self.directory / "ca.pem"

    @property
    def bundle(self) -> Path:
        return self.directory / "bundle.pem"

    @property
    def server(self) -> Path:
        return self.directory / "server.pem"

    def make(self) -> None:
        """Writes new files. The CA's key is forgotten at once: nothing else can ever be signed with it."""
        self.directory.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Isthmus local cloud CA")])
        authority = _certificate(name, name, key.public_key(), key, authority=True)
        server_key = ec.generate_private_key(ec.SECP256R1())
        server_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Isthmus local cloud")])
        server = _certificate(server_name, name, server_key.public_key(), key, authority=False)
        authority_pem, server_pem = (c.public_bytes(serialization.Encoding.PEM) for c in (authority, server))
        self.authority.write_bytes(authority_pem)
        self.bundle.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + authority_pem)
        private = server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.server.touch(mode=0o600)
        self.server.write_bytes(private + server_pem + authority_pem)

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server)
        return context


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(_usage(authority), critical=True)
    )
    if not authority:
        names: list[x509.GeneralName] = [x509.DNSName(host) for host in HOSTS]
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
