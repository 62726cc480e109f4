"""`docker run -it` and `docker attach`: the terminal is the service's."""
# SPDX-License-Identifier: MIT

from containers import until

CTRL_C = b"\x03"
DETACH = b"\x10\x11"  # docker's own keys, Ctrl-P Ctrl-Q


def test_the_service_sees_the_terminals_size_and_its_changes(terminal):
    screen = terminal.run(rows=31, cols=101)
    screen.wait("service: terminal 31x101")  # at once, or by SIGWINCH

    def is_seen_again():
        # Docker tells the first size before it listens to SIGWINCH itself.
        screen.resize(40, 120)
        screen.resize(47, 133)
        return screen.find("service: terminal 47x133", 2)

    until(is_seen_again, "the new size")


def test_ctrl_c_is_the_services_and_its_code_is_docker_runs(terminal):
    screen = terminal.run(options=("-e", "EXIT_CODE=7"))
    screen.wait("service: serving")
    screen.type(CTRL_C)
    screen.wait("service: got interrupt")
    screen.wait("service: ended in order")
    assert screen.exit_code() == 7


def test_ctrl_c_through_docker_attach_reaches_the_service(terminal):
    first = terminal.run(options=("-e", "EXIT_CODE=9"))
    first.wait("service: serving")
    first.type(DETACH)
    assert first.exit_code() == 0  # detached; the container lives
    second = terminal.show("attach", terminal.name, rows=19, cols=61)
    second.wait("service: terminal 19x61")
    second.type(CTRL_C)
    second.wait("service: got interrupt")
    assert second.exit_code() == 9


def test_ctrl_c_ends_a_service_without_a_handler(terminal):
    screen = terminal.run("/service", "sleep", "0")
    screen.wait("service: sleeping")
    screen.type(CTRL_C)
    assert screen.exit_code() == 130


def test_hale_status_works_on_a_terminal_of_its_own(terminal):
    terminal.run().wait("service: serving")
    screen = terminal.show("exec", "-it", terminal.name, "/hale", "status")
    screen.wait("running")
    assert screen.exit_code() == 0
