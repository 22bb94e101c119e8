"""Where the laptop's data lies."""

import stat
from pathlib import Path

import pytest

from intact_core.errors import BadInput, StorageFault
from intact_desktop.settings import Account, Profile, new_file, profiles, replace_file

ANNA = Account(server="https://audit.example", email="anna@example.org", device_id="d1")


def test_two_profiles_live_side_by_side(tmp_path: Path) -> None:
    anna, ben = Profile.at(tmp_path, "anna"), Profile.at(tmp_path, "ben")
    for profile in (anna, ben):
        profile.prepare()
    anna.save("account", ANNA)
    ben.save("account", Account(server="https://other.example", email="ben@example.org"))
    assert profiles(tmp_path) == [anna, ben]
    assert anna.load("account", Account) == ANNA
    assert ben.load("account", Account) != ANNA


def test_the_root_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTACT_HOME", str(tmp_path / "usb"))
    assert Profile.at().folder == tmp_path / "usb" / "default"


def test_folders_are_closed_to_others(profile: Profile) -> None:
    profile.prepare()
    for folder in (profile.folder, profile.evidence, profile.set_aside, profile.logs):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "a" * 65])
def test_a_name_cannot_leave_the_root(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="name of a profile"):
        Profile.at(tmp_path, name)


def test_sections_are_written_apart(profile: Profile) -> None:
    profile.prepare()
    profile.save("account", ANNA)
    profile.save("other", Account(server="s", email="e"))
    profile.save("other", None)
    assert profile.load("account", Account) == ANNA
    assert profile.load("other", Account) is None


@pytest.mark.parametrize("damage", [b"", b"{", b'{"sections": {}, "sha256": "0"}', b"\xff\xfe"])
def test_a_damaged_file_is_named_and_left_alone(profile: Profile, damage: bytes) -> None:
    profile.prepare()
    profile.settings_file.write_bytes(damage)
    with pytest.raises(StorageFault, match="damaged"):
        profile.save("account", ANNA)
    assert profile.settings_file.read_bytes() == damage


def test_one_changed_letter_is_noticed(profile: Profile) -> None:
    profile.prepare()
    profile.save("account", ANNA)
    content = profile.settings_file.read_text()
    profile.settings_file.write_text(content.replace("anna@", "eve1@"))
    with pytest.raises(StorageFault, match="damaged"):
        profile.load("account", Account)


def write_half(path: Path) -> None:
    with new_file(path.parent) as new:
        new.file.write(b"half of the ne")
        raise OSError(28, "No space left on device")


def test_a_broken_off_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old")
    with pytest.raises(StorageFault, match="Make room"):
        write_half(path)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
