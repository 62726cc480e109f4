# SPDX-License-Identifier: MIT
"""The roots that a hale is built with: what scripts/roots reads, what it
writes, and what a hale of such a file trusts."""
import datetime
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tarfile

import pytest

import harness
import tls_servers as servers
from harness import TOP, clean_env
from pki import leaf, root

ROOTS = TOP / "src/tls/roots.pem"
SCRIPT = TOP / "scripts/roots"
TODAY = datetime.datetime.now(datetime.timezone.utc).date()

# What Mozilla's list says of a root: for servers, and until which day.
TRUSTED, EMAIL_ONLY, DISTRUSTED = ("CKT_NSS_TRUSTED_DELEGATOR", "CKT_NSS_MUST_VERIFY_TRUST",
                                   "CKT_NSS_NOT_TRUSTED")


def octal(data):
    return "MULTILINE_OCTAL\n" + "\n".join(
        "".join(f"\\{b:03o}" for b in data[i:i + 16]) for i in range(0, len(data), 16)) + "\nEND\n"


def serial_of(der):
    """The INTEGER behind [0] { version } of a tbsCertificate."""
    at = der.index(b"\xa0\x03\x02\x01\x02") + 5
    return der[at:at + 2 + der[at + 1]]


def certdata(*entries):
    """A certdata.txt of (label, Cert, trust for servers, last day or None)."""
    text = "# a comment\nBEGINDATA\nCKA_CLASS CK_OBJECT_CLASS CKO_NSS_BUILTIN_ROOT_LIST\n" \
        "CKA_TOKEN CK_BBOOL CK_TRUE\nCKA_LABEL UTF8 \"Mozilla Builtin Roots\"\n\n"
    for label, cert, trust, last_day in entries:
        until = "CK_BBOOL CK_FALSE\n"
        if last_day:
            until = octal(f"{last_day:%y%m%d}235959Z".encode())
        same = f"CKA_LABEL UTF8 \"{label}\"\nCKA_ISSUER {octal(cert.subject)}" \
            f"CKA_SERIAL_NUMBER {octal(serial_of(cert.der))}"
        text += f"#\n# Certificate \"{label}\"\n#\nCKA_CLASS CK_OBJECT_CLASS CKO_CERTIFICATE\n" \
            f"CKA_TOKEN CK_BBOOL CK_TRUE\nCKA_CERTIFICATE_TYPE CK_CERTIFICATE_TYPE CKC_X_509\n" \
            f"{same}CKA_VALUE {octal(cert.der)}CKA_NSS_MOZILLA_CA_POLICY CK_BBOOL CK_TRUE\n" \
            f"CKA_NSS_SERVER_DISTRUST_AFTER {until}" \
            f"CKA_NSS_EMAIL_DISTRUST_AFTER CK_BBOOL CK_FALSE\n" \
            f"\nCKA_CLASS CK_OBJECT_CLASS CKO_NSS_TRUST\n{same}" \
            f"CKA_TRUST_SERVER_AUTH CK_TRUST {trust}\n" \
            f"CKA_TRUST_EMAIL_PROTECTION CK_TRUST {TRUSTED}\n\n"
    return text


def run(*args, ok=True, text="", **how):
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True, check=False,
                          timeout=300 * harness.SLOWER, input=text, **how)
    assert not ok or done.returncode == 0, done.stderr + done.stdout
    return done


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """(old, new): two lists, with what makes them apart."""
    where = tmp_path_factory.mktemp("certdata")
    a = {n: root(f"O=Roots, CN={n}", which=20 + i) for i, n in enumerate(
        ("Kept", "Dropped", "Email now", "Distrusted", "Added", "Ended", "Ending", "Namesake"))}
    yesterday, tomorrow = (TODAY + datetime.timedelta(days=d) for d in (-9, 1))
    old = certdata(*((n, a[n], TRUSTED, None) for n in
                     ("Kept", "Dropped", "Email now", "Distrusted", "Ended", "Ending")))
    new = certdata(("Kept", a["Kept"], TRUSTED, None),
                   ("Email now", a["Email now"], EMAIL_ONLY, None),
                   ("Distrusted", a["Distrusted"], DISTRUSTED, None),
                   ("Added (F\\xc5\\x91)", a["Added"], TRUSTED, None),
                   ("Ended", a["Ended"], TRUSTED, yesterday),
                   ("Ending", a["Ending"], TRUSTED, tomorrow))
    (where / "old.txt").write_text(old)
    (where / "certdata.txt").write_text(new)
    (where / "nssckbi.h").write_text('#define NSS_BUILTINS_LIBRARY_VERSION "9.87"\n')
    return where, a, yesterday


