"""The description of the service for programs (OpenAPI 3.1): schemas, operations, document."""
