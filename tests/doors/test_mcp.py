"""`backspasm mcp` as a client sees it: a real client of the protocol, over the command's standard input and output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
import yaml
from mcp import ClientSession, StdioServerParameters, stdio_client

from backspasm import Model, assess, from_case
from backspasm.presentation.as_json import to_data
from backspasm.service.mcp.tools import CAUSES_SHOWN, LEFT_OUT, Toolbox, summary

EXAMPLE = Path(__file__).parents[2] / "examples" / "cauda_equina.yaml"
SECRET = "zanzibar"


def talk(action: Callable[[ClientSession], Awaitable[Any]], log: Path) -> Any:
    """Start the command, speak with it, and stop it."""

    async def spoken() -> Any:
        server = StdioServerParameters(
            command=sys.executable, args=["-m", "backspasm.cli", "mcp"], env=dict(os.environ)
        )
        with log.open("w") as errors:
            async with (
                stdio_client(server, errlog=errors) as (incoming, outgoing),
                ClientSession(incoming, outgoing) as session,
            ):
                begun = await session.initialize()
                return begun, await action(session)

    return anyio.run(spoken)


def test_a_client_finds_reads_assesses_explains_and_opens(tmp_path: Path, model: Model) -> None:
    case = yaml.safe_load(EXAMPLE.read_text())

    async def action(session: ClientSession) -> dict[str, Any]:
        out: dict[str, Any] = {"tools": await session.list_tools()}
        out["find"] = await session.call_tool("find_findings", {"words": "numb when wiping"})
        out["read"] = await session.call_tool("read_note", {"note": "47M, low back pain for 3 days. No fever."})
        out["assess"] = await session.call_tool("assess", {"case": case})
        out["full"] = await session.call_tool("assess", {"case": case, "full": True})
        out["explain"] = await session.call_tool("explain", {"cause": "disc_herniation", "case": case})
        out["evidence"] = await session.call_tool("evidence", {"id": "discitis/fever", "age": "young_child"})
        out["wrong"] = await session.call_tool("assess", {"case": {"age_years": 47, "present": ["fevr"]}})
        out["broken"] = await session.call_tool("read_note", {"note": SECRET, "nte": "x"})
        return out

    begun, said = talk(action, tmp_path / "log")
    assert begun.server_info.name == "backspasm"
    assert "do not estimate any yourself" in begun.instructions
    assert [t.name for t in said["tools"].tools] == ["find_findings", "read_note", "assess", "explain", "evidence"]
    assert all(t.annotations.read_only_hint for t in said["tools"].tools)
    assert "saddle_anaesthesia" in [f["finding"] for f in said["find"].structured_content["findings"]]
    assert said["read"].structured_content["absent"] == ["fever"]
    expected = to_data(assess(from_case(case, model.knowledge), model), model.knowledge)
    assert said["full"].structured_content == json.loads(json.dumps(expected))
    short = said["assess"].structured_content
    assert short == json.loads(json.dumps(summary(expected)))
    assert json.loads(said["assess"].content[0].text) == short
    assert short["urgency"]["level"] == "emergency"
    assert len(short["differential"]) == CAUSES_SHOWN
    assert not LEFT_OUT & set(short)
    assert said["explain"].structured_content["cause"] == "disc_herniation"
    assert said["evidence"].structured_content["cells"]
    assert said["wrong"].is_error
    assert "fevr" in said["wrong"].content[0].text
    assert "fever" in said["wrong"].content[0].text
    assert said["broken"].is_error
    assert SECRET not in said["broken"].content[0].text
    assert (tmp_path / "log").read_text() == ""  # nothing is logged


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("asses", {}, "did you mean 'assess'"),
        ("assess", {}, "give exactly one of case, fhir and note"),
        ("assess", {"case": {"age_years": 3}, "note": "boy of 3"}, "case and note are given"),
        ("assess", {"case": {"age_years": 3}, "full": "yes"}, "neither true nor false"),
        ("explain", {"case": {"age_years": 3}, "cause": "discits"}, "discitis"),
        ("explain", {"case": {"age_years": 3}}, "missing"),
        ("evidence", {"id": "nothing_like_it"}, "nothing_like_it"),
        ("evidence", {"id": "fever", "age": "baby"}, "young_child"),
        ("find_findings", {"words": "fever", "limit": 0}, "from 1 to 50"),
        ("find_findings", {"words": 3}, "is no text"),
        ("find_findings", {}, "missing"),
        ("assess", {"fhir": {"resourceType": "Patient"}}, "Bundle"),
        ("assess", {"case": "a child of 3"}, "mapping of fields"),
    ],
)
def test_what_is_wrong_is_named_with_its_mend(name: str, given: dict[str, Any], says: str, model: Model) -> None:
    from backspasm.patients.patient import InputError

    with pytest.raises(InputError) as raised:
        Toolbox(model).call(name, given)
    assert says in " ".join(str(p) for p in raised.value.problems)


def test_a_fault_of_ours_tells_its_kind_and_nothing_of_the_patient(
    model: Model, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from backspasm.service.mcp import server

    def fails(self: Toolbox, name: str, given: object) -> dict[str, Any]:
        raise ValueError(SECRET)

    monkeypatch.setattr(Toolbox, "call", fails)
    result = server._called(Toolbox(model), "assess", {})
    assert result.is_error
    assert [c.text for c in result.content if c.type == "text"] == ["internal fault (ValueError); nothing was assessed"]
    assert SECRET not in caplog.text


def test_schemas_hold_what_is_accepted(model: Model) -> None:
    """What a client may send by the schema is what the case reader takes, field by field."""
    from jsonschema import Draft202012Validator

    from backspasm.patients.from_case import FIELDS

    for tool in Toolbox(model).tools:
        Draft202012Validator.check_schema(tool.schema)
    schema = next(t.schema for t in Toolbox(model).tools if t.name == "assess")
    case = schema["properties"]["case"]
    assert tuple(case["properties"]) == FIELDS
    validator = Draft202012Validator(case)
    for path in sorted(EXAMPLE.parent.glob("*.yaml")):
        assert validator.is_valid(yaml.safe_load(path.read_text())), path.name
    assert not validator.is_valid({"age_years": "old"})
    assert not validator.is_valid({"present": ["fever"]})