def test_what_came_and_what_went_is_printed(sets, tmp_path):
    where, _, yesterday = sets
    out = tmp_path / "roots.pem"
    done = run(SCRIPT, "--out", out, "--version", "9.86", "--date", "2026-01-02",
               where / "old.txt")
    assert len([line for line in done.stdout.splitlines() if line.startswith("+ ")]) == 6
    done = run(SCRIPT, "--out", out, "--date", "2026-02-03", where / "certdata.txt")
    assert done.stdout.splitlines() == [
        "- Distrusted", "- Dropped", "- Email now", "+ Added (Fő)",
        f"! Ended: trusted for certificates until {yesterday}T23:59:59Z, was any day",
        f"! Ending: trusted for certificates until {TODAY + datetime.timedelta(days=1)}T23:59:59Z,"
        " was any day",
        f"roots: {out}: 4 roots, version 9.87 of 2026-02-03"]
    head = out.read_text().split("\n\n")[0]
    digest = hashlib.sha256((where / "certdata.txt").read_bytes()).hexdigest()
    for line in (f"# sha256:  {digest}", "# version: 9.87", "# date:    2026-02-03",
                 "# SPDX-License-Identifier: MPL-2.0"):
        assert line in head.splitlines()
    assert sorted(os.listdir(tmp_path)) == ["roots.pem"]


def test_a_source_archive_of_nss_is_read(sets, tmp_path):
    where = sets[0]
    archive = tmp_path / "nss_9.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for file in ("certdata.txt", "nssckbi.h"):
            tar.add(where / file, f"nss-9/nss/lib/ckfw/builtins/{file}")
    run(SCRIPT, "--out", tmp_path / "a.pem", archive)
    run(SCRIPT, "--out", tmp_path / "b.pem", where / "certdata.txt")
    a, b = ((tmp_path / f).read_text().split("\n\n", 1) for f in ("a.pem", "b.pem"))
    assert a[1] == b[1] and "# version: 9.87" in a[0]


def test_a_package_of_ca_certificates_is_read(tmp_path):
    one = root("O=Roots, CN=Packed", which=40)
    tree = tmp_path / "deb"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        "Package: ca-certificates\nVersion: 20990101\nArchitecture: all\n"
        "Maintainer: a <a@example.org>\nDescription: a test\n")
    (tree / "usr/share/ca-certificates/mozilla").mkdir(parents=True)
    (tree / "usr/share/ca-certificates/mozilla/Packed_Root.crt").write_text(one.pem)
    run("dpkg-deb", "--root-owner-group", "-b", tree, tmp_path / "a.deb")
    done = run(SCRIPT, "--out", tmp_path / "roots.pem", tmp_path / "a.deb")
    assert done.stdout.splitlines()[0] == "+ Packed Root"
    text = (tmp_path / "roots.pem").read_text()
    assert "# version: ca-certificates-20990101\n" in text and one.pem in text


@pytest.mark.parametrize("distrust, words", [
    (None, "has no root that is trusted for servers"),
    (octal(b"2604150000Z"), "b'2604150000Z' is not a distrust date, YYMMDDhhmmssZ"),
])
def test_a_list_that_cannot_be_used_leaves_the_old_file(sets, tmp_path, distrust, words):
    out, source = tmp_path / "roots.pem", tmp_path / "certdata.txt"
    out.write_text("old")
    text = certdata(("x", sets[1]["Kept"], TRUSTED, None))
    source.write_text("" if distrust is None else text.replace(
        "SERVER_DISTRUST_AFTER CK_BBOOL CK_FALSE\n", "SERVER_DISTRUST_AFTER " + distrust))
    done = run(SCRIPT, "--out", out, "--version", "1", source, ok=False)
    assert done.returncode == 1 and words in done.stderr and done.stderr.count("\n") == 1
    assert out.read_text() == "old" and sorted(os.listdir(tmp_path)) == [
        "certdata.txt", "roots.pem"]


def test_a_version_that_nothing_tells_is_asked_for(sets, tmp_path):
    shutil.copy(sets[0] / "old.txt", tmp_path / "alone.txt")
    done = run(SCRIPT, "--out", tmp_path / "roots.pem", tmp_path / "alone.txt", ok=False)
    assert done.returncode == 1 and "give --version" in done.stderr


MODULES = [p for pattern in ("*/libnssckbi.so", "*/nss/libnssckbi.so", "libnssckbi.so")
           for p in pathlib.Path("/usr/lib").glob(pattern)]


@pytest.mark.skipif(not MODULES, reason="no libnssckbi.so")
def test_nss_own_module_is_read(tmp_path):
    run(SCRIPT, "--out", tmp_path / "roots.pem", MODULES[0])
    head, *roots = (tmp_path / "roots.pem").read_text().split("\n\n")
    assert re.search(r"^# version: \d+\.\d+$", head, re.M) and len(roots) > 80
    isrg = next(r for r in roots if r.startswith("# ISRG Root X1\n"))
    said = run("openssl", "x509", "-noout", "-subject", text=isrg).stdout
    assert "CN = ISRG Root X1" in said


