"""The page for clinicians: a form on one side, the answer on the other, rendered here; nothing of a patient is kept."""

from litestar import Router
from litestar.exceptions import HTTPException

from backspasm.patients.patient import InputError
from backspasm.service.page import failures, handlers
from backspasm.service.page.assets import asset

PAGE = Router(
    path="/",
    route_handlers=[
        handlers.start,
        handlers.update,
        handlers.find,
        handlers.course,
        handlers.opened,
        handlers.leaflet_page,
        handlers.report_file,
        handlers.case_file,
        handlers.record,
    ],
    exception_handlers={InputError: failures.bad_input, HTTPException: failures.refused, Exception: failures.fault},
)
ROUTES = (PAGE, asset)
