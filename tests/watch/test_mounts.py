"""Which mounts are blind, from tables as the kernel writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from reloadd.watch.manner import manner_of
from reloadd.watch.mounts import blind_file_system, read_mountinfo
from tests.support.watching import watch_set

TABLE = r"""22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /srv/shared rw shared:5 - nfs4 server:/export rw
31 22 0:41 / /srv/shared/local rw - tmpfs tmpfs rw
32 22 0:42 / /mnt/with\040blank rw - 9p host rw
33 22 0:43 / /home/me/remote rw - fuse.sshfs me@there: rw
34 22 0:44 / /covered rw - virtiofs host rw
35 22 0:45 / /covered rw - ext4 /dev/vdb rw
36 22 0:46 / /layers rw - overlay overlay rw
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/home/me/project", None),
        ("/srv/shared", "nfs4"),
        ("/srv/shared/project/src", "nfs4"),
        ("/srv/shared/local/project", None),
        ("/srv/shared-not", None),
        ("/mnt/with blank/src", "9p"),
        ("/home/me/remote/src", "fuse.sshfs"),
        ("/covered/src", None),
        ("/layers/src", None),
    ],
)
def test_the_longest_mount_that_holds_a_path_counts(path: str, expected: str | None) -> None:
    """Of two at the same place, the one mounted later does"""
    assert blind_file_system(path, TABLE) == expected


def test_who_looks_far_has_a_tree_apart() -> None:
    """One for each mount that others answer for, shared by all who look there, and one for everything near"""

    def far(*roots: str) -> frozenset[str]:
        return manner_of(watch_set(*map(Path, roots)), TABLE).far

    assert far("/home/me/project") == far("/srv/shared/local/project", "/covered/src") == frozenset()
    assert far("/srv/shared/one") == far("/srv/shared/other", "/home/me/project") == {"/srv/shared"}
    assert far("/srv/shared", "/home/me/remote/src") == {"/srv/shared", "/home/me/remote"}


def test_a_link_is_followed_to_its_mount(tmp_path: Path) -> None:
    """A directory lies where it really lies"""
    (tmp_path / "link").symlink_to("/srv/shared/project")
    assert blind_file_system(str(tmp_path / "link"), TABLE) == "nfs4"


def test_nothing_is_blind_without_a_table() -> None:
    """As on systems that have none"""
    assert blind_file_system("/srv/shared", "") is None


@pytest.mark.skipif(not Path("/proc/self/mountinfo").exists(), reason="only Linux has the table")
def test_the_kernels_own_table_is_understood() -> None:
    """It is read, and its lines have the form that is looked for"""
    assert " - proc " in read_mountinfo()
    assert blind_file_system("/proc") is None
