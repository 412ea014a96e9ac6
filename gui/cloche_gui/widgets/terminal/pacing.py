"""When to take in output and when to paint, so that a flood does not freeze the window."""

import time
import weakref
from collections import deque
from collections.abc import Callable

from PyQt6.QtCore import QObject, Qt, QTimer

_QUIET_INTERVAL = 0.004
_FLOOD_INTERVAL = 0.050
_LONGEST_INTERVAL = 0.250
_FLOOD_BYTES = 65536
_SLICE = 0.008
_SLICE_LEAST = 0.001
_CHUNK_LEAST, _CHUNK_MOST = 256, 32768


class Pace:
    """How far a frame must be behind the last: 4 ms; in a flood, six times what that one took.

    A flood goes on until a frame has far less to show; its pieces come one by one, and the first
    of them must not make the next frame hurry.
    """

    def __init__(self) -> None:
        self._floods = False
        self._bytes = 0
        self._cost = 0.0

    def heard(self, size: int) -> None:
        """So many bytes have come that no frame has shown."""
        self._bytes += size

    def begun(self) -> None:
        """A frame shows all of them."""
        self._floods = self._bytes >= (_FLOOD_BYTES // 2 if self._floods else _FLOOD_BYTES)
        self._bytes = 0

    def ended(self, seconds: float) -> None:
        """How long that frame took."""
        self._cost = seconds

    @property
    def interval(self) -> float:
        """Seconds from the end of a frame to the next one."""
        if not self._floods and self._bytes < _FLOOD_BYTES:
            return _QUIET_INTERVAL
        return min(max(_FLOOD_INTERVAL, 6 * self._cost), _LONGEST_INTERVAL)


class Frames(QObject):
    """Calls `paint` soon after `ask`, as often as the pace allows."""

    def __init__(self, parent: QObject, paint: Callable[[], None]) -> None:
        super().__init__(parent)
        self._paint = paint
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._due)
        self._pace = Pace()
        self._ended = 0.0

    def ask(self, size: int = 0) -> None:
        """Something has changed, through this many bytes of output."""
        self._pace.heard(size)
        if self._timer.isActive():
            return
        wait = self._ended + self._pace.interval - time.monotonic()
        if size and wait <= 0:
            self._due()  # an echo does not wait for the loop, which may be busy with a flood
        else:
            self._timer.start(max(0, round(wait * 1000)))

    def spent(self, seconds: float) -> None:
        """How long the frame took to paint."""
        self._pace.ended(seconds)
        self._ended = time.monotonic()

    def _due(self) -> None:
        self._pace.begun()
        self._paint()


_behind: weakref.WeakSet["Intake"] = weakref.WeakSet()
"""Those who have output waiting: they share one thread, with each other and with the user."""


class Intake(QObject):
    """Hands output to `take` in pieces, a few milliseconds at a time; what is left waits.

    The more consoles are behind, the less each takes at a time.

    Each piece goes with the word whether questions in it are to be answered.
    Nearly all output is taken at once. Some hostile sequences cost a thousand times more than text.
    """

    def __init__(self, parent: QObject, take: Callable[[bytes, bool], None]) -> None:
        super().__init__(parent)
        self._take = take
        self._waiting: deque[tuple[bytes, bool]] = deque()
        self._chunk = 4096
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._work)

    @property
    def waiting(self) -> int:
        """Bytes that have not been taken yet."""
        return sum(len(block) for block, _ in self._waiting)

    def add(self, data: bytes, *, answer: bool) -> None:
        """Takes this output now, as far as time allows."""
        starts = range(0, len(data), _CHUNK_MOST)
        self._waiting.extend((data[start : start + _CHUNK_MOST], answer) for start in starts)
        if not self._timer.isActive():
            self._work()

    def drop(self) -> None:
        """Forgets what has not been taken yet."""
        self._waiting.clear()
        self._timer.stop()
        _behind.discard(self)

    def _work(self) -> None:
        now = time.thread_time()  # a machine that is busy elsewhere makes no output dear
        end = now + max(_SLICE / max(1, len(_behind)), _SLICE_LEAST)
        while self._waiting and now < end:
            block, answer = self._waiting.popleft()
            self._take(block[: self._chunk], answer)
            if len(block) > self._chunk:
                self._waiting.appendleft((block[self._chunk :], answer))
            before, now = now, time.thread_time()
            self._adapt(now - before)
        if self._waiting:
            _behind.add(self)
            self._timer.start(0)
        else:
            _behind.discard(self)

    def _adapt(self, seconds: float) -> None:
        if seconds > 0.002:
            self._chunk = max(self._chunk // 2, _CHUNK_LEAST)
        elif seconds < 0.0005:
            self._chunk = min(self._chunk * 2, _CHUNK_MOST)
