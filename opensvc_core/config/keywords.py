"""Keyword declarations: typed descriptors that validate, document and hold the values of a section."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, Literal, Self, TypedDict, TypeVar, Unpack, cast, overload

T = TypeVar("T")
Claim = Literal["device", "mount point", "address"]
Converter = Callable[[str], T]


class Deferred:
    """A value that only a device can tell: asked for when it is first needed, and each time anew.

    While the device can't tell it, the value is the text as the file has it; `refuse` then raises ConfigError.
    """

    def __init__(self, ask: Callable[[], Any], refuse: Callable[[], None] = lambda: None) -> None:
        self.ask, self.refuse = ask, refuse


class _More(TypedDict, total=False):
    name: str
    scopable: bool
    candidates: tuple[str, ...]
    aliases: tuple[str, ...]
    inherit: str
    provisioning: bool
    example: str
    claims: Claim
    stands_on: bool


class Keyword(Generic[T]):
    """One keyword of a section. On the class it is the declaration, on an instance the value for this node.

    Parameters:
        convert: text → value; raises ValueError with what is wrong.
        required: a section without it is an error (its value is then always of the converter's type).
        default: the value where the file says nothing; None without one.
        name: the word in the file, where it is not the attribute's.
        scopable: `key@node` may give a value of its own to some nodes.
        candidates: the only values allowed, as text.
        aliases: older words for the same.
        inherit: the keyword of `[DEFAULT]` that is looked at when the section has none; empty: none.
        provisioning: needed, where required, for provisioning only.
        text: one sentence for the reference and for help.
        example: a value as the file would have it.
        claims: what the value takes for this resource alone, so that two resources with the same value are a finding:
            "device" (`dev = Keyword(path, claims="device", …)`), "mount point" or "address". None: it may be shared.
            A value that is a list claims each of its items.
        stands_on: the value names a device that another resource may have claimed, and whose disks are those of this one:
            the name of a volume's group.
    """

    @overload
    def __init__(self: Keyword[T], convert: Converter[T], *, required: Literal[True], text: str, **more: Unpack[_More]) -> None: ...
    @overload
    def __init__(self: Keyword[T], convert: Converter[T], *, default: object, text: str, **more: Unpack[_More]) -> None: ...
    @overload
    def __init__(self: Keyword[T | None], convert: Converter[T | None], *, text: str, **more: Unpack[_More]) -> None: ...
    def __init__(self, convert: Converter[Any], *, text: str, required: bool = False, default: Any = None, **more: Unpack[_More]) -> None:
        self.convert, self.text, self.required, self.default = convert, text, required, default
        self.name = more.get("name", "")
        self.scopable = more.get("scopable", False)
        self.candidates = more.get("candidates", ())
        self.aliases = more.get("aliases", ())
        self.inherit = more.get("inherit")
        self.provisioning = more.get("provisioning", False)
        self.example = more.get("example", "")
        self.claims: Claim | None = more.get("claims")
        self.stands_on = more.get("stands_on", False)

    def __set_name__(self, owner: type, attribute: str) -> None:
        self.attribute = attribute
        self.name = self.name or attribute
        if self.inherit is None:
            self.inherit = self.name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: Declares, owner: type) -> T: ...
    def __get__(self, instance: Declares | None, owner: type) -> Self | T:
        if instance is None:
            return self
        value: Any = instance.values.get(self.name, self.default)
        if isinstance(value, Deferred):
            value = value.ask()
        return cast("T", value)


class Declares:
    """A class whose attributes declare the keywords of a section, and whose instances hold their values.

    `values` maps names of keywords to converted values; what is absent has the default.

    Class attributes:
        variant_by: the keyword on whose value it depends which further keywords there are; empty: on none.
    """

    variant_by: ClassVar[str] = ""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def refuse_untold(self) -> None:
        """Raise ConfigError where a value that only a device can tell can't be told now: what is begun with it would go wrong."""
        for value in self.values.values():
            if isinstance(value, Deferred):
                value.refuse()

    @classmethod
    def variant(cls, _value: str) -> type[Self]:
        """The class of a section whose keyword `variant_by` has this value, with further keywords; the same one for the same value.

        Raises DriverUnavailable where there is nothing that the value names on this node.
        """
        return cls

    @classmethod
    def keywords(cls) -> Mapping[str, Keyword[Any]]:
        """The declarations by name, those of the base classes first."""
        return cls._tables()[0]

    @classmethod
    def aliases(cls) -> Mapping[str, str]:
        """Older words → the names that took their place."""
        return cls._tables()[1]

    @classmethod
    def heirs(cls) -> Mapping[str, tuple[str, ...]]:
        """Keywords of `[DEFAULT]` → the names that take their value where the section has none."""
        return cls._tables()[2]

    @classmethod
    def _tables(cls) -> _Tables:
        """Made once for each class."""
        known: _Tables | None = cls.__dict__.get("_known_tables")
        if known is None:
            found = (value for base in reversed(cls.__mro__) for value in vars(base).values() if isinstance(value, Keyword))
            keywords = {keyword.name: keyword for keyword in found}
            aliases = {alias: keyword.name for keyword in keywords.values() for alias in keyword.aliases}
            heirs: dict[str, tuple[str, ...]] = {}
            for keyword in keywords.values():
                if keyword.inherit:
                    heirs[keyword.inherit] = (*heirs.get(keyword.inherit, ()), keyword.name)
            known = cls._known_tables = keywords, aliases, heirs
        return known

    _known_tables: _Tables


_Tables = tuple[Mapping[str, Keyword[Any]], Mapping[str, str], Mapping[str, tuple[str, ...]]]
