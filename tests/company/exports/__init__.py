"""Writes a world as the raw exports of its systems, with the dirt that real ones have, and its truth beside them."""

from __future__ import annotations

from pathlib import Path

from company.exports import product, qualtrics, salesforce, stripe, zendesk_layout
from company.exports.accounts import register
from company.exports.truth_file import truth_toml
from company.world import World


def write_sample(world: World, folder: Path) -> None:
    """Write the raw exports of a world to `folder/raw` and its truth to `folder/truth.toml`, with a key for pseudonyms.

    The same world gives the same bytes. Existing files of the same names are replaced.

    Parameters
    ----------
    world : World
        A simulated company.
    folder : Path
        Where to write; made if it is not there.
    """
    raw = folder / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    people = register(world)
    dirt = {
        "salesforce_accounts": salesforce.write_accounts(world, people, raw),
        "salesforce_opportunities": salesforce.write_opportunities(world, people, raw),
        "zendesk": zendesk_layout.write(world, people, raw),
        "stripe_subscriptions": stripe.write(world, people, raw),
        **qualtrics.write(world, people, raw),
        "usage_daily": product.write_usage(world, people, raw),
        "incidents": product.write_incidents(world, people, raw),
        "success_and_costs": product.write_workbook(world, raw),
    }
    (folder / "pseudonym_key").write_bytes(b"nobody in the sample is real, so this key is no secret\n")
    (folder / "truth.toml").write_bytes(truth_toml(world, dirt).encode("utf-8"))
