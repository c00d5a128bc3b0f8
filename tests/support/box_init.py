"""What a box does before it is one: run as the first process of its namespaces, it ends by becoming systemd.

Everything that it writes is written to the overlay, which is memory.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import uuid
from pathlib import Path

TARGET = "box.target"

LEFT_OUT = (
    "console-getty.service",
    "dev-hugepages.mount",
    "getty.target",
    "ldconfig.service",
    "proc-sys-fs-binfmt_misc.automount",
    "sys-fs-fuse-connections.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-binfmt.service",
    "systemd-firstboot.service",
    "systemd-hwdb-update.service",
    "systemd-journal-catalog-update.service",
    "systemd-machine-id-commit.service",
    "systemd-networkd.service",
    "systemd-remount-fs.service",
    "systemd-resolved.service",
    "systemd-sysctl.service",
    "systemd-timesyncd.service",
    "systemd-udevd.service",
    "systemd-update-done.service",
    "tmp.mount",
)
"""Units of real machines. Of those here, some would only take time, and some would change the host."""

FILES = {
    f"/etc/systemd/system/{TARGET}": """\
[Unit]
Description=A machine for tests
Requires=basic.target dbus.service systemd-logind.service systemd-user-sessions.service
After=basic.target dbus.service systemd-logind.service systemd-user-sessions.service
AllowIsolate=yes
""",
    # Only what is kept on disk is kept per user, and only that does `journalctl --user` read.
    "/etc/systemd/journald.conf.d/box.conf": """\
[Journal]
Storage=persistent
SplitMode=uid
RateLimitIntervalSec=0
Audit=no
ReadKMsg=no
SystemMaxFileSize=16M
""",
    "/etc/hostname": "box\n",
    "/etc/hosts": "127.0.0.1 localhost box\n::1 localhost\n",
}

PAM = """\
account sufficient pam_permit.so
session optional pam_loginuid.so
session required pam_systemd.so class=user type=tty
"""

DROPPED = "sys_time,sys_module,sys_rawio,mknod,wake_alarm,block_suspend,syslog"
"""Capabilities that reach beyond the box: no clock, no kernel modules, no hardware."""


def main(orders: str) -> None:
    """Build the root, go there, and become systemd."""
    wanted = json.loads(orders)
    directory = Path(wanted["directory"])
    root = directory / "root"
    mount("--make-rprivate", "/")
    lay_over(directory, root)
    mount_kernels(root, directory / "console.log")
    for path, is_writable in wanted["shared"]:
        share(root, Path(path), is_writable=is_writable)
    furnish(root, wanted["user"], int(wanted["uid"]), wanted["pam"])
    socket.sethostname("box")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=False)
    old = root / ".old"
    old.mkdir()
    os.chdir(root)
    subprocess.run(["pivot_root", ".", ".old"], check=True)
    os.chroot(".")
    os.chdir("/")
    subprocess.run(["umount", "--lazy", "/.old"], check=True)
    capabilities = "-" + DROPPED.replace(",", ",-")
    os.execvpe(  # noqa: S606 (nothing here comes from outside)
        "setpriv",
        [
            *("setpriv", f"--bounding-set={capabilities}", f"--inh-caps={capabilities}"),
            *("/lib/systemd/systemd", "--system", f"--unit={TARGET}", "--log-target=journal", "--show-status=yes"),
        ],
        {"container": "box", "LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"},
    )


def mount(*arguments: str) -> None:
    """Mount something, by the command."""
    subprocess.run(["mount", *arguments], check=True)


def bind(source: Path, target: Path, *options: str) -> None:
    """Show a file or directory in a second place."""
    mount("--bind", str(source), str(target))
    if options:
        mount("-o", ",".join(("remount", "bind", *options)), str(target))


def lay_over(directory: Path, root: Path) -> None:
    """The machine's own files, with a layer of memory above that takes what is written."""
    memory = directory / "memory"
    for each in (memory, root):
        each.mkdir()
    mount("-t", "tmpfs", "-o", "mode=755", "box", str(memory))
    upper, work = memory / "upper", memory / "work"
    upper.mkdir()
    work.mkdir()
    mount("-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={upper},workdir={work}", str(root))


