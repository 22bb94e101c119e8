"""A certification body whose laptops can prove to each other who they are, without the server."""

import base64
from datetime import timedelta

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from intact_core import canonical, clock
from intact_core.documents.x509_certificates import (
    Subject,
    issue_device_certificate,
    key_hash,
    make_authority,
)
from intact_desktop.sync import carrying
from intact_desktop.sync.cards import Card, Own, Trust
from intact_desktop.sync.showing import show_carried
from intact_desktop.vault.lease import SignedLease
from sync_server.tables.ledger import Device
from tests.simulation.office import Office
from tests.simulation.world import Laptop


class Body:
    """The office's authority and lease key, and what it gave to each laptop."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.authority = make_authority("Demo Certification")
        self.lease_key = ec.generate_private_key(ec.SECP256R1())

    def enrolled(self, laptop: Laptop, name: str) -> Own:
        """Certifies the laptop's key and gives it a lease."""
        subject = Subject(name, "Demo Certification", str(laptop.device_id))
        certificate = issue_device_certificate(self.authority, laptop.key.public_key(), subject)
        pem = certificate.public_bytes(Encoding.PEM).decode()
        with self.office.write() as session:
            key = (self.office.tenant_id, laptop.device_id)
            session.get_one(Device, key).certificate = pem
        lease = self.lease(laptop, key=key_hash(certificate))
        public = self.lease_key.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        authority = self.authority.certificate.public_bytes(Encoding.PEM).decode()

        def sign(content: bytes) -> bytes:
            return laptop.key.sign(content, ec.ECDSA(hashes.SHA256()))

        trust = Trust(self.office.tenant_id, authority, public.decode())
        return Own(Card(pem, lease), trust, sign)

    def lease(self, laptop: Laptop, **other: str) -> SignedLease:
        now = clock.now()
        claims = {
            "device_id": str(laptop.device_id),
            "user_id": str(laptop.user_id),
            "issued_at": canonical.to_wire(now),
            "expires_at": canonical.to_wire(now + timedelta(hours=72)),
        } | other
        signature = self.lease_key.sign(canonical.dumps(claims), ec.ECDSA(hashes.SHA256()))
        return SignedLease(claims, base64.b64encode(signature).decode())


def meet(giver: tuple[Laptop, Own], taker: tuple[Laptop, Own]) -> int:
    """One gives to the other what the other lacks, as a room does; how many were new."""
    with taker[0].engine.connect() as connection:
        theirs = carrying.have(connection)
    with giver[0].engine.connect() as connection:
        parts = carrying.parts_for(connection, giver[1], theirs, taker[0].device_id)
    checked = [carrying.check(part, taker[1].trust) for part in parts]
    with taker[0].engine.begin() as connection:
        taken = carrying.accept(connection, checked, "room")
        show_carried(connection)
    return taken.operations
