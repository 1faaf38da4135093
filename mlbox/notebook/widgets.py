"""The panel's widgets: they show what the models hold, and hand them what the user does."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

import ipywidgets  # type: ignore[import-untyped]

from mlbox.cache import known_facts
from mlbox.notebook import views
from mlbox.notebook.activity import Activity, Result, as_error
from mlbox.notebook.form import BOX_FIELDS, JOB_FIELDS, Field, FormModel
from mlbox.render import html

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlbox.box import Box, Run
    from mlbox.engine import OnEvent
    from mlbox.errors import MlboxError
    from mlbox.image import BuildResult
    from mlbox.spec import BoxSpec, JobSpec

RULE = "1px solid var(--jp-border-color2, rgba(128, 128, 128, 0.3))"


class Panel:
    """A box in a form.

    Attributes:
        widget: The widget, to put into a layout of your own.
        building: The build.
        training: The training run; its ``result`` is a ``Run``.
    """

    def __init__(
        self,
        spec: BoxSpec,
        job: JobSpec | None,
        make_box: Callable[[BoxSpec, JobSpec | None], Box],
    ) -> None:
        self.form = FormModel(spec, job, builds=known_facts().builds)
        self.building: Activity[BuildResult] = Activity()
        self.training: Activity[Run] = Activity()
        self._make_box = make_box
        self._dockerfile: str | MlboxError = ""
        self._built: str | None = None
        self._spec = spec
        self._lock = threading.RLock()  # a watcher draws while the user types
        self._fields = {
            field.name: _widget(field, self.form) for field in (*BOX_FIELDS, *JOB_FIELDS)
        }
        for name, widget in self._fields.items():
            widget.observe(functools.partial(self._changed, name), "value")
        self._header = ipywidgets.HTML()
        self._preview = ipywidgets.HTML()
        self._build_pane = ipywidgets.HTML()
        self._train_pane = ipywidgets.HTML()
        self._build_button = _button("Build", self.build, primary=True)
        self._train_button = _button("Train", self.train, primary=True)
        self._cancel_build = _button("Cancel build", lambda: self._cancel(self.building))
        self._cancel_train = _button("Cancel training", lambda: self._cancel(self.training))
        self._update_lock = ipywidgets.Checkbox(
            description="Update the lock",
            tooltip="Choose the versions of all packages anew, in mlbox.lock",
            indent=False,
            layout=ipywidgets.Layout(width="auto", margin="2px 8px"),
        )
        self.widget = self._layout()
        self._render()

    @property
    def box(self) -> Box:
        """The box as the form describes it now.

        Raises:
            SpecError: A field makes no sense.
        """
        return self._make_box(*self.form.read())

    def build(self) -> None:
        """Begin to build the box, as the Build button does."""
        update = bool(self._update_lock.value)
        self._begin(
            self.building,
            lambda box: lambda on_event: box.build(update_lock=update, on_event=on_event),
        )

    def train(self) -> None:
        """Begin to train, as the Train button does."""
        update = bool(self._update_lock.value)
        self._begin(
            self.training,
            lambda box: lambda on_event: box.train(update_lock=update, on_event=on_event),
        )

    def _begin(
        self, activity: Activity[Result], work: Callable[[Box], Callable[[OnEvent], Result]]
    ) -> None:
        self._render()
        if not isinstance(self._dockerfile, str) or self.building.active or self.training.active:
            return
        self._built = self._dockerfile
        if activity.start(work(self.box)):
            activity.watch(self.draw)
        self.draw()

    def _cancel(self, activity: Activity[Any]) -> None:
        activity.cancel()
        self.draw()

    def _changed(self, name: str, change: Any) -> None:  # noqa: ANN401  (traitlets' Bunch)
        """Take a field's text in; show what else it changed."""
        changed = self.form.set(name, change["new"])
        for other in changed:
            _refresh(self._fields[other], other, self.form)
        if changed:
            self._render()

    def _render(self) -> None:
        """Render the Dockerfile anew, or say why there is none."""
        with self._lock:
            try:
                box = self.box
                self._spec, self._dockerfile = box.spec, box.render()
            except Exception as error:  # noqa: BLE001  (nobody sees a traceback in a callback)
                self._dockerfile = as_error(error)
            self._preview.value = views.preview(self._dockerfile)
            self.draw()

    def draw(self) -> None:
        """Show where the build and the training stand."""
        with self._lock:
            build, train = self.building.state, self.training.state
            name, built = self._spec.name, self._built or ""
            changed = self._dockerfile != self._built
            self._header.value = views.header(name, build=build, train=train, changed=changed)
            self._build_pane.value = views.build_pane(self.building, name=name, dockerfile=built)
            self._train_pane.value = views.train_pane(self.training, name=name, dockerfile=built)
            self._enable(
                views.buttons(
                    valid=isinstance(self._dockerfile, str),
                    trainable=bool(self.form.values["command"].strip()),
                    build=build,
                    train=train,
                )
            )

    def _enable(self, can: views.Buttons) -> None:
        self._build_button.disabled = not can.build
        self._train_button.disabled = not can.train
        self._cancel_build.disabled = not can.cancel_build
        self._cancel_train.disabled = not can.cancel_train

    def _layout(self) -> Any:  # noqa: ANN401  (ipywidgets is not typed)
        widget = ipywidgets.VBox(
            [
                ipywidgets.HTML(html.STYLE, layout=ipywidgets.Layout(display="none")),
                self._header,
                _grid([self._fields[field.name] for field in BOX_FIELDS]),
                self._preview,
                _row([self._build_button, self._cancel_build, self._update_lock]),
                self._build_pane,
                ipywidgets.HTML(layout=ipywidgets.Layout(border_top=RULE, margin="12px 0 8px")),
                _grid([self._fields[field.name] for field in JOB_FIELDS]),
                _row([self._train_button, self._cancel_train]),
                self._train_pane,
            ],
            layout=ipywidgets.Layout(max_width="980px", padding="4px 0"),
        )
        widget.add_class("mlbox-panel")
        return widget

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:  # noqa: ANN401  (IPython's protocol)
        """The widget; and, for a reader without one, the box as HTML and text."""
        bundle: dict[str, Any] = dict(self.widget._repr_mimebundle_(**options))
        bundle["text/html"] = html.box_html(self._spec, self._dockerfile)
        bundle["text/plain"] = repr(self)
        return bundle

    def __repr__(self) -> str:
        return f"<mlbox panel of box {self._spec.name!r}>"


