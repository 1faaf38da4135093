"""The only layer that builds images and starts containers."""

from mlbox.engine.protocol import BuildRequest, Engine, Event, ExitState, Image, OnEvent

__all__ = ["BuildRequest", "Engine", "Event", "ExitState", "Image", "OnEvent"]
