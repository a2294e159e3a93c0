"""A counter is read right, full or not, and one that cannot be read is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jevons.engine.power import Zone, nvml, rapl, share_of_machine

if TYPE_CHECKING:
    from pathlib import Path


def test_a_counter_that_was_full_goes_on_from_zero() -> None:
    readings = iter([900, 950, 30, 30])
    zone = Zone(lambda: next(readings), 1000)
    assert zone.passed_mj() == pytest.approx(0.05)
    assert zone.passed_mj() == pytest.approx(0.08)
    assert zone.passed_mj() == 0


def test_the_share_of_the_machine_is_of_what_passed_since_the_last_look() -> None:
    own, everybody = iter([1.0, 2.0, 2.0, 5.0, 6.0]), iter([10.0, 14.0, 20.0, 21.0, 21.0])
    part = share_of_machine(lambda: next(own), lambda: next(everybody))
    assert [part(), part(), part(), part()] == [0.25, 0.0, 1.0, 1.0]


def _zone(folder: Path, name: str, title: str, energy_uj: int) -> Path:
    zone = folder / name
    zone.mkdir(parents=True)
    (zone / "name").write_text(f"{title}\n")
    (zone / "max_energy_range_uj").write_text("1000000\n")
    (zone / "energy_uj").write_text(f"{energy_uj}\n")
    return zone


def test_packages_and_their_memory_are_counted_and_the_platform_is_not(tmp_path: Path) -> None:
    package = _zone(tmp_path, "intel-rapl:0", "package-0", 0)
    memory = _zone(tmp_path, "intel-rapl:0:1", "dram", 0)
    cores = _zone(tmp_path, "intel-rapl:0:0", "core", 0)
    platform = _zone(tmp_path, "intel-rapl:1", "psys", 0)
    counter = rapl(tmp_path)
    assert counter is not None
    assert counter.method == "measured-rapl"
    for zone, energy_uj in ((package, 4000), (memory, 1000), (cores, 90000), (platform, 90000)):
        (zone / "energy_uj").write_text(f"{energy_uj}\n")
    assert 0 < counter.read_mj() <= 5


def test_the_platform_is_counted_where_there_is_nothing_else(tmp_path: Path) -> None:
    _zone(tmp_path, "intel-rapl:0", "psys", 0)
    assert rapl(tmp_path) is not None


def test_a_counter_that_is_for_root_alone_is_none(tmp_path: Path) -> None:
    zone = _zone(tmp_path, "intel-rapl:0", "package-0", 0)
    (zone / "energy_uj").unlink()
    (zone / "energy_uj").mkdir()  # root may read any file; nobody may read a folder
    assert rapl(tmp_path) is None
    assert rapl(tmp_path / "nothing") is None


class Cards:
    """NVML with two cards."""

    class NVMLError(Exception):
        """As the library's."""

    def __init__(self, *energy_mj: int) -> None:
        self.energy_mj = list(energy_mj)

    def nvmlInit(self) -> None:  # noqa: N802 the library's own name
        if not self.energy_mj:
            raise self.NVMLError

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802 the library's own name
        return len(self.energy_mj)

    def nvmlDeviceGetHandleByIndex(self, number: int) -> int:  # noqa: N802 the library's own name
        return number

    def nvmlDeviceGetTotalEnergyConsumption(self, card: int) -> int:  # noqa: N802 the library's own name
        return self.energy_mj[card]


def test_cards_are_summed_from_the_first_reading_on() -> None:
    cards = Cards(1000, 5000)
    counter = nvml(cards)
    assert counter is not None
    cards.energy_mj = [1100, 5001]
    assert counter.read_mj() == 101
    assert counter.method == "measured-nvml"


def test_a_machine_without_a_card_has_no_counter() -> None:
    assert nvml(Cards()) is None
