"""What is wrong with the templates that a Rollout's analyses name, said before an update begins."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.rollouts.needs import problems
from argosy.rollouts.turn import SERVICE
from argosy.rollouts.writes import Ref
from support.rolloutworld import World, rollout_body

type Json = dict[str, Any]

STEP = "spec.strategy.canary.steps[1].analysis.templates"
SECRET = {"name": "n", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}


def web(name: str = "m", **more: Any) -> Json:
    return {"name": name, "provider": {"web": {"url": "http://x"}}, **more}


def template(*metrics: Json, args: tuple[Json, ...] = (), templates: tuple[str, ...] = ()) -> Json:
    named = [{"templateName": name.removeprefix("!"), "clusterScope": name.startswith("!")} for name in templates]
    return {"spec": {"metrics": list(metrics), "args": list(args), "templates": named}}


def analysis(*args: Json, templates: tuple[str, ...] = ("t",)) -> Json:
    return {"templates": [{"templateName": name} for name in templates], "args": list(args)}


def arg(name: str, value: str | None = None) -> Json:
    return {"name": name} | ({"value": value} if value is not None else {})


def field(name: str, path: str) -> Json:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def found(strategy: Json, **templates: Json) -> list[tuple[str, str]]:
    """(field, reason) of the problems with templates by name, `C_name` for a ClusterAnalysisTemplate."""
    world = World(rollout_body(strategy))
    for name in ("active", "preview"):
        world.objects[SERVICE(name)] = {"metadata": {"name": name}, "spec": {"selector": {"app": "web"}}}
    for name, body in templates.items():
        kind = "ClusterAnalysisTemplate" if name.startswith("C_") else "AnalysisTemplate"
        world.objects[Ref("argoproj.io", kind, name.removeprefix("C_"))] = body
    return [(one.field, one.reason) for one in problems(world.seen())]


def in_step(one: Json) -> Json:
    return {"canary": {"steps": [{"setWeight": 25}, {"analysis": one}]}}


def in_background(one: Json) -> Json:
    return {"canary": {"analysis": one, "steps": [{"setWeight": 25}]}}


def blue_green(place: str, one: Json) -> Json:
    return {"blueGreen": {"activeService": "active", "previewService": "preview", place: one}}


@pytest.mark.parametrize(
    ("one", "args", "metric"),
    [
        (analysis(), (), web()),
        (analysis(), (), web(count=3, interval="1m")),
        (analysis(arg("x", "1")), (arg("x"),), web()),
        (analysis(), (arg("x", "1"),), web(failureCondition="result > {{args.x}}")),
        (analysis(arg("n", "3")), (arg("n"),), web(count="{{args.n}}", interval="1m")),
        # What is known later is taken as it may come.
        (
            analysis(
                {"name": "new", "valueFrom": {"podTemplateHashValue": "Latest"}},
                {"name": "old", "valueFrom": {"podTemplateHashValue": "Stable"}},
            ),
            (arg("new"), arg("old")),
            [web("rate-{{args.new}}"), web("rate-{{args.old}}")],
        ),
        (analysis(field("n", "status.nowhere")), (arg("n"),), web(count="{{args.n}}", interval="1m")),
        (analysis(field("n", "spec.replicas")), (arg("n"),), web(count="{{args.n}}", interval="1m")),
        (
            analysis({"name": "n", "valueFrom": {"podTemplateHashValue": "Latest"}}),
            (arg("n"),),
            web(failureCondition='result == "{{args.n}}"'),
        ),
    ],
)
def test_what_is_accepted(one: Json, args: tuple[Json, ...], metric: Json | list[Json]) -> None:
    metrics = metric if isinstance(metric, list) else [metric]
    for strategy in (in_step(one), in_background(one), blue_green("prePromotionAnalysis", one)):
        assert found(strategy, t=template(*metrics, args=args)) == []


@pytest.mark.parametrize(
    ("one", "args", "metrics", "said"),
    [
        (analysis(), (arg("x"),), (web(),), "args.x was not resolved"),
        (analysis(arg("y", "1")), (), (web(count="{{args.y}}"),), "failed to resolve {{args.y}}"),
        (analysis(), (), (web(), web()), "two metrics of the templates have the same name m"),
        (analysis(), (), (web(count=3),), "metrics[0]: interval must be specified when count > 1"),
        (analysis(), (), ({"name": "m", "provider": {}},), "metrics[0]: no provider specified"),
        (analysis(), (), (), "no metrics specified"),
        (
            analysis(arg("n", "some")),
            (arg("n"),),
            (web(count="{{args.n}}", interval="1m"),),
            "metrics[0]: count of metric \"m\" must be a whole number, not 'some'",
        ),
        (
            analysis(),
            (SECRET,),
            (web(count=2, interval="{{args.n}}"),),
            'metrics[0]: interval of metric "m" comes from a Secret, which it cannot',
        ),
    ],
)
def test_what_cannot_be(one: Json, args: tuple[Json, ...], metrics: tuple[Json, ...], said: str) -> None:
    for place, strategy in (
        (STEP, in_step(one)),
        ("spec.strategy.canary.analysis.templates", in_background(one)),
        ("spec.strategy.blueGreen.postPromotionAnalysis.templates", blue_green("postPromotionAnalysis", one)),
    ):
        assert found(strategy, t=template(*metrics, args=args)) == [
            (place, f'Invalid value: "templateNames: [t]": {said}')
        ]


def test_what_an_update_waits_for_has_to_end() -> None:
    forever = template(web("short"), web("long", interval="1m"))
    said = 'metrics[1]: metric "long" runs indefinitely: it has an interval and no count'
    assert [reason for _, reason in found(in_step(analysis()), t=forever)] == [
        f'Invalid value: "templateNames: [t]": {said}'
    ]
    for place in ("prePromotionAnalysis", "postPromotionAnalysis"):
        assert [where for where, _ in found(blue_green(place, analysis()), t=forever)] == [
            f"spec.strategy.blueGreen.{place}.templates"
        ]
    assert found(in_background(analysis()), t=forever) == [], "it ends with the update"


def test_a_template_that_several_name_counts_once() -> None:
    both = analysis(templates=("a", "b"))
    base, nested = template(web()), template(templates=("base",))
    assert found(in_step(both), a=nested, b=nested, base=base) == []
    assert found(
        in_step(both), a=template(templates=("!base",)), b=template(web(), templates=("!base",)), C_base=base
    ) == [(STEP, 'Invalid value: "templateNames: [a b]": two metrics of the templates have the same name m')]
    assert found(in_step(analysis()), t=template(web(), templates=("t",))) == [], "nor does one that names itself"


def test_a_template_that_is_not_there_is_all_that_is_said() -> None:
    assert found(in_step(analysis(templates=("t", "none"))), t=template(web(interval="1m"))) == [
        (f"{STEP}[1].templateName", "Invalid value: \"none\": AnalysisTemplate 'none' not found")
    ]


def test_the_run_has_a_template_once_that_several_name() -> None:
    world = World(rollout_body(in_step(analysis(templates=("a", "b")))))
    for name, body in (
        ("a", template(templates=("base",))),
        ("b", template(templates=("base",))),
        ("base", template(web())),
    ):
        world.objects[Ref("argoproj.io", "AnalysisTemplate", name)] = body
    world.settle()
    world.image("app:2")
    world.settle()
    (run,) = [one for ref, one in world.objects.items() if ref.kind == "AnalysisRun"]
    assert run["spec"]["metrics"] == [web()]
