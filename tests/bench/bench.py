#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measure hale against its bounds, a bare floor and peers in one run.

Everything runs in a network namespace of its own and, but for the servers'
peers, in PID namespaces of its own. Needs root and our programs in the
directory `bench` beside hale; peers that are not installed are left out.
"""

import argparse
import os
import platform
import sys
import textwrap
import time

import measure
import rows
import rows_arches
import rows_flood
import rows_grpc
import rows_health
import rows_http
import rows_https
import rows_names
import rows_shell
import subjects

rows.ROWS.update(rows_flood.ROWS)
rows.ROWS.update(rows_http.ROWS)
rows.ROWS.update(rows_health.ROWS)
rows.ROWS.update(rows_https.ROWS)
rows.ROWS.update(rows_grpc.ROWS)
rows.ROWS.update(rows_names.ROWS)
rows.ROWS.update(rows_shell.ROWS)
rows.ROWS.update(rows_arches.ROWS)

IN_NAMESPACE = "BENCH_IN_NAMESPACE"     # HALE_* would be hale's own
WIDTHS = (30, 18, 16, 16, 42, 22)
HEADINGS = ("what", "bound", "hale", "floor", "peers", "ratio")


def _row_names(text):
    names = text.split(",")
    for name in names:
        if name not in rows.ROWS:
            raise argparse.ArgumentTypeError(
                f"no row '{name}'; there are {','.join(rows.ROWS)}")
    return names


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("hale", help="the binary: build/hale")
    parser.add_argument("--only", type=_row_names, metavar="NAME,...",
                        default=list(rows.ROWS),
                        help="rows to measure: " + ",".join(rows.ROWS))
    parser.add_argument("--rounds", type=int, default=9,
                        help="rounds of each interleaved row (default 9)")
    parser.add_argument("--strict", action="store_true",
                        help="exit 1 when a bound is missed")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds: at least 1")
    return arguments


def enter_namespace():
    """Starts over in a new network namespace, with its loopback up."""
    if os.environ.pop(IN_NAMESPACE, None) is None:
        if os.geteuid() != 0:
            sys.exit("bench: needs root, for namespaces and for counting")
        os.environ[IN_NAMESPACE] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    loopback_up()


def loopback_up():
    import fcntl        # only here
    import socket
    import struct
    siocgifflags, siocsifflags, iff_up = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        answer = fcntl.ioctl(any_socket, siocgifflags, request)
        flags = struct.unpack("16sh14x", answer)[1] | iff_up
        fcntl.ioctl(any_socket, siocsifflags,
                    struct.pack("16sh14x", b"lo", flags))


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def end_progress():
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def print_head(bench):
    with open("/proc/loadavg", encoding="ascii") as file:
        load = file.read().split()[0]
    found = [init.name for init in bench.inits]
    found += [server.name for server in bench.servers
              if server.name not in found]
    print(f"hale bench: Linux {platform.release()} {platform.machine()}, "
          f"{os.cpu_count()} CPUs, load {load}, {bench.rounds} rounds")
    print(f"subjects: {', '.join(found)}; system calls by "
          f"{measure.how_counted()}")


def cells_of(row):
    peers = "; ".join(f"{name} {text}" for name, text in row.cells.items()
                      if name not in ("hale", "floor"))
    return (row.what, row.bound, row.cells.get("hale", "-"),
            row.cells.get("floor", "-"), peers, row.ratio)


def verdict_of(row):
    return {True: "ok", False: "MISS", None: "-"}[row.good]


def print_lines(cells, verdict):
    columns = [textwrap.wrap(cell, width) or [""]
               for cell, width in zip(cells, WIDTHS)]
    for index in range(max(map(len, columns))):
        texts = [column[index] if index < len(column) else ""
                 for column in columns]
        line = "  ".join(text.ljust(width)
                         for text, width in zip(texts, WIDTHS))
        print(f"{line}  {verdict if index == 0 else ''}".rstrip())


def print_table(found):
    rule = tuple("-" * width for width in WIDTHS)
    print()
    print_lines(HEADINGS, "verdict")
    print_lines(rule, "-------")
    for row in found:
        print_lines(cells_of(row), verdict_of(row))
    notes = [f"{row.what}: {row.note}" for row in found if row.note]
    if notes:
        print("\nnoise (1.00: a quiet machine)")
        print("\n".join("  " + note for note in notes))


def main():
    arguments = parse_arguments()
    enter_namespace()
    bench = rows.Bench(subjects.Programs(arguments.hale), arguments.rounds,
                       progress)
    print_head(bench)
    begun = time.monotonic()
    found = []
    for name in arguments.only:
        if not sys.stderr.isatty():     # else each round is shown
            print(f"measuring {name}", file=sys.stderr, flush=True)
        found += rows.ROWS[name](bench)
    end_progress()
    print_table(found)
    print(f"\n{time.monotonic() - begun:.0f} s")
    missed = any(row.good is False for row in found)
    return 1 if missed and arguments.strict else 0


if __name__ == "__main__":
    sys.exit(main())
