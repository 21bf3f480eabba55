"""The authority of a cluster: the key whose signature makes a node's certificate worth something.

Each member holds it, so that any of them takes new members in and renews its own certificate while the others are down. Keys are of
P-256; certificates begin in 2000, because a node whose clock has lost the date has to be heard as well.
"""

# ruff: noqa: PLC0415 - the certificates' part of cryptography is needed when one is made or looked at, which is seldom

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from opensvc_core.api import OpensvcError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate

_BEGIN: Final = datetime(2000, 1, 1, tzinfo=UTC)
AUTHORITY_LIFE: Final = timedelta(days=20 * 365)
NODE_LIFE: Final = timedelta(days=365)


class Authority(NamedTuple):
    """Its certificate and its key."""

    certificate: Certificate
    key: EllipticCurvePrivateKey

    @classmethod
    def new(cls, cluster: str, now: datetime) -> Self:
        """A fresh one, of which nobody else knows the key."""
        return cls._signed(_new_key(), _name(f"opensvc cluster {cluster}"), now)

    @classmethod
    def read(cls, pem: bytes) -> Self:
        """From what `pem()` wrote. Raises OpensvcError for anything else."""
        return cls(*_pair(pem, "the cluster's authority"))

    def renewed(self, now: datetime) -> Self:
        """The same with a new term: same name, same key, so what was signed stays good and nobody has to be told."""
        return self._signed(self.key, self.certificate.subject, now)

    def pem(self) -> bytes:
        """Certificate and key as text."""
        return certificate_pem(self.certificate) + key_pem(self.key)

    def issue(self, node: str, public_key: Any, now: datetime) -> Certificate:
        """A certificate with which a node may listen and call."""
        from cryptography import x509
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.x509.oid import ExtendedKeyUsageOID

        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        builder = _builder(_name(node), self.certificate.subject, public_key, now + NODE_LIFE)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(is_authority=False), critical=True).add_extension(usage, critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(node)]), critical=False)
        return builder.add_extension(identifier, critical=False).sign(self.key, SHA256())

    def has_signed(self, certificate: Certificate) -> bool:
        """Whether a certificate is one of its own."""
        from cryptography.exceptions import InvalidSignature

        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (InvalidSignature, ValueError, TypeError):
            return False
        return True

    @classmethod
    def _signed(cls, key: EllipticCurvePrivateKey, name: x509.Name, now: datetime) -> Self:
        from cryptography import x509
        from cryptography.hazmat.primitives.hashes import SHA256

        builder = _builder(name, name, key.public_key(), now + AUTHORITY_LIFE)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        return cls(builder.add_extension(_usage(is_authority=True), critical=True).sign(key, SHA256()), key)


class Identity(NamedTuple):
    """A node's certificate and its key, which never leaves the node."""

    certificate: Certificate
    key: EllipticCurvePrivateKey

    @classmethod
    def new(cls, node: str, authority: Authority, now: datetime) -> Self:
        """A fresh one."""
        key = _new_key()
        return cls(authority.issue(node, key.public_key(), now), key)

    @classmethod
    def read(cls, pem: bytes) -> Self:
        """From what `pem()` wrote. Raises OpensvcError for anything else."""
        return cls(*_pair(pem, "the node's certificate"))

    def pem(self) -> bytes:
        """Key and certificate as text."""
        return key_pem(self.key) + certificate_pem(self.certificate)

    @property
    def node(self) -> str:
        """The node that it names."""
        from cryptography.x509.oid import NameOID

        return str(self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def is_due(certificate: Certificate, life: timedelta, now: datetime) -> bool:
    """Whether a third of its life, or less, is left."""
    return now > certificate.not_valid_after_utc - life / 3


def request_pem(node: str, key: EllipticCurvePrivateKey) -> bytes:
    """What a node hands to an authority to have its key certified."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    return x509.CertificateSigningRequestBuilder().subject_name(_name(node)).sign(key, SHA256()).public_bytes(Encoding.PEM)


def requested_key(pem: bytes) -> Any:
    """The public key of a request whose sender has the private one. Raises OpensvcError."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

    try:
        request = x509.load_pem_x509_csr(pem)
        key = request.public_key()
        is_good = request.is_signature_valid and isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    except Exception as error:  # the library raises many kinds for bytes of strangers
        raise OpensvcError("the request for a certificate can't be read") from error
    if not is_good:
        raise OpensvcError("the request for a certificate is not signed by its key, or that key is not of P-256")
    return key


def new_key() -> EllipticCurvePrivateKey:
    """A key of P-256."""
    return _new_key()


def certificate_pem(certificate: Certificate) -> bytes:
    """A certificate as text."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def read_certificate(pem: bytes) -> Certificate:
    """A certificate from its text. Raises OpensvcError."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise OpensvcError("that is no certificate") from error


def key_pem(key: EllipticCurvePrivateKey) -> bytes:
    """A private key as text; only a private file may have it."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _new_key() -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _pair(pem: bytes, what: str) -> tuple[Certificate, Any]:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        # each reader takes the first block of its kind and leaves the other
        certificate = x509.load_pem_x509_certificate(pem)
        key = load_pem_private_key(b"-----BEGIN PRIVATE KEY" + pem.partition(b"-----BEGIN PRIVATE KEY")[2], None)
    except (ValueError, TypeError) as error:
        raise OpensvcError(f"{what} can't be read: its file is damaged") from error
    if key.public_key() != certificate.public_key():
        raise OpensvcError(f"{what} and its key don't belong together: its file is damaged")
    return certificate, key


def _name(text: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    # RFC 5280: a common name has at most 64 characters
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _builder(subject: x509.Name, issuer: x509.Name, key: Any, end: datetime) -> x509.CertificateBuilder:
    from cryptography import x509

    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(_BEGIN).not_valid_after(end)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
