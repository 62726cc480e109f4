"""The start of the service where the machine makes it hard."""
import pytest

from box import until

NOBODY = 65534


# --- a working directory that hale's user may not search -----------------------------

@pytest.fixture
def closed_directory(tmp_path):
    """Only root may search it."""
    directory = tmp_path / "root"
    directory.mkdir(mode=0o700)
    return directory


@pytest.mark.parametrize("options", [
    [], ["--restart", "always", "--backoff", "1ms", "--max-restarts", "2"],
    ["--interval", "1h", "--check", "exec:/bin/true"], ["--on-unhealthy", "restart", "-q"]],
    ids=str)
def test_a_directory_that_may_not_be_searched_is_no_obstacle(hale, closed_directory, options):
    code, out, err = hale(*options, "cwd say up exit 7", uid=NOBODY, cwd=closed_directory).end()
    lives = 3 if "--restart" in options else 1
    assert (code, out) == (7, [f"cwd {closed_directory}", "up"] * lives), err


def test_a_check_runs_in_the_directory_that_may_not_be_searched(hale, closed_directory):
    box = hale("--listen", "8080", "--interval", "1h", "--check", "exec:/bin/pwd",
               "say up pause", uid=NOBODY, cwd=closed_directory)
    box.out.expect("^up$")
    until(lambda: box.get("/readyz").status == 200, "ready")
    assert box.status()["checks"][-1]["output"] == f"exit 0: {closed_directory}"
