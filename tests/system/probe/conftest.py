"""What several files of tests share: a hale that is up, one for a whole module, clients."""
import pytest

from h2_raw import Client
from harness import HALE, PORT, Box, svc


@pytest.fixture(scope="module")
def h2_server():
    box = Box(HALE, "--listen", str(PORT), *svc("catch say up pause"))
    box.out.expect("^up$")
    yield box
    box.close()


@pytest.fixture
def connect(h2_server):
    """connect(opening) is a new client."""
    clients = []

    def start(*opening):
        clients.append(Client(h2_server.connect().sock, *opening))
        return clients[-1]

    yield start
    for client in clients:
        client.close()


@pytest.fixture
def ready(hale):
    """hale with a service that is up."""
    def start(*options):
        box = hale("--listen", str(PORT), *options, "say up pause")
        box.out.expect("^up$")
        return box
    return start