def _widget(field: Field, form: FormModel) -> Any:  # noqa: ANN401  (ipywidgets is not typed)
    """Make the widget of a field."""
    kind: dict[str, Any] = {
        "choice": ipywidgets.Dropdown,
        "suggest": ipywidgets.Combobox,
        "text": ipywidgets.Text,
        "lines": ipywidgets.Textarea,
    }
    arguments: dict[str, Any] = {
        "description": field.label,
        "value": form.values[field.name],
        "style": {"description_width": "128px"},
        "layout": ipywidgets.Layout(width="auto"),
    }
    if field.kind in {"choice", "suggest"}:
        arguments["options"] = form.options(field.name)
    if field.kind != "choice":
        arguments |= {"placeholder": field.placeholder, "continuous_update": False}
    if field.kind == "lines":
        arguments["rows"] = 3
    widget = kind[field.kind](**arguments)
    widget.disabled = not form.enabled(field.name)
    return widget


def _refresh(widget: Any, name: str, form: FormModel) -> None:  # noqa: ANN401
    """Show in a widget what the form holds and offers for it."""
    if hasattr(widget, "options") and tuple(widget.options) != form.options(name):
        widget.options = form.options(name)
    widget.value = form.values[name]
    widget.disabled = not form.enabled(name)


def _button(label: str, press: Callable[[], object], *, primary: bool = False) -> Any:  # noqa: ANN401
    button = ipywidgets.Button(description=label, button_style="primary" if primary else "")
    button.on_click(lambda _: press())
    return button


def _row(widgets: list[Any]) -> Any:  # noqa: ANN401
    layout = ipywidgets.Layout(align_items="center", flex_flow="row wrap", margin="6px 0")
    return ipywidgets.HBox(widgets, layout=layout)


def _grid(widgets: list[Any]) -> Any:  # noqa: ANN401
    """As many columns as there is room for."""
    layout = ipywidgets.Layout(
        grid_template_columns="repeat(auto-fit, minmax(280px, 1fr))", grid_gap="4px 16px"
    )
    return ipywidgets.GridBox(widgets, layout=layout)
