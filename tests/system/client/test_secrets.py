"""A target's secrets are shown to nobody: not to who probes, not in a log, not
in an error line, in whatever form the target was written."""
import re
import subprocess

import pytest

from harness import HALE, clean_env, until

SECRET = "s3cret"
# Forms that a check takes: each is asked, and fails or not.
TAKEN = [
    "http://me:s3cret@127.0.0.1:1/", "HTTP://me:s3cret@127.0.0.1:1/", "me:s3cret@127.0.0.1:1/",
    "s3cret@127.0.0.1:1", "http://me:p:s3cret@127.0.0.1:1",
    "http://me:s3cret%2F%40@127.0.0.1:1/", "postgres:me:s3cret@127.0.0.1:1",
    "http://127.0.0.1:1/a?token=s3cret", "http://127.0.0.1:1/a#s3cret", "127.0.0.1:1?s3cret",
    "http://127.0.0.1:1?mail=a@s3cret", "http+unix:/no:/a?s3cret",
    "exec:/bin/false s3cret", "exec:/bin/false -u me:s3cret@h", "exec:/bin/false\ts3cret",
    "exec:/bin/false\ns3cret", "http:me:s3cret@127.0.0.1:1/", "http://127.0.0.1:1/a;t=s3cret",
    "http://127.0.0.1:1/a&t=s3cret", "http://127.0.0.1:1/x/http://me:s3cret@h/",
    "http+unix:/no:/a;t=s3cret", "http+unix:/no:/a#s3cret", "exec: '/bin/false' s3cret"]
# Forms that nobody can check.
REFUSED = [
    "postgres://me:s3cret@db", "POSTGRES://me:s3cret@db/x?y", "tcp:me:s3cret@h:1",
    "tcp://me:s3cret@h:1", "tcp://me:p/s3cret@h:1", "TCP://me:s3cret@h:1",
    "http://me:p/s3cret@h/", "http://me:p?s3cret@h/", "http://me:p#s3cret@h/",
    "http://me:p s3cret@h/", "http://me:s3cret@h:x/", "http:/me:s3cret@h/", "me:p/s3cret@h",
    "unix:me:s3cret@h", "http+unix:me:s3cret@h", "http+unix://me:s3cret@h/",
    "http://me:p@s3cret@127.0.0.1:1/", "me:s3cret@s3cret@h",
    "http://me:s3cret%40h/", "tcp:s3cret@h", "exec:/bin/true 's3cret", "redis://:s3cret@h",
    "unix:/no?s3cret", "unix:/no#s3cret", "unix://me:s3cret@127.0.0.1/", "unix://s3cret@h/no",
    "http+unix:/no:me:s3cret@h/x", "http+unix:/no:/p s3cret", "http+unix:/no?s3cret:/",
    "http+unix://%2Fno:me:s3cret@h/p", "exec:PASSWORD=s3cret /bin/true",
    "exec:'PASSWORD=s3cret' /bin/true", "http://h;password=s3cret", "a=h;Password=s3cret",
    "http:/me:s3cret", "http:///me:s3cret", "http://[me:s3cret]/"]
LISTEN = ["--listen", "8080"]


def run(*words, **env):
    return subprocess.run([HALE, *words], capture_output=True, env=clean_env(**env), timeout=15,
                          check=False, text=True)


def hides(done):
    assert SECRET not in done.stdout + done.stderr, done
    return done


@pytest.mark.parametrize("url", TAKEN)
@pytest.mark.parametrize("name", ["", "db="])
def test_a_checks_secret_is_in_no_answer_and_no_line(hale, url, name):
    box = hale(*LISTEN, "-v", "--interval", "100ms", "--retries", "1", "--check", name + url,
               "say up pause")
    box.out.expect("^up$")
    until(lambda: any(c.get("failed") for c in box.status()["checks"]), "a result")
    for path in ("/readyz", "/livez?verbose", "/healthz", "/status", "/status?text", "/metrics",
                 "/"):
        body = box.get(path).body
        assert SECRET not in body and not re.search(r"\bme:", body)
    for words in (["check"], ["status"], ["status", "--json"]):
        hides(box.run(HALE, *words))
    box.signal(15)
    _, _, err = box.end()
    assert any("check " in line for line in err)
    assert not re.search(rf"{SECRET}|\bme:", "\n".join(err))


@pytest.mark.parametrize("url", TAKEN)
def test_check_and_wait_show_no_secret(url):
    done = hides(run("check", url, "exec:/bin/true"))
    assert done.returncode == 1 and "[-]" in done.stdout
    done = hides(run("wait", "--timeout", "50ms", url))
    assert done.returncode == 1 and "not there after" in done.stderr


