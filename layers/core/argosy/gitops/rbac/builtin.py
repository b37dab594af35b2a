"""The policy that is there without being written: `role:readonly`, `role:admin` and the user `admin`.

Follows `assets/builtin-policy.csv` of Argo CD 3.6.
"""

from __future__ import annotations

from typing import Final

__all__ = ["BUILTIN_POLICY"]

_PER_APPLICATION: Final = ("applications", "applicationsets", "logs", "exec")
_READABLE: Final = (
    "applications applicationsets certificates clusters repositories write-repositories projects accounts gpgkeys logs"
).split()
_ADMIN: Final = {
    "applications": "create update update/* delete delete/* sync rollback override action/*",
    "applicationsets": "get create update delete",
    "certificates": "create update delete",
    "clusters": "create update delete",
    "repositories": "create update delete",
    "write-repositories": "create update delete",
    "projects": "create update delete",
    "accounts": "update",
    "gpgkeys": "create delete",
    "exec": "create",
}


def _line(role: str, resource: str, action: str) -> str:
    target = "*/*" if resource in _PER_APPLICATION else "*"
    return f"p, {role}, {resource}, {action}, {target}, allow"


BUILTIN_POLICY: Final = "\n".join(
    [
        *(_line("role:readonly", resource, "get") for resource in _READABLE),
        *(_line("role:admin", resource, action) for resource, actions in _ADMIN.items() for action in actions.split()),
        "g, role:admin, role:readonly",
        "g, admin, role:admin",
    ]
)
