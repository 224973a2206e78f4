"""What pydantic finds wrong in `sources.toml`, said with the place and the nearest right key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from cxlib.nearest import did_you_mean


def sentence(model: type[BaseModel], detail: ErrorDetails, content: Mapping[str, Any]) -> str:
    """Return one pydantic error as a sentence that names the place and the nearest key."""
    location = detail["loc"]
    place = _place(location[:-1], content)
    key = str(location[-1]) if location else ""
    if detail["type"] == "extra_forbidden":
        return f'{place}: unknown key "{key}"{did_you_mean(key, _known_keys(model, location[:-1]))}'
    if detail["type"] == "missing":
        return f'{place}: the key "{key}" is missing'
    cause = detail.get("ctx", {}).get("error")
    said = str(cause) if cause is not None else detail["msg"][0].lower() + detail["msg"][1:]
    return f"{_place(location, content)}: {said}"


def _place(location: Sequence[int | str], content: Mapping[str, Any]) -> str:
    """Return a key's path as people read it: export "zendesk_eu", columns, channel."""
    words: list[str] = []
    parts = list(location)
    if len(parts) > 1 and parts[0] == "export" and isinstance(parts[1], int):
        export = content["export"][parts[1]]
        name = export.get("name") if isinstance(export, dict) else None
        words.append(f'export "{name}"' if name else f"export number {parts[1] + 1}")
        parts = parts[2:]
    words += [f"number {part + 1}" if isinstance(part, int) else str(part) for part in parts]
    return ", ".join(words) or "top level"


def _known_keys(model: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """Return the keys allowed at a place."""
    for part in location:
        field = model.model_fields.get(str(part))
        if field is not None:
            models = [
                kind for kind in _types(field.annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)
            ]
            model = models[0] if models else model
    return list(model.model_fields)


def _types(annotation: object) -> list[object]:
    """Return an annotation and everything inside its brackets."""
    return [annotation, *(inner for part in get_args(annotation) for inner in _types(part))]
