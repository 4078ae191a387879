"""The query of a request to the server's own API."""

from starlette.requests import Request

from ontarget.serving.failure import wrong

_KEY = "api_key"


def check_query(http: Request, *known: str) -> None:
    """Refuses a query with anything but the API key and some parameters, which would make no difference.

    Args:
        http: the request.
        known: the names of the parameters.
    Raises:
        Failure: the query has another one.
    """
    unknown = http.query_params.keys() - {_KEY, *known}
    if unknown:
        has = f"it may have {', '.join(known)}" if known else "put fields into the body"
        raise wrong(f"the query has an unknown parameter '{min(unknown)[:40]}'; {has}")
