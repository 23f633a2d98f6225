"""Addresses of webhooks and e-mail as text, and which addresses of the network are open."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.network_address import is_public
from segue.domain.notification_address import check_email_address, check_webhook_uri
from segue.errors import FieldInvalid


@pytest.mark.parametrize(
    ("uri", "authority", "target"),
    [
        ("https://example.com", "example.com", "/"),
        ("HTTPS://Example.COM:443/Path", "example.com", "/Path"),
        (
            "https://hooks.example.com:8443/a/b?c=d&e=%20",
            "hooks.example.com:8443",
            "/a/b?c=d&e=%20",
        ),
        ("https://example.com?x=1", "example.com", "/?x=1"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", "/"),
        ("https://3com.com/@user:1", "3com.com", "/@user:1"),
        ("https://8.8.8.8/", "8.8.8.8", "/"),
        ("https://[2606:4700:4700::1111]:8443/", "[2606:4700:4700::1111]:8443", "/"),
        ("https://[64:ff9b::8.8.8.8]/", "[64:ff9b::8.8.8.8]", "/"),
    ],
)
def test_addresses_of_the_open_network_are_taken(uri: str, authority: str, target: str) -> None:
    address = check_webhook_uri(uri, "notify.webhook_uri", allow_private=False)
    assert (address.scheme, address.authority, address.target) == ("https", authority, target)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "example.com",
        "http://example.com/",
        "https://",
        "https:///path",
        "https://example.com/ blank",
        "https://example.com/\n",
        "https://example.com/a\r\nx: y",
        "https://user:password@example.com/",
        "https://example.com/#part",
        "https://example.com/\\path",
        "https://bücher.example/",
        "https://-a.example.com/",
        "https://a..example.com/",
        "https://example.com./",
        f"https://{'a' * 64}.example.com/",
        f"https://{'a.' * 127}example.com/",
        f"https://example.com/{'a' * 2000}",
        "https://example.com:80/",
        "https://example.com:/",
        "https://example.com:99999/",
        "https://intranet/",
    ],
)
def test_other_addresses_are_refused_by_field_and_not_repeated(uri: str) -> None:
    with pytest.raises(FieldInvalid) as refused:
        check_webhook_uri(uri, "notify.webhook_uri", allow_private=False)
    (violation,) = refused.value.violations
    assert violation.field == "notify.webhook_uri"
    assert "password" not in str(refused.value)


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:80/", "http://localhost:1/", "https://[::1]/", "http://10.0.0.1/"]
)
def test_private_addresses_are_taken_where_the_operator_allows_them(uri: str) -> None:
    assert check_webhook_uri(uri, "webhook_uri", allow_private=True).scheme == uri.partition(":")[0]
    with pytest.raises(FieldInvalid):
        check_webhook_uri(uri, "webhook_uri", allow_private=False)


@given(st.ip_addresses())
def test_no_address_is_public_that_python_takes_for_private(
    address: IPv4Address | IPv6Address,
) -> None:
    if is_public(str(address)):
        within = IPv4Address(address.packed[-4:])
        assert (within if str(address).startswith("64:ff9b::") else address).is_global
        assert not address.is_multicast


@given(st.ip_addresses(v=4))
def test_an_address_within_another_is_public_at_most_where_it_is_itself(
    address: IPv4Address,
) -> None:
    number = int(address)
    wrapped = [
        IPv6Address((0x0064_FF9B << 96) | number),
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address(number),
        IPv6Address((0x2002 << 112) | (number << 80)),
        IPv6Address((0x2001_0000 << 96) | number),
    ]
    assert is_public(str(wrapped[0])) == is_public(str(address))
    assert not any(is_public(str(form)) for form in wrapped[1:])


@given(st.text(max_size=40))
def test_text_that_is_no_address_is_not_public(text: str) -> None:
    assert not is_public(f"{text}x-")


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.com",
        "a.b+c_d-e=f@sub.example.co",
        "o'neil@xn--bcher-kva.example",
        "1@2.example",
    ],
)
def test_e_mail_addresses_are_taken(address: str) -> None:
    check_email_address(address, "notify.email_address")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@localhost",
        "ada@[127.0.0.1]",
        "ada@127.0.0.1",
        "ada@@example.com",
        "ada@example.com\r\nBcc: all@example.com",
        "ada@example.com\n",
        "ada\r\n@example.com",
        "ada@exa\x00mple.com",
        "Ada <ada@example.com>",
        "ada@example.com, bob@example.com",
        "ada bob@example.com",
        '"ada b"@example.com',
        ".ada@example.com",
        "ada..b@example.com",
        "adä@example.com",
        "ada@bücher.example",
        f"{'a' * 65}@example.com",
        f"ada@{'a.' * 130}com",
    ],
)
def test_other_e_mail_addresses_are_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(FieldInvalid) as refused:
        check_email_address(address, "notify.email_address")
    (violation,) = refused.value.violations
    assert violation.field == "notify.email_address"
    assert "bob" not in str(refused.value)
