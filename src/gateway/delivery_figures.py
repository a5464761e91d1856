"""What live delivery counts, as one value that whoever shows figures can read at any time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFigures:
    """How this gateway's live delivery stands, and what it did since its start.

    Attributes:
        streams_open: streams that are open now, with the answers that wait for a task.
        boards_open: those of them that show a dashboard's rows.
        feeds_watched: tasks whose feeds are kept up to date now.
        listens: whether hints can be heard now; True where nobody notifies.
        streams_begun: streams so far.
        streams_resumed: those of them whose client came with a cursor: it had been here, or at another gateway.
        streams_refused: requests for a stream for which there was no place.
        streams_slowed: how often a client did not take its bytes at once.
        hints_heard: notifications so far.
        listener_reconnects: how often the listening connection was lost.
        reads: statements that read feeds.
        backstop_looks: looks at all watched feeds without a hint.
        missed: moves that only such a look found; should stay 0.
    """

    streams_open: int
    boards_open: int
    feeds_watched: int
    listens: bool
    streams_begun: int
    streams_resumed: int
    streams_refused: int
    streams_slowed: int
    hints_heard: int
    listener_reconnects: int
    reads: int
    backstop_looks: int
    missed: int
