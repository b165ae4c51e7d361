"""The kinds of what is sent and answered, as HTTP names them."""

JSON = "application/json"
HTML = "text/html"
MARKDOWN = "text/markdown"
FHIR = "application/fhir+json"
TEXT = "text/plain"
PROBLEM = "application/problem+json"
