"""Images and options that are wrong: one line says why, nothing is started."""
# SPDX-License-Identifier: MIT

import platform

import pytest

from conftest import go_build


@pytest.fixture
def line_of(once):
    """The one line that a container prints which cannot start its program."""
    def start(image, code, *words):
        done = once(*words, image=image)
        assert done.returncode == code, done
        assert done.stdout == "" and done.stderr.count("\n") == 1, done
        assert done.stderr.startswith("hale: cannot start "), done
        return done.stderr
    return start


def test_a_go_program_built_with_cgo_is_explained(on_base, line_of):
    image = on_base("cgo", lambda to: go_build("cgo", to, CGO_ENABLED="1"))
    line = line_of(image, 126)
    assert "needs /lib" in line and "which is not here" in line
    assert "CGO_ENABLED=0" in line


def test_a_program_for_another_machine_is_explained(on_base, line_of):
    other = "arm64" if platform.machine() == "x86_64" else "amd64"
    image = on_base("other", lambda to: go_build("tiny", to, GOARCH=other))
    line = line_of(image, 126)
    assert "aarch64" in line and "x86_64" in line


def test_a_script_is_explained(on_base, line_of):
    def make(to):
        to.write_text("#!/bin/sh\nexec /app\n")
        to.chmod(0o755)
    assert "script for /bin/sh, which is not here" in line_of(
        on_base("script", make), 126)


def test_a_program_copied_without_its_x_bit_is_explained(on_base, line_of):
    def make(to):
        go_build("tiny", to)
        to.chmod(0o644)
    assert "chmod +x" in line_of(on_base("mode", make), 126)


def test_a_cmd_in_shell_form_is_explained(on_base, line_of):
    image = on_base("shell", lambda to: go_build("tiny", to), "Dockerfile.shell")
    line = line_of(image, 127)
    assert "/bin/sh" in line and 'CMD ["/app"]' in line


def test_a_folder_as_the_program_is_explained(service_image, line_of):
    assert "directory" in line_of(service_image, 126, "/tmp")


@pytest.mark.parametrize("env, told", [
    ("HALE_DRAIN=soon", "HALE_DRAIN"),
    ("HALE_LISTEN=99999", "HALE_LISTEN"),
    ("HALE_STOP_SIGNAL=SIGNONE", "HALE_STOP_SIGNAL"),
    ("HALE_REMAP_EXIT=256", "HALE_REMAP_EXIT"),
])
def test_a_wrong_value_by_docker_run_e_is_2_and_names_itself(once, env, told):
    done = once("/service", "exit", "0", options=("-e", env))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert told in done.stderr and env.split("=")[1] in done.stderr


def test_an_unknown_name_is_a_warning_with_the_nearest_known_one(once):
    done = once("/service", "exit", "4",
                options=("-e", "HALE_STOP_TIMEOT=3s"))
    assert done.returncode == 4
    assert "HALE_STOP_TIMEOT" in done.stderr
    assert "HALE_STOP_TIMEOUT" in done.stderr


def test_what_kubernetes_sets_for_a_service_called_hale_is_passed_over(once):
    done = once("/service", "exit", "0", options=(
        "-e", "HALE_SERVICE_HOST=10.0.0.1", "-e", "HALE_SERVICE_PORT=80",
        "-e", "HALE_PORT=tcp://10.0.0.1:80",
        "-e", "HALE_PORT_80_TCP=tcp://10.0.0.1:80",
        "-e", "HALE_PORT_80_TCP_PROTO=tcp"))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_flag_wins_over_docker_run_e_and_that_over_the_images_env(run):
    def listens(*words, env=()):
        box = run(*words, options=env, network="none")
        box.logs.wait("service: serving")
        return [at.rsplit(":", 1)[1] for at in box.status()["listen"]]

    flag = ("--listen", "9002", "/service")
    other = ("-e", "HALE_LISTEN=9001")
    assert listens() == ["4253"]
    assert listens(env=other) == ["9001"]
    assert listens(*flag, env=other) == ["9002"]
