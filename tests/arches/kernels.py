#!/usr/bin/env python3
"""kernels.py [NAME...] - hale as PID 1 of real kernels, by qemu-system.

qemu-user makes its own of what matters most to a PID 1: it has no clone(2) on one
memory that does not hold the parent, and the pages of the machine that it runs on.
Here Debian's own kernels are booted, with hale, tests/arches/kernel_guest.c and
nothing else: each name of KERNELS, or those that are asked for. Debian has none of
arm64 with pages of 64 KB: one that was built by hand, from its linux-source, is tried
if it is there, as build/kernels/arm64-64k/vmlinuz.

A line for each; exit 1 if one is bad. A kernel is downloaded once, to build/kernels.
The packages: qemu-system-{arm,misc,ppc,x86}, what `make ARCH=` needs, and apt.
"""
# SPDX-License-Identifier: MIT
import os
import re
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STORE = ROOT / "build/kernels"
MIRROR = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
BOOT_S = 300  # a boot, all checks and the end: the longest was a sixth of that
DOWNLOAD_S = 600
MEMORY = "512"

# NAME: hale's and Debian's word for the architecture, suite, what comes after the
# version in the kernel's package, bytes of a page, the machine, its console.
ARM64 = "aarch64 -M virt -cpu cortex-a76"
POWER = ("ppc64 -M pseries,x-vof=on,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,"
         "cap-ccf-assist=off -cpu power9")
KERNELS = {
    "arm64-16k": ("arm64", "arm64", "trixie", "arm64-16k-unsigned", 16384, ARM64, "ttyAMA0"),
    "arm64": ("arm64", "arm64", "bookworm", "arm64-unsigned", 4096, ARM64, "ttyAMA0"),
    "ppc64le-64k": ("ppc64le", "ppc64el", "trixie", "powerpc64le-64k", 65536, POWER, "hvc0"),
    "s390x": ("s390x", "s390x", "trixie", "s390x", 4096, "s390x", "ttysclp0"),
    "armhf": ("armhf", "armhf", "bookworm", "armmp", 4096, "arm -M virt -cpu cortex-a15",
              "ttyAMA0"),
    "riscv64": ("riscv64", "riscv64", "trixie", "riscv64", 4096, "riscv64 -M virt", "ttyS0"),
    "i386": ("i386", "i386", "bookworm", "686-unsigned", 4096, "i386 -M pc", "ttyS0"),
    # make allnoconfig, and of it: ARM64_64K_PAGES BLK_DEV_INITRD BINFMT_ELF BINFMT_SCRIPT TTY
    # SERIAL_AMBA_PL011 SERIAL_AMBA_PL011_CONSOLE PRINTK PROC_FS PROC_SYSCTL SYSFS NET INET
    # UNIX EPOLL SIGNALFD TIMERFD EVENTFD FUTEX POSIX_TIMERS SECCOMP SECCOMP_FILTER MULTIUSER
    # SHMEM TMPFS FILE_LOCKING; make Image: 7.6 MB, which boots in 2 seconds.
    "arm64-64k": ("arm64", "arm64", None, None, 65536, ARM64, "ttyAMA0"),
}

# What the guest reports, and what the kernel does when its PID 1 ends with 7.
CHECKS = ("boot spawn-many spawn-returns spawn-search spawn-late spawn-late-without-futex "
          "start-shared service probe reap queued-value relro stop").split()
END = "exitcode=0x00000700"


class Trouble(Exception):
    """Why a kernel could not be tried, or what it showed."""


def run(*words, **more):
    """A program's output; Trouble with its last line if it fails."""
    got = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         cwd=more.pop("cwd", ROOT), check=False, **more)
    if got.returncode != 0:
        last = (got.stdout.strip().splitlines() or ["no output"])[-1]
        raise Trouble(f"{' '.join(map(str, words))}: {last}")
    return got.stdout


# --- kernels ---

def private_apt(folder, arch, suite):
    """An apt for one suite of another architecture, on which nothing is installed."""
    for name in "etc/apt.conf.d", "etc/preferences.d", "lists/partial", "cache/archives/partial":
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "etc/sources.list").write_text(
        f"deb [check-valid-until=no signed-by={KEYRING}] {MIRROR} {suite} main\n")
    (folder / "apt.conf").write_text(f"""
        APT::Architecture "{arch}"; APT::Architectures {{ "{arch}"; }};
        Dir::Etc "{folder}/etc"; Dir::Etc::sourceparts "-";
        Dir::State "{folder}"; Dir::State::lists "{folder}/lists";
        Dir::State::status "{folder}/status"; Dir::Cache "{folder}/cache";
        APT::Sandbox::User "root"; Acquire::Languages "none"; Acquire::Retries "3";
        APT::Update::Error-Mode "any";
    """)
    return {**os.environ, "APT_CONFIG": str(folder / "apt.conf")}


def version_of(package):
    return [int(n) for n in re.findall(r"\d+", package)]


def download(folder, arch, suite, flavour):
    """The newest kernel package that the mirror has: it may list one that it lacks."""
    env = private_apt(folder, arch, suite)
    run("apt-get", "-q", "update", env=env, timeout=DOWNLOAD_S)
    listed = run("apt-cache", "search", "--names-only", "^linux-image-[0-9]", env=env)
    names = re.findall(rf"^(linux-image-[0-9.+-]+(?:deb[0-9]+)?-{flavour}) ", listed, re.M)
    why = Trouble(f"{suite} has no linux-image-VERSION-{flavour} for {arch}")
    for name in sorted(names, key=version_of, reverse=True):
        try:
            run("apt-get", "-q", "download", name, env=env, cwd=folder, timeout=DOWNLOAD_S)
            return next(folder.glob("*.deb"))
        except Trouble as e:
            why = e
    raise why


