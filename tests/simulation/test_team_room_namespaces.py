"""Two machines on one cable: network namespaces, the room found by its announcement."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from intact_desktop.store.tables import Carried
from intact_desktop.sync.room_finding import Announcement
from tests.simulation.site import Site, given_to, open_site

HERE, THERE = "10.77.0.1", "10.77.0.2"


def run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


@pytest.fixture
def namespace() -> Iterator[str]:
    """Another machine at the end of a cable."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("namespaces need the tool ip, and root")
    name, cable = f"room{os.getpid()}", f"r{os.getpid()}"
    try:
        run("ip", "netns", "add", name)
        run("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
    except subprocess.CalledProcessError:
        subprocess.run(("ip", "netns", "del", name), check=False, capture_output=True)
        pytest.skip("this machine lets no namespaces be made")
    try:
        run("ip", "addr", "add", f"{HERE}/24", "dev", cable)
        run("ip", "link", "set", cable, "up")
        for words in (
            ("addr", "add", f"{THERE}/24", "dev", "eth0"),
            ("link", "set", "lo", "up"),
            ("link", "set", "eth0", "up"),
            ("route", "add", "default", "dev", "eth0"),
        ):
            run("ip", "-n", name, *words)
        yield name
    finally:
        subprocess.run(("ip", "link", "del", cable), check=False, capture_output=True)
        subprocess.run(("ip", "netns", "del", name), check=False, capture_output=True)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    yield from open_site(tmp_path)


def test_another_machine_finds_the_room_and_works_in_it(site: Site, namespace: str) -> None:
    relay = site.open_room(HERE)
    announcement = Announcement("Lea Lead", relay.port, HERE)
    folder = given_to(site, "ada", relay, 1, host="")
    member = subprocess.Popen(
        ["ip", "netns", "exec", namespace, sys.executable, "-m"]
        + ["tests.simulation.room_process", str(folder)],
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
