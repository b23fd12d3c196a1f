"""One trial: a world, its dispatchers, what is done to them, and the evidence that is left."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import django

from bench.dial.backend import Backend, backend
from bench.dial.parts import Parts, Place, new_place, parts
from bench.dial.trace import lines
from bench.dial.world_door import WorldDoor

if TYPE_CHECKING:
    from bench.dial.facts import Evidence
    from bench.dial.nemesis import Nemesis
    from bench.dial.owner import Owner
    from bench.dial.world import World

LOOK_EVERY_S: Final = 0.3
RARELY_ANSWERED: Final = {"busy": 0.5, "no-answer": 0.5}
PEOPLE: Final = {"busy": 0.35, "no-answer": 0.25, "failed": 0.04, "canceled": 0.03}


@dataclass(frozen=True, slots=True)
class Wanted:
    seed: int
    leads: int
    rages_s: float
    settles_within_s: float
    mix: str = "all"
    weaken: str = ""
    diallers: int = 3
    home: Path | None = None
    kills_all: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    evidence: Evidence
    faults: Counter[str]
    settled: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that a trial acts with."""

    wanted: Wanted
    world: World
    parts: Parts
    backend: Backend
    door: WorldDoor
    owner: Owner
    nemesis: Nemesis


def run_trial(wanted: Wanted, note: Callable[[str], None]) -> Outcome:
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="nemesis-"))
    try:
        with backend(wanted.home) as servers:
            place = new_place(folder, servers.environment)
            with parts(place, *_dispatching(wanted)) as all_parts:
                note(f"tables after {time.monotonic() - began:.1f} s")
                scene = _prepare(wanted, place, all_parts, servers)
                note(f"ready after {time.monotonic() - began:.1f} s")
                settled = _play(scene, note)
                return Outcome(
                    evidence=_evidence(scene),
                    faults=_faults(scene),
                    settled=settled,
                    seconds=time.monotonic() - began,
                )
    finally:
        if os.environ.get("NEMESIS_KEEP"):
            note(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _dispatching(wanted: Wanted) -> list[str]:
    return [
        *("--seed", str(wanted.seed), "--mix", wanted.mix, "--diallers", str(wanted.diallers)),
        *(("--weaken", wanted.weaken) if wanted.weaken else ()),
    ]


def _prepare(wanted: Wanted, place: Place, all_parts: Parts, servers: Backend) -> Scene:
    os.environ.update(place.environment)
    django.setup()
    from django.utils import timezone

    from bench.dial.mixes import MIXES
    from bench.dial.nemesis import Nemesis
    from bench.dial.owner import Owner
    from bench.dial.world import Maker

    maker = Maker(seed=wanted.seed, leads=wanted.leads, other_account=place.other_account)
    world = maker.make(account_sid=place.address.account_sid, now=timezone.now())
    door, mix = WorldDoor(place.address), MIXES[wanted.mix]
    all_parts.wait_until_ready()
    script = mix.script(world.numbers, wanted.seed)
    door.people(_people(wanted, mix.answered), _long_talkers(world))
    door.faults(script)
    door.callbacks(dict(mix.callbacks) | {"seed": wanted.seed})
    owner = Owner(world, wanted.seed)
    nemesis = Nemesis(
        seed=wanted.seed,
        mix=mix,
        script=script,
        parts=all_parts,
        backend=servers,
        door=door,
        owner=owner,
    )
    return Scene(wanted, world, all_parts, servers, door, owner, nemesis)


def _people(wanted: Wanted, answered: bool) -> dict[str, Any]:
    return {
        "seed": wanted.seed,
        "mix": PEOPLE if answered else RARELY_ANSWERED,
        "ring_s": [0.1, 0.6],
        "talks_s": [0.3, 1.2],
    }


def _long_talkers(world: World) -> dict[str, Any]:
    """So that the cap of their business is reached."""
    talks = {"callee": "answered", "ring_s": 0.2, "hangs_up_after_s": 4.0}
    return dict.fromkeys(world.capped_numbers, talks)


def _play(scene: Scene, note: Callable[[str], None]) -> bool:
    wanted = scene.wanted
    scene.owner.forbid_what_is_closed()
    scene.parts.start_dispatchers()
    if wanted.weaken:
        return _is_caught(scene)
    if wanted.kills_all:
        _kill_all(scene, note)
    else:
        scene.nemesis.rage(wanted.rages_s, stop_at=0.6 if wanted.mix == "all" else None)
    note(f"calm; the carrier has taken {scene.door.count()} calls")
    scene.nemesis.calm()
    return _settle(scene, wanted.settles_within_s)


def _is_caught(scene: Scene) -> bool:
    """Somebody was called twice for one attempt. Nothing else has to come to its end then."""
    give_up_at = time.monotonic() + scene.wanted.rages_s + scene.wanted.settles_within_s
    while time.monotonic() < give_up_at:
        times = Counter(call.attempt_id for call in scene.door.accepted())
        if any(so_often > 1 for so_often in times.values()):
            return True
        scene.parts.check()
        time.sleep(LOOK_EVERY_S)
    return False


def _kill_all(scene: Scene, note: Callable[[str], None]) -> None:
    """In the middle of the run: every process of ours and both servers, and then all of them anew."""
    give_up_at = time.monotonic() + scene.wanted.rages_s
    half = scene.wanted.leads // 2
    while time.monotonic() < give_up_at:
        if scene.door.count() >= half and scene.door.live():
            break
        time.sleep(LOOK_EVERY_S)
    note(f"everything is killed at {scene.door.count()} calls, {scene.door.live()} of them live")
    for part in (scene.parts.dispatchers, *scene.parts.web):
        part.kill()
    scene.backend.restart_valkey()
    scene.backend.restart_postgres()
    for part in scene.parts.web:
        part.start()
    scene.parts.start_dispatchers()


def _settle(scene: Scene, within_s: float) -> bool:
    from bench.dial.gather import left_to_do
    from bench.dial.owner import patiently

    give_up_at = time.monotonic() + within_s
    while patiently(left_to_do) or scene.door.live():
        if time.monotonic() > give_up_at:
            return False
        scene.parts.check()
        scene.owner.looks_after_runs()
        scene.owner.decides({call.attempt_id: call.sid for call in scene.door.accepted()})
        time.sleep(LOOK_EVERY_S)
    return True


def _evidence(scene: Scene) -> Evidence:
    from bench.dial.gather import evidence_of

    return evidence_of(
        scene.world, scene.door.accepted(), scene.owner.forbidden, scene.parts.place.trace
    )


def _faults(scene: Scene) -> Counter[str]:
    found = scene.nemesis.did + scene.owner.did
    for line in lines(scene.parts.place.trace):
        if line["what"] in ("died", "froze"):
            found[f"{line['what']} {line['step']}"] += 1
    return found
