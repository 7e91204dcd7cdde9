"""Points in time as the database stores them: UTC text that sorts in order."""

from datetime import UTC, datetime


def write_moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def now_utc() -> datetime:
    """Tell the time in whole milliseconds, which is what the database keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