@pytest.mark.parametrize("url", REFUSED)
def test_the_line_that_refuses_a_target_shows_no_secret(url):
    for words, env in ((["--check", url, "true"], {}), ([f"--check={url}", "true"], {}),
                       (["--live-check", "db=" + url, "true"], {}),
                       (["true"], {"HALE_CHECK": url}),
                       (["true"], {"HALE_READY_CHECK": "db=" + url}),
                       (["check", url], {}), (["wait", "exec:true", url], {})):
        done = hides(run(*words, **env))
        assert done.returncode == 2 and done.stdout == ""
        assert re.fullmatch("hale: .*\".*\": expected .*\n", done.stderr)


def test_a_user_before_an_at_sign_is_not_taken_for_a_checks_name(hale):
    box = hale(*LISTEN, "-v", "--interval", "100ms", "--retries", "1", "--check",
               "s3cret=@127.0.0.1:1/", "say up pause")
    box.out.expect("^up$")
    until(lambda: any(c.get("failed") for c in box.status()["checks"]), "a result")
    assert "127.0.0.1:1/" in box.get("/readyz").body and SECRET not in box.get("/status").body


def test_a_password_that_a_comma_of_the_environment_cuts_is_not_shown():
    for url in ("http://me:s3cret,x@h/", "me:s3cret,x@h", "tcp:me:s3cret,@h:1"):
        done = hides(run("true", HALE_CHECK=url))
        assert done.returncode == 2 and 'me:..."' in done.stderr


def test_the_line_that_refuses_a_target_still_shows_the_rest():
    done = run("--check", "db=postgres://me:s3cret@db:5432/x", "true")
    assert done.stderr.startswith('hale: --check "db=postgres://db:5432/x": expected URL or NAME=')
    assert 'check "ftp://h/a": expected' in run("check", "ftp://h/a").stderr


@pytest.mark.parametrize("words", [
    ["--timeout", "http://me:s3cret@h/", "true"], ["--listen", "me:s3cret@h:1", "true"],
    ["--on-unhealthy", "exec:/bin/sh s3cret", "true"], ["--group=http://s3cret@h/", "true"],
    ["check", "-H", "Authorization s3cret", "http://h/"], ["check", "--header=s3cret", "tcp:h:1"],
    ["wait", "-H", "s3cret", "tcp:h:1"], ["check", "-t", "http://me:s3cret@h/"],
    ["status", "http://me:s3cret@h/"], ["drain", "1s", "http://me:s3cret@h/"],
    ["drain", "http://me:s3cret@h/"], ["help", "http://me:s3cret@h/"],
    ["check", *["-H", "X: s3cret"] * 17, "tcp:h:1"], ["--http=http://me:s3cret@h/", "true"],
    ["get", "-m", "http://me:s3cret@h/"], ["get", "-C", "http://me:s3cret@h/", "http://127.0.0.1"],
    ["get", "postgres://me:s3cret@h/"], ["get", "http://me:s3cret@h:x/"],
    ["get", "http://me:s3cret%40h/"], ["get", "http://me%3As3cret%40h/"], ["get", "tcp:s3cret@"],
    ["get", "-x", "socks5://me:s3cret@h", "http://x/"], ["get", "-x", "me:p/s3cret@h", "http://x/"],
    ["get", "-x", "https://me:s3cret@h", "http://x/"], ["get", "-x", "me:s3cret", "http://x/"],
    ["get", "--connect-to", "::h:me@s3cret@h:x", "http://x/"],
    ["get", "--resolve", "http://me:s3cret@h", "http://x/"],
    ["get", "-b", "s3cret", "http://x/"], ["get", "-e", "http://me:s3cret@h/;auto", "http://x/"],
    ["get", "-m1", "-H", "Authorization s3cret", "http://127.0.0.1:1/"],
    ["get", "-m1", "--oauth2-bearer", "s3cret\n", "http://127.0.0.1:1/"],
    ["get", "-b", "a=s3cret\n", "http://x/"], ["get", "--data=s3cret", "http://x/"],
    ["get", "--url=http://me:s3cret@h/"], ["get", "--sha256", "me:s3cret@h", "http://x/"],
    ["get", "--max-redirs", "http://me:s3cret@h/"],
    ["get", "-m1", "-u", "me:s3cret", "-U", "me:s3cret", "-d", "s3cret", "http://127.0.0.1:1/"],
    ["get", "-m1", "http://me:s3cret@127.0.0.1:1/?s3cret"]], ids=str)
def test_an_error_line_shows_no_secret(words):
    done = hides(run(*words))
    assert done.returncode != 0 and done.stderr.startswith("hale: ")


def test_a_proxy_of_the_environment_is_not_shown():
    done = hides(run("get", "http://x/", http_proxy="socks5://me:s3cret@h"))
    assert 'Unsupported proxy "socks5://h"' in done.stderr