# What make calls the machine of the hale under test, by its ELF header.
ARCHES = {harness.EM_386: "i386", harness.EM_PPC64: "ppc64le", 22: "s390x", 40: "armhf",
          harness.EM_X86_64: "amd64", 183: "arm64", 243: "riscv64"}


def build(where, *words, **how):
    """make of another folder and another set; no package of this machine's is seen."""
    kind = harness.machine(harness.HALE)
    native = kind == harness.machine("/proc/self/exe")
    other = [] if native else [f"ARCH={ARCHES[kind]}"]
    tool = "build/tool" if native else f"build/{ARCHES[kind]}/tool"
    hide = "for d in /usr/share/ca-certificates /etc/ssl; do [ ! -d $d ] || " \
        "mount -t tmpfs none $d; done; exec \"$@\""
    run("unshare", "-m", "sh", "-c", hide, "sh", "make", "-s", "-C", TOP, f"B={where}",
        f"TOOL={tool}", *other, *words, f"{where}/hale", env=clean_env(), **how)
    return where / "hale"


@pytest.fixture(scope="module")
def own(sets, tmp_path_factory):
    """A hale that was built of the new list."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("hiding the machine's packages needs root")
    where = tmp_path_factory.mktemp("own")
    assert build(where).read_bytes() == pathlib.Path(harness.HALE).read_bytes()
    run(SCRIPT, "--out", where / "new.pem", sets[0] / "certdata.txt", "--date", "2026-02-03")
    hale = build(where, f"ROOTS={where}/new.pem")
    return hale


def ask(hale, cert, tmp_path):
    """hale in an image without a CA file."""
    shutil.copy(hale, tmp_path / "hale")
    with servers.Server(servers.https(servers.context(cert.file, cert.key.file))) as server:
        return run("/hale", "get", "-sS", f"https://127.0.0.1:{server.port}/", ok=False,
                   env={}, preexec_fn=lambda: os.chroot(tmp_path), cwd="/")


@pytest.mark.static_only
@pytest.mark.parametrize("which", ["Kept", "Added", "Ending"])
def test_a_hale_of_a_list_trusts_what_is_in_it(own, sets, tmp_path, which):
    done = ask(own, leaf(sets[1][which], "IP:127.0.0.1"), tmp_path)
    assert done.stdout == "ok\n", done.stderr


@pytest.mark.static_only
@pytest.mark.parametrize("which", ["Dropped", "Email now", "Distrusted", "Namesake"])
def test_a_hale_of_a_list_refuses_what_is_not_in_it(own, sets, tmp_path, which):
    done = ask(own, leaf(sets[1][which], "IP:127.0.0.1"), tmp_path)
    assert done.returncode == 60
    assert "(trusted CAs: the anchors in hale)" in done.stderr


@pytest.mark.static_only
def test_a_root_is_trusted_only_for_what_it_issued_until_its_last_day(own, sets, tmp_path):
    _, a, last_day = sets
    done = ask(own, leaf(a["Ended"], "IP:127.0.0.1", days=(-12, 30)), tmp_path)
    assert done.stdout == "ok\n", done.stderr
    done = ask(own, leaf(a["Ended"], "IP:127.0.0.1"), tmp_path)
    assert done.returncode == 60
    assert f"its root is not trusted for certificates issued after {last_day}" in done.stderr


@pytest.mark.static_only
def test_the_version_names_the_list(own):
    said = run(own, "--version").stdout
    assert said.endswith("Mozilla roots 9.87 of 2026-02-03 (4)\n")


def test_the_file_in_the_tree_is_todays_and_is_what_hale_names():
    head = dict(line[2:].split(": ", 1) for line in ROOTS.read_text().split("\n\n")[0].splitlines()
                if ": " in line and line[2] != " ")
    said = run(harness.HALE, "--version").stdout
    count = ROOTS.read_text().count("BEGIN CERTIFICATE")
    assert said.endswith(f"Mozilla roots {head['version']} of {head['date'].strip()} ({count})\n")
    assert len(head["sha256"].strip()) == 64


# Named by the people who build on hale: gone since the list of 2023-03, and new.
GONE = ("TrustCor", "E-Tugra", "GLOBALTRUST", "Entrust", "AffirmTrust", "Trustwave")
CAME = ("SSL.com TLS ECC Root CA 2022", "Telekom Security TLS RSA Root 2023",
        "SwissSign RSA TLS Root CA 2022 - 1", "D-TRUST BR Root CA 2 2023",
        "TrustAsia TLS RSA Root CA")


def test_the_file_in_the_tree_has_what_mozilla_trusts_today():
    labels = [line[2:] for line in ROOTS.read_text().split("\n\n", 1)[1].splitlines()
              if line.startswith("# ")]
    assert not [label for label in labels if label.startswith(GONE)]
    assert set(CAME) <= set(labels)
    # Its last day is in the file, and test_trust sees it in the binary.
    assert "trusted for certificates issued until: 2026-04-15T23:59:59Z" in labels
