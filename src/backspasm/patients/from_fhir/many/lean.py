"""Resources decoded lean: of each only what differs from record to record; the rest stays as bytes, the key of its class.

The lean structs are made of the structs of ``structs``: the same fields under the same names, so that nothing can be read here
that is not read there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, Any, Protocol

import msgspec
from msgspec import Raw

from backspasm.patients.from_fhir.structs import Element

#: fields that differ between resources that say the same: who, when, how much, and in which encounter
OWN = frozenset(
    {
        "id", "meta", "subject", "patient", "encounter", "context", "birth_date", "onset_date_time", "onset_period",
        "abatement_date_time", "abatement_period", "recorded_date", "effective_date_time", "effective_instant",
        "effective_period", "issued", "authored_on", "date_asserted", "performed_date_time", "performed_period", "date",
        "authored", "period", "started", "value_quantity", "reason_reference", "diagnosis", "service_provider",
        "participant", "medication_reference", "conclusion",
    }
)  # fmt: skip
#: what stands between the parts of a key: no JSON holds it
_BETWEEN = b"\0"
_ABSENT = Raw(b"")


class Keyed(Protocol):
    """How the key of a class is turned back into a resource; ``common``: the fields that it tells."""

    @property
    def common(self) -> tuple[str, ...]: ...

    def text(self, key: bytes, kind: str) -> bytes | None: ...


class _Whole:
    """Of what is its class altogether, such as the item of a response, the JSON is the key."""

    common = ()

    def text(self, key: bytes, kind: str) -> bytes | None:
        return key


WHOLE = _Whole()


@dataclass(frozen=True)
class Lean:
    """How one type of resource is decoded. ``common``: the fields that make its class, as they are named in JSON.

    ``decode`` raises msgspec.DecodeError as the full decoder does for the fields that it reads; the rest is checked when the
    class is.
    """

    struct: Any
    decode: Callable[[bytes], Any]
    common: tuple[str, ...]
    _parts: Callable[[Any], tuple[Raw, ...]]

    def keys(self, resources: Iterable[Any]) -> list[bytes]:
        """The key of the class of each resource."""
        join, parts = _BETWEEN.join, self._parts
        return [join(parts(r)) for r in resources]

    def text(self, key: bytes, kind: str) -> bytes | None:
        """A resource of a type that holds nothing but its class, as JSON; None where the key is not plainly one."""
        parts = key.split(_BETWEEN)
        if len(parts) != len(self.common):
            return None
        fields = [b'"%s":%s' % (name.encode(), part) for name, part in zip(self.common, parts, strict=True) if part]
        return b"{" + b",".join([b'"resourceType":"%s"' % kind.encode(), *fields]) + b"}"


#: the type of a field that must not be there: no value is of it, null neither
_NEVER = Annotated[int, msgspec.Meta(gt=0, lt=0)]


def lean_of(
    *kinds: type[Element],
    own: frozenset[str] = OWN,
    nested: dict[str, Any] | None = None,
    without: frozenset[str] = frozenset(),
) -> Lean:
    """The lean reading of the fields of one or several structs that read the same type of resource.

    Args:
        nested: fields that get another type, such as the lean one of a part.
        without: fields that no resource may have; one that has them cannot be decoded.
    """
    fields: dict[str, Any] = {}
    common: dict[str, str] = {}
    for kind in kinds:
        for f in msgspec.structs.fields(kind):
            if f.name == "resource_type" or f.name in fields:
                continue
            if nested is not None and f.name in nested:
                fields[f.name] = (f.name, nested[f.name], msgspec.field(name=f.encode_name, default=()))
            elif f.name in without:
                fields[f.name] = (f.name, _NEVER, msgspec.field(name=f.encode_name, default=None))
            elif f.name in own:
                fields[f.name] = (f.name, f.type, msgspec.field(name=f.encode_name, default=f.default))
            else:
                fields[f.name] = (f.name, Raw, msgspec.field(name=f.encode_name, default=_ABSENT))
                common[f.name] = f.encode_name
    struct = msgspec.defstruct(f"Lean{kinds[0].__name__}", list(fields.values()), frozen=True, gc=False)
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(struct)
    # two names at least, so that the getter gives a tuple
    return Lean(struct, decoder.decode, tuple(common.values()), attrgetter(*common))
