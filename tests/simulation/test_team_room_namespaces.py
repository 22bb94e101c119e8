"""Two machines on one cable: network namespaces, the room found by its announcement."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select

from intact_desktop.store.tables import Carried
from intact_desktop.sync.room_finding import Announcement
from tests.simulation.site import Site, given_to, open_site

OWN_NETWORK = Path("/proc/self/ns/net")


@dataclass
class Cable:
    """A machine at the end of a cable, and the addresses of its two ends."""

    machine: int
    here: str

    @property
    def within(self) -> list[str]:
        """What a command begins with that is to run on that machine."""
        return ["nsenter", f"--net=/proc/{self.machine}/ns/net"]


def run(*words: str) -> bytes:
    return subprocess.run(words, check=True, capture_output=True).stdout


def laid(machine: int) -> Cable:
    """A cable to that machine: the first number that no other run has on this computer.

    Raises CalledProcessError where none can be laid.
    """
    end = ("type", "veth", "peer", "name", "eth0", "netns", str(machine))
    for number in range(250):
        cable, network = f"room{number}", f"10.77.{number}"
        if run("ip", "route", "show", f"{network}.0/24"):
            continue
        try:
            run("ip", "link", "add", cable, *end)
            break
        except subprocess.CalledProcessError as refused:
            if b"File exists" not in refused.stderr:
                raise
    else:
        pytest.fail("250 cables are laid already")
    run("ip", "addr", "add", f"{network}.1/24", "dev", cable)
    run("ip", "link", "set", cable, "up")
    made = Cable(machine, f"{network}.1")
    for words in (
        ("addr", "add", f"{network}.2/24", "dev", "eth0"),
        ("link", "set", "lo", "up"),
        ("link", "set", "eth0", "up"),
        ("route", "add", "default", "dev", "eth0"),
    ):
        run(*made.within, "ip", *words)
    return made


@pytest.fixture
def cable() -> Iterator[Cable]:
    """Another machine: it ends when nobody holds its input, so a killed run leaves no cable."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("namespaces need the tool ip, and root")
    with subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE) as machine:
        theirs = Path(f"/proc/{machine.pid}/ns/net")
        end = time.monotonic() + 10
        while machine.poll() is None and theirs.readlink() == OWN_NETWORK.readlink():
            assert time.monotonic() < end, "the other machine did not start"
            time.sleep(0.01)
        try:
            laid_out = laid(machine.pid)
        except subprocess.CalledProcessError:
            pytest.skip("this machine lets no namespaces be made")
        yield laid_out


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    yield from open_site(tmp_path)


def test_another_machine_finds_the_room_and_works_in_it(site: Site, cable: Cable) -> None:
    relay = site.open_room(cable.here)
    lead = f"Lea Lead at {cable.here}"
    announcement = Announcement(lead, relay.port, cable.here)
    folder = given_to(site, "ada", relay, 1, lead)
    member = subprocess.Popen(
        [*cable.within, sys.executable, "-m", "tests.simulation.room_process", str(folder)],
        cwd=Path(__file__).parents[2],
    )
    try:
        end = time.monotonic() + 60
        while carried(site) < 3:
            assert member.poll() is None
            assert time.monotonic() < end, "nothing came in time"
            time.sleep(0.1)
    finally:
        member.kill()
        member.wait()
        announcement.close()
    site.all_agree()
    assert (site.finding("lead", 1) or "").endswith("ada")


def carried(site: Site) -> int:
    with site.laptops["lead"].sessions() as session:
        return session.scalar(select(func.count()).select_from(Carried)) or 0
