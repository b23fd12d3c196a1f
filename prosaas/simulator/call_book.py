"""The carrier's book of all calls: who asks for a call or for some of them finds it here."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from prosaas.simulator.call_record import CallRecord

_Key = tuple[str, str]  # account and number


class CallBook:
    """Found by what an account asks for most, so that a list costs what it shows and no more,
    whoever else made calls, and however many.
    """

    def __init__(self) -> None:
        self.accepted: list[CallRecord] = []  # whatever the product asked for and got, in order
        self.live = LiveCalls()
        self._by_sid: dict[str, CallRecord] = {}
        self._by_account: defaultdict[str, list[CallRecord]] = defaultdict(list)
        self._by_to: defaultdict[_Key, list[CallRecord]] = defaultdict(list)
        self._by_from: defaultdict[_Key, list[CallRecord]] = defaultdict(list)

    def __iter__(self) -> Iterator[CallRecord]:
        return iter(self._by_sid.values())

    def enter(self, record: CallRecord) -> None:
        record.number = len(self._by_sid)
        self._by_sid[record.sid] = record
        self._by_account[record.account_sid].append(record)
        self._by_to[record.account_sid, record.to].append(record)
        self._by_from[record.account_sid, record.from_].append(record)
        if record.direction == "outbound-api":
            self.accepted.append(record)
            self.live.begin(record)

    def end(self, record: CallRecord) -> None:
        if record.direction == "outbound-api":
            self.live.end(record)

    def find(self, sid: str) -> CallRecord | None:
        return self._by_sid.get(sid)

    def newest_first(
        self, account_sid: str, query: Mapping[str, str], before_sid: str = ""
    ) -> Iterator[CallRecord]:
        """Those among which the answer to a query must be; from an older one on, if it is named."""
        found = self._fewest(account_sid, query)
        before = self.find(before_sid) if before_sid else None
        end = len(found)
        if before is not None:
            end = bisect_left(found, before.number, key=lambda record: record.number)
        return (found[place] for place in range(end - 1, -1, -1))

    def _fewest(self, account_sid: str, query: Mapping[str, str]) -> Sequence[CallRecord]:
        lists = [self._by_account.get(account_sid, [])]
        if "To" in query:
            lists.append(self._by_to.get((account_sid, query["To"]), []))
        if "From" in query:
            lists.append(self._by_from.get((account_sid, query["From"]), []))
        return min(lists, key=len)


class LiveCalls:
    """How many of the product's calls live at once, from their acceptance to their final status,
    and the most there ever were. A telephone that is called twice at once is never forgotten.
    """

    def __init__(self) -> None:
        self.by_account: Counter[str] = Counter()
        self.by_number: Counter[str] = Counter()
        self.most_by_account: dict[str, int] = {}
        self.most_by_number = 0
        self.crowded: dict[str, int] = {}  # numbers that had more than one, and how many at most

    def begin(self, record: CallRecord) -> None:
        account, number = record.account_sid, record.to
        record.others_live = self.by_number[number]
        self.by_account[account] += 1
        self.by_number[number] += 1
        here, there = self.by_account[account], self.by_number[number]
        self.most_by_account[account] = max(here, self.most_by_account.get(account, 0))
        self.most_by_number = max(there, self.most_by_number)
        if there > 1:
            self.crowded[number] = max(there, self.crowded.get(number, 0))

    def end(self, record: CallRecord) -> None:
        self.by_account[record.account_sid] -= 1
        self.by_number[record.to] -= 1
        if not self.by_number[record.to]:
            del self.by_number[record.to]