def kernel(name, arch, suite, flavour):
    """The kernel's image, downloaded if it is not there yet."""
    got = next(STORE.glob(f"{name}/vmlinu*"), None)
    if got is not None:
        return got
    if suite is None:
        raise Trouble(f"Debian has no such kernel, and there is no {STORE / name}/vmlinuz")
    STORE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=STORE, prefix=".apt.") as temporary:
        folder = Path(temporary)
        deb = download(folder, arch, suite, flavour)
        run("dpkg-deb", "-x", str(deb), str(folder / "root"))
        image = next((folder / "root/boot").glob("vmlinu*"))
        (STORE / name).mkdir(exist_ok=True)
        return Path(shutil.move(str(image), STORE / name / image.name))


# --- what they boot ---

def built(arch):
    """hale and the guest for that architecture, and the range that is to be read-only."""
    run("make", f"ARCH={arch}")
    folder = ROOT / "build" / arch
    run(folder / "tool/bin/musl-gcc", "-std=c11", "-D_GNU_SOURCE", "-Os", "-static", "-Wall",
        "-Wextra", "-Werror", "-iquote", "include", "-o", folder / "kernel_guest",
        "tests/arches/kernel_guest.c", "src/sup/spawn.c")
    symbols = dict(reversed(line.split()[::2]) for line in
                   run("nm", folder / "hale.debug").splitlines() if len(line.split()) == 3)
    return folder, f"{symbols['relro_start']}-{symbols['relro_end']}"


def cpio_entry(name, mode, data=b"", device=(0, 0)):
    """One of the "newc" kind: a head of hexadecimal numbers, the name, the bytes."""
    fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0]
    head = b"070701" + b"".join(b"%08X" % n for n in fields) + name.encode() + b"\0"
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def initramfs(folder):
    """With the console, which the kernel opens for PID 1, and without a file system more."""
    archive = (cpio_entry("dev", 0o40755)
               + cpio_entry("dev/console", 0o20600, device=(5, 1))
               + cpio_entry("hale", 0o100755, (folder / "hale").read_bytes())
               + cpio_entry("guest", 0o100755, (folder / "kernel_guest").read_bytes())
               + cpio_entry("init", 0o120777, b"/guest")
               + cpio_entry("TRAILER!!!", 0))
    path = folder / "kernel_initramfs"
    path.write_bytes(archive)
    return path


def boot(words, log):
    """The console's text up to END, the end of qemu, or BOOT_S."""
    text, deadline = b"", time.monotonic() + BOOT_S
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as qemu:
        with selectors.DefaultSelector() as ready:
            ready.register(qemu.stdout, selectors.EVENT_READ)
            while END.encode() not in text and ready.select(max(0, deadline - time.monotonic())):
                got = os.read(qemu.stdout.fileno(), 65536)
                if not got:
                    break
                text += got
        qemu.kill()
    log.write_bytes(text)
    return text.decode(errors="replace")


# --- what they showed ---

def read_console(text, page):
    """What is well, in words; Trouble if anything is not."""
    lines = [line for line in text.splitlines() if "guest: " in line]
    bad = [line.split("guest: BAD ")[1] for line in lines if "guest: BAD " in line]
    good = dict(re.findall(r"guest: ok ([a-z-]+)(?:: ([^\r\n]*))?", text))
    bad += [f"{check} is missing" for check in CHECKS
            if check not in good and not any(b.startswith(check + ":") for b in bad)]
    if END not in text:
        bad.append("PID 1 did not end with 7")
    if "boot" in good and not good["boot"].endswith(f"pages of {page}"):
        bad.append(f"not of {page}: {good['boot']}")
    if bad:
        raise Trouble("; ".join(bad))
    return f"{good['boot']}; {len(CHECKS)} checks"


def try_one(name):
    arch, debian, suite, flavour, page, machine, console = KERNELS[name]
    image = kernel(name, debian, suite, flavour)
    folder, relro = built(arch)
    began = time.monotonic()
    text = boot([*f"qemu-system-{machine} -m {MEMORY} -nographic -no-reboot -nodefaults "
                 "-serial stdio".split(), "-kernel", str(image), "-initrd",
                 str(initramfs(folder)), "-append",
                 f"console={console} panic=-1 quiet RELRO={relro}"], STORE / f"{name}.log")
    return f"{read_console(text, page)}, {time.monotonic() - began:.0f} s"


def main(names):
    unknown = [name for name in names if name not in KERNELS]
    if unknown:
        sys.exit(f"kernels: no {unknown[0]} among {' '.join(KERNELS)}")
    bad = 0
    there = [name for name, row in KERNELS.items()
             if row[2] is not None or (STORE / name).is_dir()]
    for name in names or there:
        try:
            print(f"{name:12} {try_one(name)}", flush=True)
        except (Trouble, OSError, subprocess.TimeoutExpired) as why:
            bad = 1
            print(f"{name:12} BAD {why}; see build/kernels/{name}.log", flush=True)
    return bad


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
