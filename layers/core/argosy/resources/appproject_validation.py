"""Validation of an AppProject.

Follows `ValidateProject` of `pkg/apis/application/v1alpha1/app_project_types.go` of Argo CD 3.6: the same fields, with its
words. Called when a project is accepted. On purpose different: all problems are told, not the first alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from argosy.errors import EvaluationError, InvalidObject
from argosy.lang import cron, duration, glob
from argosy.resources.appproject import AppProject, Role, ServiceAccount, SyncWindow
from argosy.resources.base import Problem

__all__ = ["check", "parsed_schedule", "validate"]

_NOTHING: Final = "!*"
_ROLE: Final = re.compile(r"[a-zA-Z0-9]([-_a-zA-Z0-9]*[a-zA-Z0-9])?")
_RESOURCES: Final = ("applications", "applicationsets", "repositories", "exec", "logs", "clusters")
_ACTIONS: Final = ("get", "create", "update", "delete", "sync", "override", "*")
_ACTION_GROUPS: Final = ("action/", "update/", "delete/")
_ROLE_WORDS: Final = (
    "Must consist of alphanumeric characters, '-' or '_', and must start and end with an alphanumeric character"
)
_LONGEST_DESCRIPTION: Final = 255


def check(project: AppProject) -> None:
    """Raise InvalidObject for a project that is not valid; it names the first problem and holds all of them."""
    found = validate(project)
    if found:
        title = f"AppProject/{project.name}"
        problems = [InvalidObject(one.reason, obj=title, field=one.field) for one in found]
        raise InvalidObject(found[0].reason, obj=title, field=found[0].field, problems=problems)


def validate(project: AppProject) -> list[Problem]:
    """Everything that is wrong with it."""
    return [
        *_destinations(project),
        *_namespaces(project),
        *_repositories(project),
        *_roles(project),
        *_windows(project),
        *_accounts(project),
    ]


def _repeated(values: Iterable[object]) -> Iterator[int]:
    """The places of values that have stood before."""
    seen: set[object] = set()
    for index, value in enumerate(values):
        if value in seen:
            yield index
        seen.add(value)


def _destinations(project: AppProject) -> Iterator[Problem]:
    given = project.spec.destinations
    for index, one in enumerate(given):
        for name, value in (("name", one.name), ("server", one.server), ("namespace", one.namespace)):
            if value == _NOTHING:
                yield Problem(f"spec.destinations[{index}].{name}", f"{name} has an invalid format, '!*'")
    keys = [f"{one.server or one.name}/{one.namespace}" for one in given]
    for index in _repeated(keys):
        yield Problem(f"spec.destinations[{index}]", f"destination '{keys[index]}' already added")


def _namespaces(project: AppProject) -> Iterator[Problem]:
    given = project.spec.source_namespaces
    for index in _repeated(given):
        yield Problem(f"spec.sourceNamespaces[{index}]", f"source namespace '{given[index]}' already added")


def _repositories(project: AppProject) -> Iterator[Problem]:
    given = project.spec.source_repos
    for index, url in enumerate(given):
        if url == _NOTHING:
            yield Problem(f"spec.sourceRepos[{index}]", "source repository has an invalid format, '!*'")
    for index in _repeated(given):
        yield Problem(f"spec.sourceRepos[{index}]", f"source repository '{given[index]}' already added")


def _roles(project: AppProject) -> Iterator[Problem]:
    given = project.spec.roles
    for index in _repeated(one.name for one in given):
        yield Problem(f"spec.roles[{index}].name", f"role '{given[index].name}' already exists")
    for index, role in enumerate(given):
        place = f"spec.roles[{index}]"
        if not _ROLE.fullmatch(role.name):
            yield Problem(f"{place}.name", f"invalid role name '{role.name}'. {_ROLE_WORDS}")
        yield from _policies(project.name, role, place)
        yield from _groups(role, place)


def _policies(project: str, role: Role, place: str) -> Iterator[Problem]:
    for index in _repeated(role.policies):
        reason = f"policy '{role.policies[index]}' already exists for role '{role.name}'"
        yield Problem(f"{place}.policies[{index}]", reason)
    for index, policy in enumerate(role.policies):
        wrong = _wrong_policy(project, role.name, policy)
        if wrong:
            yield Problem(f"{place}.policies[{index}]", f"invalid policy rule '{policy}': {wrong}")


def _wrong_policy(project: str, role: str, policy: str) -> str:
    """What is wrong with a policy (validatePolicy), "" for nothing."""
    parts = [part.strip() for part in policy.split(",")]
    if len(parts) != 6 or parts[0] != "p":
        return "must be of the form: 'p, sub, res, act, obj, eft'"
    _, subject, resource, action, target, effect = parts
    if subject != f"proj:{project}:{role}":
        return f"policy subject must be: 'proj:{project}:{role}', not '{subject}'"
    if resource not in _RESOURCES:
        return f"project resource must be one of: {', '.join(_RESOURCES)}; not '{resource}'"
    if action not in _ACTIONS and not action.startswith(_ACTION_GROUPS):
        return f"invalid action '{action}'"
    if not re.fullmatch(rf"{re.escape(project)}/[*\w.-]+(?:/[*\w.-]+)?", target, re.ASCII):
        return f"object must be of form '{project}/*' or '{project}[/<NAMESPACE>]/<APPNAME>', not '{target}'"
    return "" if effect in ("allow", "deny") else f"effect must be: 'allow' or 'deny', not '{effect}'"


def _groups(role: Role, place: str) -> Iterator[Problem]:
    for index in _repeated(role.groups):
        yield Problem(f"{place}.groups[{index}]", f"group '{role.groups[index]}' already exists for role '{role.name}'")
    for index, group in enumerate(role.groups):
        wrong = _wrong_group(group)
        if wrong:
            yield Problem(f"{place}.groups[{index}]", f"{wrong}: '{group}'")


def _wrong_group(group: str) -> str:
    """What is wrong with a group's name (validateGroupName), "" for nothing. Only one in quotes may hold commas."""
    text = group.strip()
    quoted = len(text) > 1 and text.startswith('"') and text.endswith('"')
    inner = text[1:-1] if quoted else text
    if not inner:
        return "group name cannot be empty"
    if any(char in inner for char in '"\n\r\t'):
        return "group name may not contain quotes, newlines or tabs"
    if "," in inner and not quoted:
        return "group name with commas must be in double quotes"
    return "group name may not begin or end with spaces" if len(group) > 1 and group != text else ""


