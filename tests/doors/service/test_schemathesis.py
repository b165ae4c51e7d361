"""Whatever a program sends, by the description of the service or against it: no fault, and no answer but a described one.

More examples, and every phase of the tool: ``make schemathesis``.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import BaseSchema

from backspasm import Model
from backspasm.service.app import create_app
from backspasm.service.rest.openapi.document import EVERY
from backspasm.service.rest.openapi.operations import Operation
from backspasm.service.settings import Access, Limits, Settings
from tests.doors.service.conftest import IN_MEMORY

#: for each operation, of requests that fit the description and of requests that do not
EXAMPLES = int(os.environ.get("BACKSPASM_SCHEMATHESIS_EXAMPLES", "8"))
#: a schema cannot say that answers must not contradict each other, nor what makes a note or a record readable:
#: what fits it may be refused as bad input (400), or as no known id (404)
CONFIG = SchemathesisConfig.from_dict(
    {"checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404"]}}}
)
#: an operation without body and parameters cannot be called wrongly
WAYS = [
    (o, mode) for o in EVERY for mode in GenerationMode if mode is GenerationMode.POSITIVE or o.body or o.parameters
]


@pytest.fixture(scope="module")
def described(model: Model) -> BaseSchema:
    """The document of a service that never tires nor hurries, and is addressed as the tool addresses it."""
    settings = Settings(
        store=IN_MEMORY,
        limits=Limits(requests_per_minute=1_000_000, seconds_to_answer=600.0),
        access=Access(allowed_hosts=("testserver", "127.0.0.1")),
    )
    return schemathesis.openapi.from_asgi("/openapi.json", create_app(settings, model), config=CONFIG)


@pytest.mark.parametrize(("operation", "mode"), WAYS, ids=lambda x: getattr(x, "value", None) or x.name)
def test_no_request_leads_to_an_undescribed_answer(
    operation: Operation, mode: GenerationMode, described: BaseSchema
) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=described[operation.path][operation.method.upper()].as_strategy(generation_mode=mode))
    def holds(case: Case[Any]) -> None:
        case.call_and_validate()

    holds()
