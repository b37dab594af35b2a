"""The HTTP API `/api/v1`: an entry point, on AWS behind API Gateway."""
