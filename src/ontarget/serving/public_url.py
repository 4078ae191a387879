"""The address at which clients reach a server that is behind a proxy."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from ontarget.errors import UserError

_EXAMPLE = "https://translate.example.org"


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """An address such as `https://translate.example.org`.

    Attributes:
        base: what the addresses of paths begin with, without a slash at its end.
        host: the name of the server in the header Host, without a port.
    """

    base: str
    host: str

    @classmethod
    def parsed(cls, text: str) -> "PublicUrl":
        """The address in a text.

        Raises:
            UserError: it is not the address of a server.
        """
        try:
            parts = urlsplit(text)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host = None
        if not host or parts.scheme not in ("http", "https") or not text.isascii() or not text.isprintable():
            raise UserError(f"--public-url '{text}' is not the address of a server, such as {_EXAMPLE}")
        if "@" in parts.netloc or "?" in text or "#" in text or " " in text:
            message = f"--public-url must be of the form {_EXAMPLE}, without a user name, '?', '#' or spaces"
            raise UserError(message)
        return cls(text.rstrip("/"), f"[{host}]" if ":" in host else host)
