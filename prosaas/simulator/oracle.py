"""What the carrier knows for certain of the calls that the product asked for: the truth by which a
dialler is judged.
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from pathlib import Path

import orjson

from prosaas.simulator.call_record import CallRecord
from prosaas.simulator.network import Network
from prosaas.simulator.rest_resources import Json, WallTime


def accepted(network: Network, since: int = 0, limit: int | None = None) -> list[Json]:
    """Every call that was accepted, whatever the answer said, in the order of acceptance."""
    calls = network.book.accepted
    end = len(calls) if limit is None else since + limit
    chosen = islice(calls, since, end)
    return [_row(number, call, network.wall_time) for number, call in enumerate(chosen, since)]


def tally(network: Network) -> Json:
    """`most_by_number` above 1: somebody was called while another call to them was not over."""
    live = network.book.live
    return {
        "accepted": len(network.book.accepted),
        "live": sum(live.by_account.values()),
        "live_by_account": dict(live.by_account),
        "most_by_account": live.most_by_account,
        "live_by_number": dict(live.by_number),
        "most_by_number": live.most_by_number,
        "crowded": live.crowded,
        "now": network.timestamp(),
    }


def save(network: Network, path: Path) -> None:
    path.write_bytes(orjson.dumps({"accepted": accepted(network), "tally": tally(network)}))


def _row(number: int, call: CallRecord, wall_time: WallTime) -> Json:
    return {
        "n": number,
        "sid": call.sid,
        "account": call.account_sid,
        "to": call.to,
        "from": call.from_,
        "url": call.url,
        "status": call.status,
        "answered_by": call.answered_by,
        "queue_time_s": call.queue_time_s,
        "accepted_at": wall_time(call.created_at),
        "answered_at": _moment(call.answered_at, wall_time),
        "ended_at": _moment(call.ended_at, wall_time),
        "duration": call.duration_s,
        "others_live": call.others_live,
    }


def _moment(at: float | None, wall_time: WallTime) -> datetime | None:
    return None if at is None else wall_time(at)
