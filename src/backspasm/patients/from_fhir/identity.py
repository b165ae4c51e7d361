"""Whose record it is: the one Patient of a bundle, and which references mean this patient."""

from __future__ import annotations

from msgspec import Struct

from backspasm.patients.from_fhir.bundle import Found
from backspasm.patients.from_fhir.structs import Contained, PatientResource, Reference, Resource
from backspasm.patients.patient import InputError

_SEARCH = "Patient?identifier="


class Owner(Struct, frozen=True):
    """The patient of the bundle."""

    reference: str
    resource: PatientResource
    addresses: frozenset[str]

    def is_meant(self, reference: Reference | None, contained: tuple[Contained, ...] = ()) -> bool:
        """Whether a reference means this patient. One that is missing does: a bundle holds one patient's record."""
        if reference is None or (reference.reference is None and reference.identifier is None):
            return True
        if reference.reference is None:
            return reference.identifier in self.resource.identifier
        if reference.reference.startswith("#"):
            inner = next((c for c in contained if c.id == reference.reference.removeprefix("#")), None)
            return inner is not None and self._same(inner)
        if reference.reference.startswith(_SEARCH):
            value = reference.reference.removeprefix(_SEARCH).rsplit("|", 1)[-1]
            return any(i.value == value for i in self.resource.identifier)
        return address(reference.reference) in self.addresses

    def owns(self, resource: Resource) -> bool:
        """Whether a resource is about this patient."""
        return self.is_meant(resource.subject or resource.patient, resource.contained)

    def _same(self, inner: Contained) -> bool:
        """Whether a contained Patient is a copy of this one: nothing in it may say otherwise."""
        if inner.resource_type != "Patient":
            return False
        if inner.identifier and self.resource.identifier:
            return bool(set(inner.identifier) & set(self.resource.identifier))
        pairs = ((inner.birth_date, self.resource.birth_date), (inner.gender, self.resource.gender))
        return all(a is None or b is None or a == b for a, b in pairs)


def find_owner(found: tuple[Found, ...]) -> Owner:
    """The patient of the record.

    Raises:
        InputError: there is no Patient, or there are several.
    """
    patients = [f for f in found if isinstance(f.resource, PatientResource)]
    if not patients:
        raise InputError.one("Bundle.entry", "", "holds no Patient", "add the Patient whom the resources are about")
    if len(patients) > 1:
        what, mend = f"holds {len(patients)} different patients", "split it into one Bundle for each patient"
        raise InputError.one("Bundle.entry", "", what, mend)
    patient = patients[0]
    assert isinstance(patient.resource, PatientResource)
    return Owner(patient.reference, patient.resource, addresses_of(patient))


def addresses_of(found: Found) -> frozenset[str]:
    """All addresses of a resource in the bundle. Some servers write ``urn:uuid:x`` for the resource with id x."""
    bare = found.reference.split("/", 1)[-1].lower()
    own = {found.reference, f"urn:uuid:{bare}"}
    return frozenset(own | ({address(found.full_url)} if found.full_url else set()))


def address(reference: str) -> str:
    """A reference without what differs between its forms: server, version and the case of a UUID.

    ``Patient/1``, ``https://server/fhir/Patient/1`` and ``https://server/fhir/Patient/1/_history/2`` are one.
    """
    plain = reference.split("/_history/")[0]
    if plain.startswith("urn:"):
        return plain.lower()
    return "/".join(plain.split("/")[-2:])
