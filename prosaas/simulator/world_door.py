"""Through this door other processes script the world of the stand-in carrier, and read its truth."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from prosaas.simulator import oracle, wishes
from prosaas.simulator.door import ROOT, Door, as_json, json_of
from prosaas.simulator.outbound_faults import FaultsByLot
from prosaas.simulator.rest_faults import FaultPlan
from prosaas.simulator.rest_forms import ApiError
from prosaas.simulator.rest_numbers import number_from


class WorldDoor(Door):
    def add_routes(self, app: web.Application) -> None:
        add = app.router.add_route
        add("PUT", f"{ROOT}/callees/{{number}}", self._guarded(self._script_callee))
        add("PUT", f"{ROOT}/callees", self._guarded(self._script_callees))
        add("POST", f"{ROOT}/faults", self._guarded(self._add_faults))
        add("PUT", f"{ROOT}/faults", self._guarded(self._script_faults))
        add("PUT", f"{ROOT}/callback-faults", self._guarded(self._script_callbacks))
        add("PUT", f"{ROOT}/accounts/{{sid}}", self._guarded(self._switch_account))
        add("PUT", f"{ROOT}/accounts/{{sid}}/numbers", self._guarded(self._give_numbers))
        add("GET", f"{ROOT}/accepted", self._guarded(self._accepted))
        add("GET", f"{ROOT}/tally", self._guarded(self._tally))

    # Who is called.

    async def _script_callee(self, request: web.Request) -> web.StreamResponse:
        callee = wishes.callee_from(await json_of(request))
        self._switchboard.callees[request.match_info["number"]] = callee
        return as_json({})

    async def _script_callees(self, request: web.Request) -> web.StreamResponse:
        """`{"numbers": {"+972…": {"callee": "mailbox"}}, "default": {"seed": 7, "mix": …}}`: adds
        the numbers to those that are known; the default, if given, takes the place of the one
        before.
        """
        wish = await json_of(request)
        callees = {
            number: wishes.callee_from(callee) for number, callee in wish.pop("numbers", {}).items()
        }
        default = wish.pop("default", None)
        _expect_nothing_else(wish)
        if default is not None:
            self._switchboard.directory.mix = wishes.callee_mix_from(default)
        self._switchboard.callees.update(callees)
        return as_json({})

    # What goes wrong.

    async def _add_faults(self, request: web.Request) -> web.StreamResponse:
        """`{"rest": ["refuse_429", {"fault": "queue", "s": 90}]}`: one for each call that is asked
        for from now on; `reads` and `updates` likewise.
        """
        wish = await json_of(request)
        queues = {
            name: [wishes.fault_from(fault) for fault in wish.pop(name, [])] for name in self._plans
        }
        self._set_lags(wish)
        _expect_nothing_else(wish)
        for name, faults in queues.items():
            self._plans[name].queue.extend(faults)
        return as_json({})

    async def _script_faults(self, request: web.Request) -> web.StreamResponse:
        """Takes the place of all lots and scripts before: a mix for the requests for calls, a
        script for each of the `numbers`, and the mixes of `reads` and `updates`.
        """
        wish = await json_of(request)
        scripts = {
            number: [wishes.fault_from(fault) for fault in faults]
            for number, faults in wish.pop("numbers", {}).items()
        }
        mixes = {name: wishes.fault_mix_from(wish.pop(name, {})) for name in ("reads", "updates")}
        self._set_lags(wish)
        mixes["rest"] = wishes.fault_mix_from(wish)
        for name, mix in mixes.items():
            self._plans[name].script(mix, scripts if name == "rest" else {})
        return as_json({})

    @property
    def _plans(self) -> dict[str, FaultPlan]:
        interface = self._interface
        return {"rest": interface.creates, "reads": interface.reads, "updates": interface.updates}

    def _set_lags(self, wish: dict[str, Any]) -> None:
        interface = self._interface
        interface.list_lag_s = float(wish.pop("list_lag_s", interface.list_lag_s))
        interface.list_lag_varies = bool(wish.pop("list_lag_varies", interface.list_lag_varies))
        interface.events_after_s = float(wish.pop("events_after_s", interface.events_after_s))

    async def _script_callbacks(self, request: web.Request) -> web.StreamResponse:
        """The fields of OutboundFaults, for all calls that the product asks for from now on."""
        rule = wishes.outbound_faults_from(await json_of(request))
        self._switchboard.faults_by_lot = FaultsByLot(rule)
        return as_json({})

    async def _switch_account(self, request: web.Request) -> web.StreamResponse:
        """`{"locked_out": true}`: its credentials are refused, save at this door."""
        sid, wish = request.match_info["sid"], await json_of(request)
        if sid not in self._switchboard.accounts:
            raise ApiError(404, 20404, "there is no such account")
        if wish["locked_out"]:
            self._interface.locked_out.add(sid)
        else:
            self._interface.locked_out.discard(sid)
        return as_json({})

    async def _give_numbers(self, request: web.Request) -> web.StreamResponse:
        """`{"+972…": {"voice_url": …, "status_callback": …}}`: the fields of IncomingNumber."""
        sid, wish = request.match_info["sid"], await json_of(request)
        if sid not in self._switchboard.accounts:
            raise ApiError(404, 20404, "there is no such account")
        numbers = {e164: number_from(fields) for e164, fields in wish.items()}
        self._interface.numbers.give(sid, numbers)
        return as_json({})

    # The truth.

    async def _accepted(self, request: web.Request) -> web.StreamResponse:
        """`?since=n` leaves out the first n calls; `&limit=m` takes no more than m."""
        limit = int(request.query["limit"]) if "limit" in request.query else None
        rows = oracle.accepted(self._switchboard.network, int(request.query.get("since", 0)), limit)
        return as_json({"accepted": rows})

    async def _tally(self, _request: web.Request) -> web.StreamResponse:
        return as_json(oracle.tally(self._switchboard.network))


def _expect_nothing_else(wish: dict[str, object]) -> None:
    if wish:
        raise ValueError(f"nobody knows {', '.join(wish)}")
