"""A table of what an HTTP/2 client sends and what must come of it: rows as pytest's
parameters. What must come is a function of the client, who has sent its part."""
import pytest


def dies(*codes):
    """GOAWAY with one of the codes, and the end."""
    return lambda client: client.goes_away(*codes)


def resets(*codes, stream=1):
    """RST_STREAM with one of the codes; the connection goes on."""
    return lambda client: client.resets(*codes, stream=stream)


def goes_on(client):
    """Nothing comes of it: a further request is answered."""
    client.goes_on()


def answered(status=200, stream=1):
    return lambda client: client.is_answered(status, stream)


ok = answered()


def run(connect, sent, want):
    """What was sent is bytes, or what sends them with a client."""
    client = connect()
    if callable(sent):
        sent(client)
    else:
        client.send(sent)
    want(client)


def table(sections):
    """{"5.1": [(name, sent, want), ...], ...} as parameters."""
    return pytest.mark.parametrize("sent, want", [
        pytest.param(sent, want, id=f"{section}: {name}")
        for section, rows in sections.items() for name, sent, want in rows])