def mount_kernels(root: Path, console: Path) -> None:
    """The file systems that the kernel makes up, as PID 1 of a container finds them."""
    for name in ("proc", "sys", "dev", "run", "tmp"):
        (root / name).mkdir(exist_ok=True)
    mount("-t", "proc", "-o", "nosuid,nodev,noexec", "proc", str(root / "proc"))
    # The settings below /proc/sys are the whole machine's, apart from those of the network.
    bind(root / "proc/sys", root / "proc/sys", "ro", "nosuid", "nodev", "noexec")
    bind(root / "proc/sys/net", root / "proc/sys/net", "rw", "nosuid", "nodev", "noexec")
    for name in ("sysrq-trigger", "irq", "bus"):
        if (root / "proc" / name).exists():
            bind(root / "proc" / name, root / "proc" / name, "ro")
    mount("-t", "sysfs", "-o", "nosuid,nodev,noexec,ro", "sysfs", str(root / "sys"))
    mount("-t", "cgroup2", "-o", "nosuid,nodev,noexec", "cgroup2", str(root / "sys/fs/cgroup"))
    mount("-t", "tmpfs", "-o", "nosuid,nodev,mode=755", "tmpfs", str(root / "run"))
    mount("-t", "tmpfs", "-o", "nosuid,nodev,mode=1777", "tmpfs", str(root / "tmp"))
    devices = root / "dev"
    mount("-t", "tmpfs", "-o", "nosuid,mode=755", "tmpfs", str(devices))
    for name in ("pts", "shm", "mqueue"):
        (devices / name).mkdir()
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        (devices / name).touch()
        bind(Path("/dev") / name, devices / name)
    mount("-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=620,gid=5", "devpts", str(devices / "pts"))
    mount("-t", "tmpfs", "-o", "nosuid,nodev,mode=1777", "tmpfs", str(devices / "shm"))
    for name, target in {"ptmx": "pts/ptmx", "fd": "/proc/self/fd"}.items():
        (devices / name).symlink_to(target)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        (devices / name).symlink_to(f"fd/{number}")
    (devices / "console").touch()
    bind(console, devices / "console")


def share(root: Path, path: Path, *, is_writable: bool) -> None:
    """Let the box see a directory of the host, and its user get there."""
    inside = root / path.relative_to("/")
    inside.mkdir(parents=True, exist_ok=True)
    for above in inside.parents:
        if above == root:
            break
        above.chmod(above.stat().st_mode | 0o111)
    bind(path, inside, *(() if is_writable else ("ro",)))


def furnish(root: Path, user: str, uid: int, pam: str) -> None:
    """What makes of the machine's files another, small and quick machine with one user."""
    system = root / "etc/systemd/system"
    for wants in system.glob("*.wants"):
        shutil.rmtree(wants)
    (root / "etc/fstab").unlink(missing_ok=True)
    for name, text in {**FILES, f"/etc/pam.d/{pam}": PAM, "/etc/machine-id": f"{uuid.uuid4().hex}\n"}.items():
        file = root / name[1:]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_text(text)
    for unit in LEFT_OUT:
        (system / unit).unlink(missing_ok=True)
        (system / unit).symlink_to("/dev/null")
    for name, line in {
        "passwd": f"{user}:x:{uid}:{uid}::/home/{user}:/bin/sh",
        "group": f"{user}:x:{uid}:",
        "shadow": f"{user}:*:20000:0:99999:7:::",
    }.items():
        with (root / "etc" / name).open("a") as accounts:
            accounts.write(f"{line}\n")
    home = root / "home" / user
    home.mkdir(parents=True)
    os.chown(home, uid, uid)
    lingering = root / "var/lib/systemd/linger"
    lingering.mkdir(parents=True, exist_ok=True)
    (lingering / user).touch()
    journal = root / "var/log/journal"
    shutil.rmtree(journal, ignore_errors=True)
    journal.mkdir(parents=True)


if __name__ == "__main__":
    main(sys.argv[1])
