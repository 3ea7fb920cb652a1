"""A secret value that refuses to be printed or serialised.

It is made where a secret enters (a request, a vault, a service's answer) and opened only where it leaves for
the vault; in between nothing can write it down by accident.
"""

from __future__ import annotations

from typing import Any, NoReturn


class Secret:
    """Holds one secret. `reveal()` is the only way to the value."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret can't be serialised; store it in Key Vault and pass its name on")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a secret can't be serialised; store it in Key Vault and pass its name on")

    def __iter__(self) -> Any:
        raise TypeError("a secret can't be serialised; store it in Key Vault and pass its name on")
