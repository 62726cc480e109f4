#!/usr/bin/python3
"""runc with containers whose kernel starts arm64 programs by qemu; also its hook.

Such a container has a user namespace of its own, and in that a binfmt_misc of its
own (Linux 6.7): the registration is seen by nothing else on the machine and ends
with the container, however that ends. The namespace has the same users as the
machine, so that the image's files keep their owners.
"""
# SPDX-License-Identifier: MIT

import json
import os
import pathlib
import sys

QEMU = "/usr/bin/qemu-aarch64-static"
AT = ".binfmt"  # in the container's root
# Up to the last group of the sysctl ping_group_range that docker sets.
SAME_USERS = [{"containerID": 0, "hostID": 0, "size": 1 << 31}]
# An ELF file of 64 bits, little-endian, any ABI; a program, by address or not; aarch64.
MAGIC = r"\x7fELF\x02\x01\x01" + r"\x00" * 9 + r"\x02\x00\xb7\x00"
MASK = r"\xff" * 7 + r"\x00" + r"\xff" * 8 + r"\xfe\xff\xff\xff"
# P: argv[0] stays. F: qemu is opened here and now, for the image does not have it.
ENTRY = f":qemu-aarch64:M::{MAGIC}:{MASK}:{QEMU}:PF"


def change(config):
    """What docker asks runc for, and the namespace, the mount and the hook."""
    config["linux"]["namespaces"].append({"type": "user"})
    config["linux"]["uidMappings"] = config["linux"]["gidMappings"] = SAME_USERS
    config["mounts"].append({
        "destination": f"/{AT}", "type": "binfmt_misc", "source": "binfmt_misc",
        "options": ["nosuid", "nodev", "noexec"]})
    config.setdefault("hooks", {}).setdefault("createContainer", []).append(
        {"path": os.path.abspath(__file__), "args": ["foreign_runtime", "--hook"]})


def register():
    """In the container's namespaces, before its root is changed."""
    bundle = pathlib.Path(json.load(sys.stdin)["bundle"])
    root = json.loads((bundle / "config.json").read_text())["root"]["path"]
    (bundle / root / AT / "register").write_text(ENTRY)


def main(args):
    if args == ["--hook"]:
        register()
        return
    if "create" in args:
        at = pathlib.Path(args[args.index("--bundle") + 1], "config.json")
        config = json.loads(at.read_text())
        change(config)
        at.write_text(json.dumps(config))
    os.execvp("runc", ["runc", *args])


main(sys.argv[1:])
