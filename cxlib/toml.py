"""TOML files read into pydantic models; what is wrong is said with file, place, key and the nearest right key."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from cxlib.errors import ConfigError
from cxlib.nearest import did_you_mean


class Strict(BaseModel):
    """A part of a file of settings: no unknown key, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path, model: type[Model], advice: str, name: str = "") -> Model:
    """Read a file of settings; `advice` says what to do where there is none, `name` how messages call it.

    Raises ConfigError, which names all that is wrong, if the file is missing, no TOML, or says what is not known.
    """
    name = name or path.name
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} does not exist; {advice}") from error
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name} is not TOML: {error}. Mend that line") from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        found = error.errors()
        # pydantic adds that a list is empty when each of its parts is wrong: the parts are named already
        told = [one for one in found if len(found) == 1 or one["type"] != "too_short"]
        raise ConfigError("\n".join(f"{name}: {_sentence(model, one, content)}" for one in told)) from error


def _sentence(model: type[BaseModel], detail: ErrorDetails, content: dict[str, Any]) -> str:
    *above, key = detail["loc"] or ("",)
    models = _models_at(model, above)
    if detail["type"] == "extra_forbidden":
        known = [name for one in models for name in one.model_fields]
        return f'{_place(above, content)}: unknown key "{key}"{did_you_mean(str(key), known)}'
    if detail["type"] == "missing":
        return f'{_place(above, content)}: the key "{key}" is missing'
    cause, given = detail.get("ctx", {}).get("error"), detail["input"]
    said = str(cause) if cause is not None else detail["msg"][0].lower() + detail["msg"][1:]
    fields = [one.model_fields[str(key)] for one in models if key in one.model_fields]
    # a field that is not for showing holds a secret
    shown = cause is None and isinstance(given, str | int | float) and all(field.repr for field in fields)
    return f"{_place(detail['loc'], content)}: {said}{f' (it is {given!r})' if shown else ''}"


def _place(location: Sequence[int | str], content: dict[str, Any]) -> str:
    """Return a key's path as people read it: export "zendesk_eu", columns, channel."""
    words, parts = [], list(location)
    if len(parts) > 1 and isinstance(parts[1], int):
        kind, number = str(parts[0]), parts[1]
        entry = content[kind][number]
        name = (entry.get("name") or entry.get("id")) if isinstance(entry, dict) else None
        words.append(f'{kind} "{name}"' if name else f"{kind} number {number + 1}")
        parts = parts[2:]
    words += [f"number {part + 1}" if isinstance(part, int) else part for part in parts]
    return ", ".join(words) or "top level"


def _models_at(model: type[BaseModel], location: Sequence[int | str]) -> list[type[BaseModel]]:
    """Return the models that may stand at a place: several where a part has several kinds."""
    models = [model]
    for part in location:
        fields = [one.model_fields[str(part)] for one in models if part in one.model_fields]
        inner = [kind for field in fields for kind in _types(field.annotation)]
        models = [kind for kind in inner if isinstance(kind, type) and issubclass(kind, BaseModel)] or models
    return models


def _types(annotation: object) -> list[object]:
    return [annotation, *(inner for part in get_args(annotation) for inner in _types(part))]
