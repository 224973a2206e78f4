"""Writes what is true of a world as TOML, each parameter with its unit and meaning."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import get_type_hints

from company import clock, truth
from company.world import World

HEAD = """\
# What the simulated company under raw/ was made from, and what is true of it.
# Written together with the exports; change the parameters in the code, not here.
"""


def _value(value: object) -> str:
    """Return a TOML value; dictionaries become inline tables."""
    if is_dataclass(value):
        return _value(vars(value))
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(str(key))} = {_value(part)}" for key, part in value.items()) + " }"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


def _key(key: str) -> str:
    return key if key.replace("_", "").isalnum() and key.isascii() else json.dumps(key, ensure_ascii=False)


def _parameters(group: str, parameters: object) -> list[str]:
    """Return the lines of one group of parameters, each under its unit and meaning."""
    told = get_type_hints(type(parameters), include_extras=True)
    lines = [f"[parameters.{group}]"]
    for name, annotation in told.items():
        unit, meaning = annotation.__metadata__
        lines += [f"# {meaning} ({unit})", f"{name} = {_value(getattr(parameters, name))}"]
    return [*lines, ""]


def _table(name: str, content: Mapping[str, object]) -> list[str]:
    """Return the lines of a table; tables of tables become tables of their own."""
    deep = {
        key: value
        for key, value in content.items()
        if isinstance(value, Mapping) and any(isinstance(part, Mapping) for part in value.values())
    }
    flat = [f"{_key(key)} = {_value(value)}" for key, value in content.items() if key not in deep]
    lines = [f"[{name}]", *flat, ""] if flat else []
    for key, value in deep.items():
        lines += _table(f"{name}.{_key(key)}", value)
    return lines


def truth_toml(world: World, dirt: Mapping[str, Mapping[str, int]]) -> str:
    """Return the text of `truth.toml`: the world, its parameters, what follows from them, and the dirt written.

    Parameters
    ----------
    world : World
        The simulated company.
    dirt : mapping
        How many rows of each kind of dirt stand in each export.
    """
    lines = [
        HEAD,
        *_table(
            "world",
            {
                "seed": world.seed,
                "first_month": str(clock.FIRST_MONTH),
                "last_month": str(clock.LAST_MONTH),
                "as_of": clock.EXPORTED_AT + ":00Z",
                **truth.in_this_world(world),
            },
        ),
    ]
    lines += [
        "# Computed by formula from the parameters: problems the company is not told of, per one it is told of; and",
        "# the same without those that go to the public only.",
        *_table("silent_per_complainer", truth.silent_per_complainer(world.parameters)),
        *_table("silent_to_everybody_per_complainer", truth.silent_per_complainer(world.parameters, False)),
        "# True effects, from experiments on a large population in which everything is decided by lot.",
        "# `simulation_error` is one standard error of that computation.",
    ]
    for name, content in truth.effects(world.parameters).items():
        lines += _table(f"effects.{name}", content)
    lines += ["# Rows written, and how many of them are not what they seem."]
    for export, counts in dirt.items():
        lines += _table(f"dirt.{export}", counts)
    for column in fields(world.parameters):
        lines += _parameters(column.name, getattr(world.parameters, column.name))
    return "\n".join(lines)
