"""What analysts get: favourites with exact answers on the sample market, a style, and the model's picture."""

from __future__ import annotations

import html
import io
import re
import zipfile
from importlib.resources import files
from pathlib import Path
from typing import Any, LiteralString, cast

from make import rows
from typer.testing import CliRunner

from api.cli import app
from api.guide import slides
from graph import analysis, sample
from graph.db import Db
from graph.queries import Query

GUIDE = Path(str(files("graph"))).parent / "docs" / "analysts.md"
ROLLOUT = "Harbor Journeys rollout for "
AGREEMENT = "Harbor group agreement for "
CAMPAIGN = f"{ROLLOUT}Tessarine Campaign Department"
GIVEN = {"person": "Wanda Vandermeer", "group": CAMPAIGN}
ANSWERS: dict[str, list[tuple[Any, ...]]] = {
    "who_blocks": [
        (CAMPAIGN, "Wanda Vandermeer", "sample", "MANUAL", 2),
        (f"{ROLLOUT}Pellimore Bakeries", "Wouter Marchetti", "sample", "JOURNEY", 1),
    ],
    "white_space": [
        ("Pellimore Foods", "Pellimore Dairy", 2, 9),
        ("Skarvane Maritime Group", "Skarvane Ports", 2, 8),
        ("Tessarine Bank", "Tessarine Insurance", 2, 8),
        ("Skarvane Maritime Group", "Skarvane Fleet Engineering Department", 1, 7),
        ("Ondrake Energy", "Ondrake Smart Metering Department", 1, 4),
        ("Ondrake Energy", "Ondrake Solar", 1, 4),
        ("Skarvane Maritime Group", "Skarvane Crew Services Department", 1, 3),
    ],
    "stuck_groups": [
        (f"{ROLLOUT}Lumehaven Clinics", None, 17, ["Decision Maker", "Influencer", "Practitioner", "Champion"]),
        (f"{ROLLOUT}Quorrin Textiles", None, 33, ["Decision Maker", "Practitioner", "Champion"]),
        (f"{AGREEMENT}Ondrake Energy", None, 67, ["Champion"]),
        (f"{AGREEMENT}Pellimore Foods", None, 67, ["Champion"]),
        (f"{AGREEMENT}Skarvane Maritime Group", None, 67, ["Champion"]),
        (f"{AGREEMENT}Tessarine Bank", None, 67, ["Champion"]),
        (f"{ROLLOUT}Ondrake Grid", None, 75, ["Champion"]),
        (f"{ROLLOUT}Pellimore Bakeries", None, 75, ["Champion"]),
        (f"{ROLLOUT}Pellimore Bakeries Brand Department", None, 75, ["Champion"]),
        (CAMPAIGN, None, 75, ["Champion"]),
    ],
}


def others_of_the_guide() -> list[str]:
    """The queries of the guide that are no favourites."""
    texts = [
        html.unescape(text) for text in re.findall(r'<pre class="pre-scrollable code runnable">(.*?)</pre>', slides(""), re.S)
    ]
    found = [text for text in texts if text not in {analysis.told(one).statement for one in analysis.favourites()}]
    assert len(found) == 3
    return found


async def test_favourites_answer_on_the_sample_market_and_the_picture_is_its_model(db: Db) -> None:
    await sample.load(db)
    found: dict[str, list[dict[str, Any]]] = {}
    for one in analysis.favourites():
        found[one.name.removeprefix("analysis/")] = await db.read(one, **{name: GIVEN[name] for name in one.params})
    plain = {
        name: [tuple(_plain(value) for key, value in row.items() if key not in ("at", "since", "lastChange")) for row in answer]
        for name, answer in found.items()
    }
    assert {name: plain[name] for name in ANSWERS} == ANSWERS
    for text in others_of_the_guide():
        query = Query("tests/guide", cast(LiteralString, text), "read")
        assert [one for one in (await db.explain(query.text)).notices if one.startswith("01")] == []  # no warning
        assert await db.read(query)

    assert len(plain["who_overlaps"]) == 50
    assert plain["who_overlaps"][0][:2] == ("Anouk Brandvik", 4)
    assert plain["who_overlaps"][-1] == (
        "Yusuf Quillan",
        2,
        [f"Decision Maker of {ROLLOUT}Skarvane Shipping", f"Decision Maker of {AGREEMENT}Skarvane Maritime Group"],
    )
    assert [row[:5] for row in plain["how_a_member"]] == [
        ("ASSIGN", "Decision Maker", "SYSTEM", "sample", "APPLIED"),
        ("REMOVE", "Decision Maker", "MANUAL", "sample", "APPLIED"),
        ("ASSIGN", "Decision Maker", "JOURNEY", "sample", "OVERRULED"),
        ("ASSIGN", "Decision Maker", "SYSTEM", "sample", "OVERRULED"),
    ]
    overruled = [row["overruledBy"] and row["overruledBy"].split(", ")[0] for row in found["how_a_member"]]
    assert overruled == [None, None, "MANUAL REMOVE", "MANUAL REMOVE"]
    told = [row[:4] for row in plain["group_history"] if row[1] in (None, "Wanda Vandermeer") and row[0] != "ENGAGEMENT_CHANGED"]
    assert told == [
        ("MEMBER_ASSIGNED", "Wanda Vandermeer", None, "Decision Maker"),
        ("COMPLETENESS_CHANGED", None, None, "75.0"),
        ("MEMBER_REMOVED", "Wanda Vandermeer", "Decision Maker", None),
    ]

    picture = GUIDE.read_text("utf-8").split("```mermaid\n")[1].split("```")[0]
    assert picture == await analysis.model(db), "run buying-groups model on the sample market"
    table = GUIDE.read_text("utf-8").split("| Label | Properties |")[1]
    told = {one[0]: set(one[1:]) - {"id"} for line in table.splitlines() if (one := re.findall(r"`(\w+)`", line))}
    assert len(told) == 5
    for label, properties in told.items():
        kept = {row["key"] for row in await rows(db, _KEYS, label=label)}
        assert properties - kept == set(), label


_KEYS: LiteralString = "MATCH (n) WHERE $label IN labels(n) UNWIND keys(n) AS key RETURN DISTINCT key"


def _plain(value: Any) -> Any:
    return round(value) if isinstance(value, float) else value


def test_they_come_as_browser_takes_them(tmp_path: Path) -> None:
    made = CliRunner().invoke(app, ["favourites", str(tmp_path / "new")])
    assert made.exit_code == 0, made.output
    with zipfile.ZipFile(io.BytesIO((tmp_path / "new" / "buying-groups.zip").read_bytes())) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert {name: text.splitlines()[0] for name, text in texts.items()} == {
        f"Buying_Groups/{one.name.removeprefix('analysis/')}.cypher": one.text.splitlines()[0] for one in analysis.favourites()
    }
    guide = GUIDE.read_text("utf-8")
    for text in texts.values():
        assert f"**{text.splitlines()[0].removeprefix('// ').split(':')[0]}**" in guide
    style = (tmp_path / "new" / "buying-groups.grass").read_text("utf-8")
    assert style.count("{\n") == style.count("\n}\n")
    rules = re.findall(r"^(node\.\w+|relationship\.\w+) \{\n  color: (#\w{6});", style, re.MULTILINE)
    assert len(rules) == 16
    assert len(set(rules)) == 16
    (tmp_path / "file").write_text("")
    refused = CliRunner().invoke(app, ["favourites", str(tmp_path / "file")])
    assert refused.exit_code == 1
    assert "can't be written to: File exists." in refused.output
