import socket

import pytest

from common.errors import ConfigurationError
from sundog.listening import listening


def test_port_0_takes_a_free_one() -> None:
    with listening("127.0.0.1", 0) as address:
        assert address.url == f"http://127.0.0.1:{address.port}"
        with socket.create_connection(("127.0.0.1", address.port)):
            pass


def test_a_taken_port_is_named_with_advice() -> None:
    with listening("127.0.0.1", 0) as first:
        with pytest.raises(ConfigurationError) as refused, listening("127.0.0.1", first.port):
            pass
        assert refused.value.message == f"Port {first.port} of 127.0.0.1 is in use."
        assert "--port" in str(refused.value.advice)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"Cannot listen on 192\.0\.2\.1"), listening("192.0.2.1", 0):
        pass


def test_an_ipv6_address_gets_its_brackets() -> None:
    try:
        with listening("::1", 0) as address:
            assert address.url == f"http://[::1]:{address.port}"
    except ConfigurationError:
        pytest.skip("there is no IPv6 here")
