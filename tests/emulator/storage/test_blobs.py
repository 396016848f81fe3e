"""Blobs: small in memory, large in one file, both under a cap, deleted with their last reference."""

from random import Random

from tests.emulator.api_client import PLAIN, advance, data_uri, messages, submit
from wanlib.emulator import Emulator
from wanlib.emulator.storage.blobs import LARGE_BLOB, MemoryBlobStore

BIG = b"x" * LARGE_BLOB


def test_blobs_are_returned_unchanged() -> None:
    spool = MemoryBlobStore(10 * LARGE_BLOB, LARGE_BLOB)
    pieces = {spool.add(data): data for data in (b"a", BIG + b"1", b"b" * (LARGE_BLOB - 9), BIG + b"22")}
    assert len(pieces) == 4 and all(spool.get(key) == data for key, data in pieces.items())
    assert spool.get("") is None and spool.get("99") is None and spool.add(b"") == ""
    spool.close()


def test_nothing_is_stored_over_a_cap() -> None:
    spool = MemoryBlobStore(2 * LARGE_BLOB, 10)
    assert spool.add(b"x" * 10) and not spool.add(b"y")
    first, second = spool.add(BIG), spool.add(BIG)
    assert first and second and not spool.add(BIG)
    spool.release(first)
    assert spool.add(BIG) and spool.used == (10, 2 * LARGE_BLOB)
    spool.close()


def test_a_blob_exists_as_long_as_it_has_a_reference() -> None:
    spool = MemoryBlobStore(2 * LARGE_BLOB, 10)
    key = spool.add(b"x")
    assert spool.retain(key) == key and spool.retain("99") == ""
    spool.release(key)
    assert spool.get(key) == b"x"
    spool.release(key)
    assert spool.get(key) is None and spool.used == (0, 0)
    spool.release(key)


def test_freed_ranges_are_reused_in_any_order() -> None:
    random, spool = Random(1), MemoryBlobStore(8 * LARGE_BLOB, 0)
    kept: dict[str, bytes] = {}
    for number in range(300):
        data = number.to_bytes(2, "big") * (LARGE_BLOB // 2 + random.randrange(LARGE_BLOB // 4))
        if kept and (key := random.choice([*kept])) and random.random() < 0.55:
            assert spool.get(key) == kept.pop(key)
            spool.release(key)
        elif key := spool.add(data):
            kept[key] = data
    for key in kept:
        spool.release(key)
    whole = spool.add(b"z" * (8 * LARGE_BLOB))
    assert whole and spool.used == (0, 8 * LARGE_BLOB)
    spool.close()


def test_inputs_are_deleted_with_their_job() -> None:
    emulator = Emulator()
    for _ in range(3):
        submit(emulator, messages(PLAIN, data_uri(300, 300)))
    assert emulator.stored_bytes[0] > 0
    advance(emulator, 200_000)
    submit(emulator, messages(PLAIN))
    assert emulator.stored_bytes == (0, 0)
    emulator.close()
