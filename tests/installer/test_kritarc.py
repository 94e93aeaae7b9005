"""The one file of Krita's that is edited: back to the byte, and not while Krita runs."""

from __future__ import annotations

import sys

import pytest
from made_up import program, running
from pluripaint_installer.checkout import Checkout
from pluripaint_installer.editors import load
from small_set import REPOSITORY

CHECKOUT = Checkout(REPOSITORY)
KRITARC = "[MainWindow]\nState=äöü\n\n[python]\nenable_other=true\n\n[theme]\nTheme=Breeze"
GIMP, KRITA = load(CHECKOUT, "gimp"), load(CHECKOUT, "krita")


@pytest.mark.parametrize(
    "before",
    [
        KRITARC + "\n",
        "[python]\nenable_other=false\n",
        "[theme]\r\nTheme=ä\r\n",
        "",
        "[a]\n\n[python]\nenable_other=true\nenable_third=false\n\n\n[z]\nq=1\n",
        "[last]\nb=1\n",
    ],
)
def test_kritarc_is_edited_and_edited_back_to_the_byte(tmp_path, before) -> None:
    config = tmp_path / "kritarc"
    if before:
        config.write_bytes(before.encode())
        config.chmod(0o640)
    KRITA.switch(config, True)
    assert KRITA.is_on(config)
    assert set(before.splitlines()) <= set(config.read_bytes().decode().splitlines())
    if before:
        assert config.stat().st_mode & 0o777 == 0o640
    KRITA.forget(config)
    assert (config.read_bytes().decode() if config.exists() else "") == before


def test_the_plug_ins_own_settings_go_with_it(tmp_path) -> None:
    config = tmp_path / "kritarc"
    config.write_text(
        "[a]\nb=1\n\n[pluripaint]\nsettings={}\nplaced=1\n\n[python]\nenable_pluripaint_krita=true\n\n[z]\n"
    )
    KRITA.forget(config)
    assert config.read_text() == "[a]\nb=1\n\n[z]\n"


def test_a_kritarc_that_is_a_link_stays_one(tmp_path) -> None:
    (tmp_path / "collection").write_text("[a]\nb=1\n")
    (tmp_path / "kritarc").symlink_to("collection")
    KRITA.switch(tmp_path / "kritarc", True)
    assert (tmp_path / "kritarc").is_symlink() and "enable_" in (tmp_path / "collection").read_text()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere every Krita counts")
def test_only_a_krita_with_this_kritarc_counts_as_running(tmp_path, home, environ) -> None:
    krita = program(tmp_path / "bin" / "krita")
    mine, others = home / ".config/kritarc", tmp_path / "other/.config/kritarc"
    with running(krita, {"PATH": "/bin:/usr/bin", "HOME": str(home)}):
        assert KRITA.running(mine) and not KRITA.running(others)
    assert not KRITA.running(mine)
