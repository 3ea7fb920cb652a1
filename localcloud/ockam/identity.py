"""Keys, identifiers, and the certificates that serve as credentials.

A member's credential is a certificate of the project's authority over the member's key: the identifier as its
common name, the attributes (a JSON object) in an extension. Certificates don't run out: the project looks up the
member at every connection, so that the credential of a removed one opens nothing.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER_NAME = "ockam-project"
"""The name in the project's own certificate. Members' have none, so no member can pass for the project."""
ATTRIBUTES = x509.ObjectIdentifier("2.25.157089352481973027418")
NOT_BEFORE = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
NOT_AFTER = datetime.datetime(9999, 12, 31, tzinfo=datetime.UTC)


class BadRequest(Exception):
    """A certificate request that is none, or isn't signed by the key in it."""


@dataclass(frozen=True)
class Credential:
    """Who someone is, as the authority has signed it."""

    identifier: str
    attributes: Mapping[str, str]


def new_key() -> str:
    """A private key, in PEM."""
    return _key_pem(ec.generate_private_key(ec.SECP256R1()))


def certificate_request(key: str) -> str:
    """PEM; proves that whoever asks has the key."""
    private = _load_key(key)
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(_identifier(private.public_key())))
    return builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def credential_of(certificate: bytes | None) -> Credential | None:
    """What a peer's certificate (DER, checked by TLS) says; None if it is no member's."""
    if certificate is None:
        return None
    parsed = x509.load_der_x509_certificate(certificate)
    try:
        found = parsed.extensions.get_extension_for_oid(ATTRIBUTES).value
    except x509.ExtensionNotFound:
        return None
    assert isinstance(found, x509.UnrecognizedExtension)
    return Credential(_identifier(parsed.public_key()), json.loads(found.value))


@dataclass(frozen=True)
class Authority:
    """What signs credentials. `key`, `certificate`: PEM."""

    key: str
    certificate: str

    @classmethod
    def new(cls, project: str) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"{project} authority")
        builder = _builder(name, name, key.public_key(), key.public_key(), authority=True)
        return cls(_key_pem(key), _pem(builder.sign(key, hashes.SHA256())))

    def server(self) -> str:
        """A new key and certificate of the project's server, in one PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(SERVER_NAME)])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = self._signed(SERVER_NAME, key.public_key()).add_extension(names, critical=False)
        return _key_pem(key) + _pem(builder.add_extension(usage, critical=False).sign(self._private, hashes.SHA256()))

    def identify(self, request: str) -> str:
        """The identifier of whoever made this certificate request. Raises BadRequest."""
        return _identifier(_requested(request))

    def sign(self, request: str, attributes: Mapping[str, str]) -> str:
        """The credential (PEM) for whoever made this certificate request. Raises BadRequest."""
        key = _requested(request)
        said = x509.UnrecognizedExtension(ATTRIBUTES, json.dumps(dict(attributes)).encode())
        # Portal ends are client to one peer and server to another.
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH])
        builder = self._signed(_identifier(key), key).add_extension(said, critical=False)
        return _pem(builder.add_extension(usage, critical=False).sign(self._private, hashes.SHA256()))

    @property
    def _private(self) -> ec.EllipticCurvePrivateKey:
        return _load_key(self.key)

    def _signed(self, subject: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        own = x509.load_pem_x509_certificate(self.certificate.encode())
        return _builder(_name(subject), own.subject, key, self._private.public_key(), authority=False)


def context(side: ssl._SSLMethod, authority: str) -> ssl.SSLContext:
    """TLS 1.3 that trusts this authority (PEM) and nobody else. `side`: PROTOCOL_TLS_CLIENT or _SERVER."""
    made = ssl.SSLContext(side)
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    made.load_verify_locations(cadata=authority)
    return made


def _requested(request: str) -> ec.EllipticCurvePublicKey:
    try:
        parsed = x509.load_pem_x509_csr(request.encode())
    except ValueError as error:
        raise BadRequest("this is no certificate request") from error
    key = parsed.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not parsed.is_signature_valid:
        raise BadRequest("the certificate request is not signed by its own key")
    return key


def _identifier(key: object) -> str:
    assert isinstance(key, ec.EllipticCurvePublicKey)
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    # A common name holds 64 characters, hence one digit less than SHA-256 has.
    return "I" + hashlib.sha256(der).hexdigest()[:63]


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    signer: ec.EllipticCurvePublicKey,
    *,
    authority: bool,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
        .add_extension(_usage(authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), critical=False)
    )


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


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _load_key(pem: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
