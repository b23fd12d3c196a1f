"""What the figures were measured on: which cores, and who else used them meanwhile."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
MOST_URGENT = -20


class MachineError(Exception):
    """This machine, or this user's right on it, is not enough."""


@dataclass(frozen=True, slots=True)
class Cores:
    """One for what is measured, the others for everything around it. An urgent bench is preferred
    to whatever else wants them.
    """

    measured: int
    others: frozenset[int]
    urgent: bool

    @classmethod
    def of_this_process(cls, *, urgent: bool) -> Cores:
        first, *rest = sorted(os.sched_getaffinity(0))
        if not rest:
            raise MachineError("This bench needs two cores: one is for what is measured alone.")
        return cls(first, frozenset(rest), urgent)

    def alone(self, pid: int) -> None:
        self._place(pid, frozenset({self.measured}))

    def beside(self, pid: int) -> None:
        """A process inherits its place, so what this one starts keeps off the measured core."""
        self._place(pid, self.others)

    def _place(self, pid: int, cores: frozenset[int]) -> None:
        os.sched_setaffinity(pid, cores)
        if self.urgent:
            be_urgent(pid)


def be_urgent(pid: int) -> None:
    """What it starts afterwards is so too."""
    try:
        os.setpriority(os.PRIO_PROCESS, pid, MOST_URGENT)
        # Where the kernel weighs sessions against each other, a process's own value counts
        # only inside of its session (sched(7), "The autogroup feature").
        with contextlib.suppress(FileNotFoundError):
            Path(f"/proc/{pid}/autogroup").write_text(str(MOST_URGENT))
    except PermissionError as error:
        raise MachineError("Only root may run an urgent bench.") from error


@dataclass(frozen=True, slots=True)
class Reading:
    at: float
    measured_s: float  # processor time of what is measured
    stand_ins_s: float  # of the carrier and the model
    measured_core_s: float  # how long that core was busy, with whatever
    stolen_s: float  # of all cores, by the machine underneath


@dataclass(frozen=True, slots=True)
class Use:
    """Shares of a core between two readings."""

    seconds: float
    measured_s: float
    measured: float
    strangers: float  # on the measured core, the kernel's own work included
    stand_ins: float
    stolen: float


class Meter:
    def __init__(
        self, cores: Cores, measured: psutil.Process, stand_ins: tuple[psutil.Process, ...]
    ) -> None:
        self._cores = cores
        self._measured = measured
        self._stand_ins = stand_ins

    def read(self) -> Reading:
        busy, stolen = _core_seconds(self._cores.measured)
        return Reading(
            at=time.monotonic(),
            measured_s=_processor_seconds(self._measured),
            stand_ins_s=sum(map(_processor_seconds, self._stand_ins)),
            measured_core_s=busy,
            stolen_s=stolen,
        )


def use_between(before: Reading, after: Reading) -> Use:
    seconds = after.at - before.at
    measured = after.measured_s - before.measured_s
    busy = after.measured_core_s - before.measured_core_s
    return Use(
        seconds=seconds,
        measured_s=measured,
        measured=measured / seconds,
        strangers=max(0.0, busy - measured) / seconds,
        stand_ins=(after.stand_ins_s - before.stand_ins_s) / seconds,
        stolen=(after.stolen_s - before.stolen_s) / seconds,
    )


def _processor_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _core_seconds(core: int) -> tuple[float, float]:
    """proc(5), /proc/stat: user nice system idle iowait irq softirq steal, in ticks."""
    lines = Path("/proc/stat").read_text().splitlines()
    fields = next(line.split()[1:] for line in lines if line.startswith(f"cpu{core} "))
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[:8])
    busy = user + nice + system + irq + softirq
    return busy / TICKS_A_SECOND, steal / TICKS_A_SECOND
