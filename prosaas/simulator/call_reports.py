"""What the carrier tells the application about a call: the content of every callback."""

from __future__ import annotations

import math
from collections.abc import Callable
from email.utils import format_datetime

from prosaas.simulator.call_params import API_VERSION
from prosaas.simulator.call_plan import FINAL, CallSettings, MachineDetection, RecordingWish, Status
from prosaas.simulator.callbacks import Callback, Courier
from prosaas.simulator.media import MediaStream
from prosaas.simulator.network import Network
from prosaas.simulator.recordings import Recording

_SUBSCRIPTION = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}


class CallReports:
    def __init__(
        self,
        network: Network,
        courier: Courier,
        settings: CallSettings,
        describe: Callable[[], dict[str, str]],
    ) -> None:
        self._network = network
        self._courier = courier
        self._settings = settings
        self._describe = describe  # the parameters that every request about the call carries
        self._sequence = 0

    def status(self, status: Status, duration_s: int) -> None:
        if _SUBSCRIPTION.get(status, "completed") not in self._settings.status_events:
            return
        params = self._describe() | {
            "Timestamp": format_datetime(self._network.timestamp()),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(self._sequence),
        }
        if status in FINAL:
            params["CallDuration"] = str(duration_s)
            params["Duration"] = str(math.ceil(duration_s / 60))
        self._sequence += 1
        url, method = self._settings.status_callback, self._settings.status_callback_method
        self._courier.post(Callback(status, url, method, params))

    def stream(self, stream: MediaStream, event: str, error: str = "") -> None:
        params = self._identity() | {
            "StreamSid": stream.sid,
            "StreamName": stream.verb.name,
            "StreamEvent": event,
            "Timestamp": self._network.timestamp().isoformat(timespec="milliseconds"),
        }
        if error:
            params["StreamError"] = error
        url, method = stream.verb.status_callback, stream.verb.status_callback_method
        self._courier.post(Callback(event, url, method, params))

    def verdict(self, detection: MachineDetection, answered_by: str, after_s: float) -> None:
        params = self._identity() | {
            "AnsweredBy": answered_by,
            "MachineDetectionDuration": str(round(after_s * 1000)),
        }
        self._courier.post(Callback("amd", detection.callback, detection.callback_method, params))

    def recording(self, wish: RecordingWish, recording: Recording) -> None:
        if recording.status not in wish.events:
            return
        identity = self._identity()
        account = f"/{API_VERSION}/Accounts/{identity['AccountSid']}"
        params = identity | {
            "RecordingSid": recording.sid,
            "RecordingUrl": f"{self._network.rest_url}{account}/Recordings/{recording.sid}",
            "RecordingStatus": recording.status,
            "RecordingChannels": str(recording.channels),
            "RecordingStartTime": format_datetime(self._network.wall_time(recording.made_at)),
            "RecordingSource": recording.source,
            "RecordingTrack": "both",
        }
        event = "recording-begun"
        if recording.status != "in-progress":
            event = "recording"
            params["RecordingDuration"] = str(recording.duration_s)
        self._courier.post(Callback(event, wish.callback, wish.callback_method, params))

    def _identity(self) -> dict[str, str]:
        described = self._describe()
        return {name: described[name] for name in ("CallSid", "AccountSid")}
