import pytest
from tests.checked.fake import FRENCH, GERMAN
from tests.serving.fake import client_of, service_of

from ontarget.errors import UserError
from ontarget.serving.public_url import PublicUrl


@pytest.mark.parametrize(
    ("text", "base", "host"),
    [
        ("https://translate.example.org", "https://translate.example.org", "translate.example.org"),
        (
            "https://Translate.Example.org:8443/",
            "https://Translate.Example.org:8443",
            "translate.example.org",
        ),
        ("http://[fd00::1]:5000/mt/", "http://[fd00::1]:5000/mt", "[fd00::1]"),
    ],
)
def test_an_address_has_a_base_and_a_name(text: str, base: str, host: str) -> None:
    assert PublicUrl.parsed(text) == PublicUrl(base, host)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "translate.example.org",
        "ftp://a.example",
        "https://",
        "https:///x",
        "https://a.example:port",
        "https://[::1",
        "https://me:secret@a.example",
        "https://a.example?x=y",
        "https://a.example/#x",
        "https://a .example",
        "https://a.example/\r\nX: y",
        "https://ä.example",
    ],
)
def test_what_is_not_the_address_of_a_server_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="--public-url"):
        PublicUrl.parsed(text)


def test_a_translated_file_has_an_address_that_clients_reach() -> None:
    """The proxy is at the public address; the server behind it sees its own name, or the public one."""
    public = PublicUrl.parsed("https://translate.example.org/mt")
    service = service_of(public_url=public.base)
    files = {"file": ("a.txt", GERMAN.encode())}
    with client_of(service, hosts={"127.0.0.1", public.host}) as client:
        for host in ("127.0.0.1", "translate.example.org", "Translate.Example.Org:443"):
            reply = client.post(
                "/translate_file", files=files, data={"source": "de", "target": "fr"}, headers={"Host": host}
            )
            address = reply.json()["translatedFileUrl"]
            assert address.startswith(f"{public.base}/download_file/")
            assert client.get(address.removeprefix(public.base)).text == FRENCH
        assert client.get("/health", headers={"Host": "evil.example"}).status_code == 400
