"""What the commands do, whichever way leads to the installation: run by subclasses that give the fixtures.

`run`: runs an `argosy` command on the installation. `letters`: sets messages aside, (queue, how many). Installations are
shared, so that each test works in a namespace of its own.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.events import Body, dependency, event_source, sensor, trigger
from support.up import Following, Result, until, write

Run = Callable[..., Result]
Follow = Callable[..., Following]
Letters = Callable[[str, int], None]


def hook(endpoint: str = "/example", **more: Any) -> Body:
    entry = {"endpoint": endpoint, "port": "12000", "method": "POST"}
    return event_source({"webhook": {"example": entry}}, **more)


@pytest.fixture
def space() -> str:
    """A namespace that nobody else uses."""
    return f"ns-{uuid.uuid4().hex[:8]}"


class ClientContract:
    """The suite."""

    def test_from_apply_to_delete(self, run: Run, space: str, tmp_path: Path) -> None:
        path = write(tmp_path / "m.yaml", hook(namespace=space), sensor([trigger()], namespace=space))
        first = run("apply", "-f", path)
        assert first == Result(0, "eventsource.argoproj.io/hook created\nsensor.argoproj.io/s created\n", "")
        assert run("apply", "-f", path).out.count("unchanged") == 2
        write(path, hook("/new", namespace=space))
        assert run("apply", "-f", path).out == "eventsource.argoproj.io/hook configured\n"
        found = run("get", "es", "hook", "-n", space, "-o", "json").json()
        assert found["spec"]["webhook"]["example"]["endpoint"] == "/new"
        assert found["metadata"]["generation"] == 2
        assert {each["type"] for each in found["status"]["conditions"]} == {"SourcesProvided", "Deployed"}
        assert run("delete", "sensor", "s", "-n", space) == Result(0, "sensor.argoproj.io/s deleted\n", "")
        assert run("delete", "-f", path) == Result(0, "eventsource.argoproj.io/hook deleted\n", "")
        assert run("get", "all", "-n", space, "-o", "json").json()["items"] == []

    def test_every_output(self, run: Run, space: str, tmp_path: Path) -> None:
        run("apply", "-f", write(tmp_path / "m.yaml", hook(namespace=space), sensor([trigger()], namespace=space)))
        table = run("get", "all", "-n", space).out.splitlines()
        assert table[0].split() == ["KIND", "NAME", "STATE", "FIRED", "FAILED", "AGE", "REMARK"]
        assert [line.split()[:3] for line in table[1:]] == [["EventSource", "hook", "ready"], ["Sensor", "s", "ready"]]
        assert (
            run("get", "all", "-n", space, "-o", "name").out == "eventsource.argoproj.io/hook\nsensor.argoproj.io/s\n"
        )
        assert "UID" in run("get", "all", "-n", space, "-o", "wide").out
        assert space in run("get", "all", "-A").out
        shown = yaml.safe_load(run("get", "sensor", "s", "-n", space, "-o", "yaml").out)
        assert list(shown) == ["apiVersion", "kind", "metadata", "spec", "status"]
        assert list(shown["metadata"]) == ["name", "namespace", "uid", "creationTimestamp", "generation"]
        assert run("get", "eb", "-n", space) == Result(0, "", "nothing found\n")

    def test_what_get_prints_can_be_applied(self, run: Run, space: str, tmp_path: Path) -> None:
        run("apply", "-f", write(tmp_path / "m.yaml", hook(namespace=space)))
        shown = run("get", "es", "hook", "-n", space, "-o", "yaml").out
        assert run("apply", "-f", "-", stdin=shown) == Result(0, "eventsource.argoproj.io/hook unchanged\n", "")

    def test_problems_are_named_with_their_lines(self, run: Run, space: str, tmp_path: Path) -> None:
        path = tmp_path / "broken.yaml"
        broken = sensor([trigger(http={"method": "POST"})], [{"name": "dep"}], namespace=space)
        path.write_text(yaml.safe_dump_all([hook(namespace=space), broken], sort_keys=False))
        lines = path.read_text().splitlines()
        place = f"Sensor/{space}/s: spec"
        url = next(number for number, line in enumerate(lines, 1) if line.strip() == "http:")
        result = run("apply", "-f", path)
        assert (result.code, result.out) == (1, "")
        assert f"{place}.dependencies[0].eventName: required, but empty" in result.err
        assert f"{path}:{url}: {place}.triggers[0].template.http.url: required, but empty" in result.err
        assert all(f"{path}:" in line for line in result.err.strip().splitlines())
        assert run("get", "all", "-n", space, "-o", "json").json()["items"] == []

    def test_an_object_that_is_given_twice(self, run: Run, space: str, tmp_path: Path) -> None:
        one, two = write(tmp_path / "1.yaml", hook(namespace=space)), write(tmp_path / "2.yaml", hook(namespace=space))
        result = run("apply", "-f", one, "-f", two)
        assert result.code == 1
        assert f"EventSource/{space}/hook: metadata.name: given twice (first in {one})" in result.err

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["get", "sensor", "nothing"], "error: sensor {space}/nothing not found\n"),
            (["get", "pods"], "error: no kind is called 'pods'"),
            (["delete", "sensor", "nothing"], "error: sensor {space}/nothing not found\n"),
            (["get", "sensor", "nothing", "--watch"], "error: sensor {space}/nothing not found\n"),
            (["events", "redrive", "nothing"], "error: no queue nothing with dead letters; there are bus, triggers"),
        ],
    )
    def test_what_is_not_there(self, run: Run, space: str, arguments: list[str], told: str) -> None:
        result = run(*arguments, *(["-n", space] if arguments[0] != "events" else []))
        assert (result.code, result.out) == (1, "")
        assert result.err.startswith(told.format(space=space))
        assert "Traceback" not in result.err

    def test_all_are_deleted_or_none(self, run: Run, space: str, tmp_path: Path) -> None:
        run("apply", "-f", write(tmp_path / "m.yaml", hook(namespace=space)))
        assert run("delete", "es", "hook", "other", "-n", space).code == 1
        assert run("get", "es", "hook", "-n", space, "-o", "name").out == "eventsource.argoproj.io/hook\n"

    def test_more_than_a_page(self, run: Run, space: str, tmp_path: Path) -> None:
        bodies = [sensor([trigger()], name=f"s-{number:04}", namespace=space) for number in range(620)]
        assert run("apply", "-f", write(tmp_path / "m.yaml", *bodies)).out.count("created") == 620
        listed = run("get", "sensors", "-n", space, "-o", "name").out.split()
        assert listed == [f"sensor.argoproj.io/s-{number:04}" for number in range(620)]
        assert run("delete", "-f", tmp_path / "m.yaml").out.count("deleted") == 620

    def test_more_than_lambda_gives_back(self, run: Run, space: str, tmp_path: Path) -> None:
        """A list of 6 MB; on a stack it lies in the bucket, and who asks does not see the difference."""
        text = "x" * 65_000
        for part in range(3):
            bodies = [
                sensor(
                    [trigger(http={"url": f"http://example.com/{text}"})], name=f"s-{part}-{number:02}", namespace=space
                )
                for number in range(31)
            ]
            assert run("apply", "-f", write(tmp_path / "m.yaml", *bodies)).code == 0
        listed = run("get", "sensors", "-n", space, "-o", "json")
        assert len(listed.out) > 6_000_000
        names = [one["metadata"]["name"] for one in listed.json()["items"]]
        assert len(names) == 93
        assert run("delete", "sensor", *names, "-n", space).code == 0  # else others of this suite would export them

    def test_a_watch_shows_every_change_once(self, run: Run, follow: Follow, space: str, tmp_path: Path) -> None:
        path = write(tmp_path / "m.yaml", hook(namespace=space))
        run("apply", "-f", path)
        with follow("get", "es", "-n", space, "--watch") as watching:
            until(lambda: len(watching.lines) == 2, "the list")
            run("apply", "-f", write(path, hook(namespace=space, name="second")))
            until(lambda: len(watching.lines) == 3, "the new one")
            run("delete", "-f", path)
            until(lambda: len(watching.lines) == 4, "the deleted one")
        assert [line.split()[1:3] for line in watching.lines[1:]] == [
            ["hook", "ready"],
            ["second", "ready"],
            ["second", "deleted"],
        ]

    def test_one_object_is_watched_until_it_is_deleted(
        self, run: Run, follow: Follow, space: str, tmp_path: Path
    ) -> None:
        path = write(tmp_path / "m.yaml", sensor([trigger()], [dependency("dep")], namespace=space))
        run("apply", "-f", path)
        with follow("get", "sensor", "s", "-n", space, "-w", "-o", "yaml") as watching:
            until(lambda: "status:" in "\n".join(watching.lines), "the object")
            run("apply", "-f", write(path, sensor([trigger("new")], [dependency("dep")], namespace=space)))
            until(lambda: "generation: 2" in "\n".join(watching.lines), "the change")
            run("delete", "-f", path)
            assert watching.ends() == 0
        shown = [
            each["items"][0] if "items" in each else each for each in yaml.safe_load_all("\n".join(watching.lines))
        ]
        assert [each["metadata"]["generation"] for each in shown] == [1, 2, 2]
        assert [each["status"].get("deleted", False) for each in shown] == [False, False, True]

    def test_dead_letters_are_sent_back(self, run: Run, letters: Letters) -> None:
        letters("triggers", 25)
        result = run("events", "redrive", "triggers")
        assert (result.code, result.out) == (0, "triggers: 25 sent back\n")
        every = run("events", "redrive")
        assert (every.code, every.err) == (0, "")
        assert "bus: 0 sent back\n" in every.out

    def test_queues(self, run: Run) -> None:
        items = json.loads(run("get", "queues", "-o", "json").out)["items"]
        assert [each["kind"] for each in items] == ["Queue"] * len(items)
        assert {"bus", "bus-dlq", "triggers", "triggers-dlq"} <= {each["name"] for each in items}
        assert {each["name"]: each["deadLetters"] for each in items}["bus"] == "bus-dlq"
        assert all(list(each) == ["kind", "name", "visible", "inFlight", "delayed", "deadLetters"] for each in items)

    # An installation as a whole; other tests work on it at the same time, so only what is said of this space counts

    def test_clusters(self, run: Run, space: str) -> None:
        arn = "arn:aws:eks:eu-central-1:123456789012:cluster/main"
        added = run("cluster", "add", "--eks", arn, "--name", space)
        assert (added.code, added.err) == (0, f"cluster {space} added by eks\n")
        again = run("cluster", "add", "--eks", arn, "--name", space)
        assert (again.code, "--upsert" in again.err) == (1, True)
        assert run("cluster", "set", space, "--management") == Result(0, f"cluster {space} changed\n", "")
        found = run("cluster", "get", space, "-o", "json").json()
        assert (found["way"], found["settings"], found["management"]) == ("eks", {"arn": arn}, True)
        assert found in run("cluster", "list", "-o", "json").json()["items"]
        assert run("cluster", "rm", space, "-y") == Result(0, f"cluster {space} removed\n", "")
        gone = run("cluster", "get", space)
        assert (gone.code, f"no cluster is called '{space}'" in gone.err) == (1, True)

    def test_what_is_exported_is_imported(self, run: Run, space: str, tmp_path: Path) -> None:
        made = [hook(namespace=space), sensor([trigger()], namespace=space)]
        run("apply", "-f", write(tmp_path / "m.yaml", *made))
        out = tmp_path / "all.yaml"
        assert run("admin", "export", "-o", out).code == 0
        assert out.stat().st_mode & 0o077 == 0
        mine = [body for body in yaml.safe_load_all(out.read_text()) if body["metadata"]["namespace"] == space]
        assert mine == made
        assert [body["metadata"]["namespace"] for body in yaml.safe_load_all(run("admin", "export").out)].count(
            space
        ) == 2

        run("delete", "-f", tmp_path / "m.yaml")
        path = write(tmp_path / "mine.yaml", *mine)
        names = [f"eventsource.argoproj.io/hook in {space}", f"sensor.argoproj.io/s in {space}"]
        first = run("admin", "import", path, "--dry-run")
        assert (first.code, first.out.splitlines()) == (0, [f"{name} applied (dry run)" for name in names])
        assert run("admin", "import", path) == Result(
            0, "".join(f"{name} created\n" for name in names), "2 to apply, 0 to delete, 0 unchanged\n"
        )
        assert run("admin", "import", "-", stdin=path.read_text()) == Result(
            0, "", "0 to apply, 0 to delete, 2 unchanged\n"
        )

    def test_pruning_names_what_it_would_delete(self, run: Run, space: str, tmp_path: Path) -> None:
        run("apply", "-f", write(tmp_path / "m.yaml", hook(namespace=space), hook(name="other", namespace=space)))
        path = write(tmp_path / "one.yaml", hook(namespace=space))
        told = run("admin", "import", path, "--prune", "--dry-run").out.splitlines()
        assert f"eventsource.argoproj.io/other in {space} deleted (dry run)" in told
        assert f"eventsource.argoproj.io/hook in {space} deleted (dry run)" not in told
        assert run("get", "es", "other", "-n", space).code == 0

    def test_what_is_no_export(self, run: Run, tmp_path: Path) -> None:
        missing = run("admin", "import", tmp_path / "nowhere.yaml")
        assert (missing.code, missing.out) == (1, "")
        assert "no such file" in missing.err
        unwritable = run("admin", "export", "-o", tmp_path / "no" / "folder.yaml")
        assert (unwritable.code, unwritable.out) == (1, "")
        assert "cannot be written" in unwritable.err

    def test_events_that_there_are_none_of(self, run: Run, space: str) -> None:
        assert run("events", "list", "-n", space, "-o", "json").json()["items"] == []
        assert run("events", "list", "-n", space, "--since", "yesterday").code == 1
        for words in (("show", "e1"), ("trace", "e1"), ("why", "s", "e1")):
            missing = run("events", *words, "-n", space)
            assert (missing.code, "no event e1" in missing.err) == (1, True)
        dry = run("events", "replay", "--since", "1h", "--dry-run", "-n", space)
        assert (dry.code, dry.out) == (0, "0 events, 0 would be fired\n")
        unknown = run("events", "replay", "--since", "1h", "--sensor", "nobody", "-n", space)
        assert (unknown.code, "nobody" in unknown.err) == (1, True)

    def test_an_uninstall_asks_first(self, run: Run, space: str, tmp_path: Path) -> None:
        run("apply", "-f", write(tmp_path / "m.yaml", hook(namespace=space)))
        refused = run("admin", "uninstall", stdin="n\n")
        assert refused.code == 1
        assert run("get", "es", "hook", "-n", space).code == 0
