"""Forms of times: their directives, and timestamps written and read."""

from datetime import UTC, datetime

import pytest

from wanlib.spec.model.timestamp_format import TimestampFormat

NOON = datetime(2026, 5, 7, 12, 30, 9, 250_000, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("form", "directives", "text"),
    [
        ("YYYY-MM-DD HH:mm:ss.SSS", "%Y-%m-%d %H:%M:%S.%f", "2026-05-07 12:30:09.250"),
        ("YYYYMMDDhhmmss", "%Y%m%d%H%M%S", "20260507123009"),
        ("100% DD", "100%% %d", "100% 07"),
        ("ss", "%S", "09"),
    ],
)
def test_forms(form: str, directives: str, text: str) -> None:
    time_format = TimestampFormat(form)
    assert (time_format.directives, time_format.format(NOON)) == (directives, text)


@pytest.mark.parametrize("form", ["epoch ms", "YY-MM", "YYYY-MM-DDTHH"])
def test_an_unknown_form_is_refused(form: str) -> None:
    with pytest.raises(ValueError, match="in the form of a time"):
        TimestampFormat(form)


@pytest.mark.parametrize(("zone", "offset"), [("+08:00", 28_800), ("-01:30", -5_400), ("+00:00", 0)])
def test_times_in_a_zone_are_read_back(zone: str, offset: int) -> None:
    time_format = TimestampFormat("YYYY-MM-DD HH:mm:ss.SSS", zone)
    assert time_format.utc_offset == offset
    assert time_format.format(NOON) == TimestampFormat("YYYY-MM-DD HH:mm:ss.SSS").format(NOON + offset)
    assert time_format.parse(time_format.format(NOON)) == NOON