def _windows(project: AppProject) -> Iterator[Problem]:
    given = [(f"spec.syncWindows[{index}]", one) for index, one in enumerate(project.spec.sync_windows) if one]
    for index in _repeated(_identity(one) for _, one in given):
        place, one = given[index]
        yield Problem(place, f"window '{one.kind}':'{one.schedule}':'{one.duration}' already exists, update or edit")
    for place, one in given:
        yield from _window(one, place)


def _identity(window: SyncWindow) -> tuple[object, ...]:
    """What makes two windows one (HasWindow and `equals`)."""
    lists = (tuple(one) for one in (window.applications, window.namespaces, window.clusters))
    return window.kind, window.schedule, window.duration, window.time_zone, window.and_operator, *lists


def _window(window: SyncWindow, place: str) -> Iterator[Problem]:
    if not (window.applications or window.namespaces or window.clusters):
        title = f"'{window.kind}':'{window.schedule}':'{window.duration}'"
        yield Problem(place, f"window {title} requires one of application, cluster or namespace")
    if window.kind not in ("allow", "deny"):
        yield Problem(f"{place}.kind", f"kind '{window.kind}' mismatch: can only be allow or deny")
    try:
        parsed_schedule(window.schedule)
    except EvaluationError as x:
        yield Problem(f"{place}.schedule", f"cannot parse schedule '{window.schedule}': {x}")
    try:
        duration.parse(window.duration)
    except EvaluationError as x:
        yield Problem(f"{place}.duration", f"cannot parse duration '{window.duration}': {x}")
    if len(window.description) > _LONGEST_DESCRIPTION:
        yield Problem(f"{place}.description", f"description must not exceed {_LONGEST_DESCRIPTION} characters")


def parsed_schedule(text: str) -> cron.Schedule:
    """A sync window's schedule: five fields, no words. Raises EvaluationError for what is none."""
    return cron.parse(text, descriptors=False)


def _accounts(project: AppProject) -> Iterator[Problem]:
    given = project.spec.destination_service_accounts
    for index, one in enumerate(given):
        yield from _account(one, f"spec.destinationServiceAccounts[{index}]")
    for index in _repeated(f"{one.server}/{one.namespace}" for one in given):
        key = f"{given[index].server}/{given[index].namespace}"
        yield Problem(f"spec.destinationServiceAccounts[{index}]", f"destinationServiceAccount '{key}' already added")


def _account(account: ServiceAccount, place: str) -> Iterator[Problem]:
    for name, value in (("server", account.server), ("namespace", account.namespace)):
        if "!" in value:
            yield Problem(f"{place}.{name}", f"{name} has an invalid format, '{value}'")
            continue
        try:
            glob.matches(value, "")
        except EvaluationError as x:
            yield Problem(f"{place}.{name}", f"{name} has an invalid format, '{value}': {x}")
    name = account.default_service_account
    if not name.strip() or set(name) & set("!*[]{}\\/"):
        yield Problem(f"{place}.defaultServiceAccount", f"defaultServiceAccount has an invalid format, '{name}'")
