import pytest
from handmade import Call, snapshot

from observe.signals.latency import latency_by_target
from observe.signals.streams import LongLived, long_lived, messages_per_call, upgraded_share

SLOW_MS = 10_000.0
FAST = (900, 90, 9, 1, 0)


def verdict(*calls):
    shot = snapshot(list(calls), hours=24)
    latency = latency_by_target(shot)["east/shop/cart"]
    messages = messages_per_call(shot).get("east/shop/cart", 0.0)
    upgraded = upgraded_share(shot).get("east/shop/cart", 0.0)
    return long_lived(latency, SLOW_MS, messages, upgraded)


@pytest.mark.parametrize(
    ("calls", "kind"),
    [
        ([Call(buckets=FAST)], None),
        ([Call(buckets=FAST, messages=(24_000, 24_000))], None),
        ([Call(buckets=FAST, messages=(24_000, 48_000))], LongLived.GRPC_STREAM),
        ([Call(buckets=FAST, messages=(90_000, 24_000))], LongLived.GRPC_STREAM),
        ([Call(buckets=FAST), Call(buckets=(0, 0, 0, 5, 6), code="101")], LongLived.UPGRADE),
        ([Call(buckets=FAST), Call(buckets=(0, 0, 0, 0, 60), flags="DC")], LongLived.HANG_UP),
        ([Call(buckets=FAST), Call(buckets=(0, 0, 0, 0, 2), flags="DC")], LongLived.HANG_UP),
        ([Call(buckets=FAST), Call(buckets=(0, 0, 0, 0, 2), code="0", flags="DC")], None),
        ([Call(buckets=FAST), Call(buckets=(60, 0, 0, 0, 0), flags="DC")], None),
        ([Call(buckets=(0, 0, 10, 20, 70))], LongLived.LONG_POLL),
        ([Call(buckets=(800, 90, 9, 1, 50))], LongLived.LONG_POLL),
        ([Call(buckets=(500, 300, 150, 40, 8))], None),
    ],
)
def test_what_stays_open_on_purpose_is_told_from_what_is_slow(calls, kind):
    assert verdict(*calls) is kind


def test_messages_are_counted_in_the_busier_direction():
    shot = snapshot([Call(buckets=(10, 0, 0, 0, 0), messages=(240, 720))], hours=24)
    assert messages_per_call(shot) == {"east/shop/cart": pytest.approx(3.0)}
