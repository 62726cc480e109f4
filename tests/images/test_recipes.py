"""The recipes for what a service on scratch still needs: each file as README shows it."""
# SPDX-License-Identifier: MIT

import shlex

import pytest

from authority import HURRY, RECIPES, SITE
from conftest import answers_what_is_under_way
from containers import Container, docker

CHECK = "http://localhost:8080/healthz"  # the Dockerfile's
UNKNOWN = ("certificate signed by unknown authority", "comes from an unknown issuer")


@pytest.fixture
def once(app):
    """Run a container that ends by itself; without a network if none is named."""
    def start(*words, options=("--network", "none"), image=app):
        return docker("run", "--rm", *options, image, *words, check=False)
    return start


@pytest.fixture
def ask(once, site):
    """Whether the service's client and hale's reach the site: what they say, joined."""
    def start(*options, image="app:1"):
        options = (*site.hosts, *options)
        return [f"{done.returncode} {done.stdout}{done.stderr}" for done in (
            once("get", SITE, options=options, image=image),
            once("check", SITE, options=(*options, "--entrypoint", "/hale"), image=image))]
    return start


def reached(said):
    return [line.startswith("0 ") for line in said]


@pytest.fixture
def ways(corp):
    """The options of each `docker run` of own-ca.sh, for a CA's file."""
    def read(ca="corp-ca.pem"):
        text = (RECIPES / "own-ca.sh").read_text().replace("$PWD/corp-ca.pem", f"{corp}/{ca}")
        lines = [shlex.split(line) for line in text.splitlines() if not line.startswith("#")]
        assert all(line[:2] == ["docker", "run"] and line[-1] == "app:1" for line in lines)
        return [line[2:-1] for line in lines]
    return read


def test_without_a_recipe_neither_the_service_nor_hale_trusts_an_own_ca(ask):
    for said, why in zip(ask(), UNKNOWN):
        assert said.startswith("1 ") and why in said


def test_a_mounted_file_makes_both_trust_an_own_ca_in_each_of_three_ways(ask, ways):
    assert [reached(ask(*how)) for how in ways()] == [[True, True]] * 3


def test_a_pem_made_at_build_time_makes_both_trust_an_own_ca(ask, trusting):
    assert reached(ask(image=trusting("app:1"))) == [True, True]


def test_the_ways_differ_in_whether_the_image_s_own_cas_still_count(ask, ways, trusting):
    """Here the site's CA is one of the image's, and the mounted one another."""
    image = trusting("app:1")
    beside, by_file, in_place = (ask(*how, image=image) for how in ways("other-ca.pem"))
    assert reached(beside) == [True, True]
    assert reached(by_file) == [True, False] and UNKNOWN[1] in by_file[1]
    assert reached(in_place) == [False, False]
    assert all(why in said for why, said in zip(UNKNOWN, in_place))


def test_the_public_cas_still_count_in_a_base_with_an_own_one(trusting):
    """The file is the base's, and the own CA after it."""
    def pem(image):
        box = docker("create", image, "/none").stdout.strip()
        try:
            return docker("cp", f"{box}:/etc/ssl/certs/ca-certificates.crt", "-").stdout
        finally:
            docker("rm", box)
    marker = "BEGIN CERTIFICATE"
    count = pem("hale-base:0.1.0").count(marker)
    assert count > 100
    assert pem(trusting("hale-base:0.1.0")).count(marker) == count + 1


def test_ssl_cert_file_counts_for_hale_s_check_of_its_own_service(site):
    site.events.wait("health_status: healthy")
    assert site.hale("check", "https://localhost:8443/healthz").returncode == 0


def test_cacert_counts_alone_whatever_the_environment_names(site):
    """The container's SSL_CERT_FILE is the right one."""
    url = "https://localhost:8443/healthz"
    assert site.hale("check", "--cacert", "/corp/corp-ca.pem", url).returncode == 0
    done = site.hale("check", "--cacert", "/corp/other-ca.pem", url)
    assert done.returncode == 1 and UNKNOWN[1] in done.stdout + done.stderr


@pytest.fixture
def own_user(app):
    docker("buildx", "build", "-q", "-f", str(RECIPES / "user.Dockerfile"),
           "--build-arg", f"BASE={app}", "-t", "app:user", str(RECIPES))
    return "app:user"


def test_a_uid_without_an_entry_has_neither_name_nor_home(once):
    options = ("--network", "none", "--user", "1001")
    assert "HOME=/\n" in once("env", options=options).stdout
    for words, why in ((("whoami",), "requires cgo or $USER"),
                       (("owner", "1001"), "user: unknown userid 1001")):
        done = once(*words, options=options)
        assert done.returncode == 1 and why in done.stderr
    done = once("whoami", options=("--user", "app"))
    assert "no matching entries in passwd file" in done.stderr


def test_two_variables_give_any_uid_a_name_and_a_home_in_a_go_program(once):
    options = ("--network", "none", "--user", "1002", "-e", "USER=app", "-e", "HOME=/tmp")
    assert once("whoami", options=options).stdout == "1002 app /tmp\n"
    assert once("owner", "1002", options=options).stdout == "app\n"


@pytest.mark.parametrize("user", ((), ("--user", "1001"), ("--user", "app")))
def test_with_the_recipe_it_has_a_name_and_a_home_to_write_to(once, own_user, user):
    assert once("whoami", options=user, image=own_user).stdout == "1001 app /home/app\n"
    assert once("owner", "1001", options=user, image=own_user).stdout == "app\n"


def test_arguments_and_options_of_docker_run_are_the_service_s(once):
    assert once("migrate", "12").stdout == "migrated to 12\n"
    assert once("migrate", "x").returncode == 3
    assert once("--version").stdout == "app 2.1.0\n"


def test_with_hale_base_s_entrypoint_they_would_be_hale_s(once):
    plain = ("--network", "none", "--entrypoint", "/hale")
    done = once("migrate", options=plain)
    assert done.returncode == 127 and "cannot start migrate: it is not in PATH" in done.stderr
    assert once("--version", options=plain).stdout.startswith("hale ")


def names_of_checks(box):
    return {check["name"] for check in box.status()["checks"]}


@pytest.fixture
def serving(bridged, app):
    started = []

    def start(*options):
        started.append(Container(bridged, app, (HURRY, *options), ()))
        return started[-1]
    yield start
    for box in started:
        box.remove()


def test_without_arguments_the_service_serves_and_hale_answers(serving):
    box = serving()
    box.events.wait("health_status: healthy")
    assert box.get(8080, "/") == (200, "hello\n")
    assert CHECK in names_of_checks(box)


def test_a_request_that_is_under_way_is_answered_before_the_end(serving):
    answers_what_is_under_way(serving("-e", "HALE_DRAIN=0"), 8080, "/")


def test_an_empty_variable_takes_back_what_the_image_asks_for(serving):
    """For a job, say, that listens nowhere."""
    box = serving("-e", "HALE_CHECK=", "-e", "HALE_LISTEN=")
    box.events.wait("health_status: healthy")
    assert CHECK not in names_of_checks(box)


def test_hale_s_options_still_come_from_the_environment_and_stay_with_hale(once):
    options = ("--network", "none", "-e", "HALE_RESTART=on-failure", "-e", "HALE_MAX_RESTARTS=1",
               "-e", "HALE_BACKOFF=1ms..1ms")
    done = once("migrate", "x", options=options)
    assert done.returncode == 3 and "restarting /app" in done.stderr
    assert "HALE_" not in once("env", options=options).stdout
