from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import mlbox
from mlbox.engine import ExitState
from mlbox.testing import FakeEngine

if TYPE_CHECKING:
    from pathlib import Path

    from mlbox.engine import BuildRequest, OnEvent
    from mlbox.notebook.widgets import Panel

ipywidgets = pytest.importorskip("ipywidgets")
SOON = 10
SPEC = """\
name = "tiny"
python = "3.11"
base = "debian"
[train]
command = ["python", "train.py"]
params = { epochs = 5 }
outputs = ["out/"]
"""


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine(log=("epoch 1", "<b>epoch 2"), writes={"out/model.txt": "weights"})


@pytest.fixture
def panel(project_folder: Path, engine: FakeEngine) -> Panel:
    (project_folder / "mlbox.toml").write_text(SPEC, encoding="utf-8")
    (project_folder / "train.py").write_text("print()\n", encoding="utf-8")
    return mlbox.panel(project_folder, engine=engine)


def widgets(widget: Any) -> list[Any]:
    return [
        widget,
        *(found for child in getattr(widget, "children", ()) for found in widgets(child)),
    ]


def field(panel: Panel, label: str) -> Any:
    """The one widget a user finds by this label."""
    found = [each for each in widgets(panel.widget) if getattr(each, "description", "") == label]
    assert len(found) == 1
    return found[0]


def shown(panel: Panel) -> str:
    return "".join(
        each.value for each in widgets(panel.widget) if isinstance(each, ipywidgets.HTML)
    )


def finish(panel: Panel) -> None:
    """Wait for what goes on, and show its end as the watcher would."""
    assert panel.building.wait(SOON) if panel.building.state != "idle" else True
    assert panel.training.wait(SOON) if panel.training.state != "idle" else True
    panel.draw()


def test_the_form_holds_what_the_spec_says(panel: Panel) -> None:
    assert field(panel, "Base image").value == "debian"
    assert field(panel, "Framework").value == "none"
    assert field(panel, "Command").value == "python train.py"
    assert field(panel, "Params").value == "epochs=5"


def test_a_change_renders_the_dockerfile_anew(panel: Panel) -> None:
    assert "htop" not in shown(panel)
    field(panel, "System packages").value = "htop"
    assert "htop" in shown(panel)
    assert panel.box.spec.system_packages == ("htop",)


def test_another_framework_fills_in_its_version(panel: Panel) -> None:
    assert field(panel, "Version").disabled
    field(panel, "Framework").value = "torch"
    assert not field(panel, "Version").disabled
    assert field(panel, "Version").value in field(panel, "Version").options
    field(panel, "Framework").value = "none"
    assert field(panel, "Version").value == ""


def test_what_cannot_be_resolved_is_said_in_place(panel: Panel) -> None:
    field(panel, "Framework").value = "torch"
    field(panel, "Version").value = "77.7"
    assert 'role="alert"' in shown(panel)
    assert "77.7" in shown(panel)
    assert "Traceback" not in shown(panel)
    assert field(panel, "Build").disabled
    field(panel, "Framework").value = "none"
    assert 'role="alert"' not in shown(panel)
    assert not field(panel, "Build").disabled


def test_build_builds_and_shows_the_steps(panel: Panel, engine: FakeEngine) -> None:
    field(panel, "Build").click()
    finish(panel)
    assert len(engine.builds) == 1
    assert "✓</b> done" in shown(panel)
    assert "FROM base" in shown(panel)


def test_train_runs_with_the_parameters_of_the_form(panel: Panel, engine: FakeEngine) -> None:
    field(panel, "Params").value = "epochs=7"
    field(panel, "Train").click()
    finish(panel)
    assert engine.runs[0].argv[-1] == "--epochs=7"
    assert "✓</b> succeeded" in shown(panel)
    assert "&lt;b&gt;epoch 2" in shown(panel)
    assert "out/model.txt" in shown(panel)
    assert "7 B" in shown(panel)
    assert panel.training.result is not None
    assert panel.training.result.exit_code == 0


def test_a_run_that_fails_shows_the_run_its_log_and_why(panel: Panel, engine: FakeEngine) -> None:
    engine.exit_state = ExitState(exit_code=3)
    field(panel, "Train").click()
    finish(panel)
    assert "✗</b> failed" in shown(panel)
    assert 'role="alert"' in shown(panel)
    assert "&lt;b&gt;epoch 2" in shown(panel)


def test_without_a_command_there_is_no_training(panel: Panel) -> None:
    field(panel, "Command").value = ""
    assert field(panel, "Train").disabled
    assert not field(panel, "Build").disabled


class WaitingEngine(FakeEngine):
    """Builds until it is canceled."""

    def build(self, request: BuildRequest, on_event: OnEvent) -> str:
        from mlbox.engine import Event  # noqa: PLC0415

        while True:
            on_event(Event(kind="log", step="RUN forever", text="still building"))


def test_cancel_stops_a_build_and_the_panel_is_ready_again(
    project_folder: Path, panel: Panel
) -> None:
    waiting = mlbox.panel(project_folder, engine=WaitingEngine())
    field(waiting, "Build").click()
    assert field(waiting, "Build").disabled
    assert field(waiting, "Train").disabled
    assert not field(waiting, "Cancel build").disabled
    field(waiting, "Cancel build").click()
    finish(waiting)
    assert "■</b> canceled" in shown(waiting)
    assert "■</b> stopped" in shown(waiting)
    assert not field(waiting, "Build").disabled
    assert field(waiting, "Cancel build").disabled


def test_a_change_after_the_build_is_marked(panel: Panel) -> None:
    field(panel, "Build").click()
    finish(panel)
    assert "●</b> changed" not in shown(panel)
    field(panel, "System packages").value = "htop"
    assert "●</b> changed" in shown(panel)


def test_a_reader_without_widgets_sees_the_box(panel: Panel) -> None:
    bundle = panel._repr_mimebundle_()
    assert "FROM" in bundle["text/html"]
    assert bundle["text/plain"] == "<mlbox panel of box 'tiny'>"
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_a_panel_begins_with_a_plain_box_where_there_is_no_spec(tmp_path: Path) -> None:
    plain = mlbox.panel(tmp_path, engine=FakeEngine())
    assert plain.box.job is None
    assert not list(tmp_path.iterdir())


def test_every_widget_that_takes_input_has_a_label(panel: Panel) -> None:
    for widget in widgets(panel.widget):
        if hasattr(widget, "value") and not isinstance(widget, ipywidgets.HTML):
            assert widget.description
