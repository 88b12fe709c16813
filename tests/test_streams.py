"""Steps overlap without losing order, errors or threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count, islice

import pytest

from pipelines.streams import ahead, in_process


def wait_until(is_so: Callable[[], bool], seconds: float = 5.0) -> None:
    """Fails unless something comes true in time."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_in_process_runs_each_batch_in_order_and_when_asked() -> None:
    done: list[int] = []

    def stage(batch: int) -> int:
        done.append(batch)
        return 10 * batch

    results = in_process(stage)(iter([3, 1, 2]))
    assert done == []
    assert next(results) == 30
    assert done == [3]
    assert list(results) == [10, 20]


@pytest.mark.parametrize("depth", [1, 2, 16])
def test_ahead_gives_every_item_in_order(depth: int) -> None:
    assert list(ahead(range(200), depth)) == list(range(200))
    assert list(ahead([], depth)) == []


def test_ahead_gives_items_that_are_none_or_errors_as_items_too() -> None:
    assert list(ahead([None, 0, False], 2)) == [None, 0, False]


def test_ahead_works_in_another_thread() -> None:
    def named() -> Iterator[int]:
        yield threading.get_ident()

    assert list(ahead(named(), 1)) != [threading.get_ident()]


def test_ahead_works_on_while_the_reader_is_busy() -> None:
    made: list[int] = []

    def making() -> Iterator[int]:
        for number in range(20):
            made.append(number)
            yield number

    with closing(ahead(making(), 4)) as items:
        assert next(items) == 0
        wait_until(lambda: len(made) >= 5)


def test_ahead_never_works_further_than_it_may() -> None:
    made, depth = 0, 3

    def making() -> Iterator[int]:
        nonlocal made
        for number in range(30):
            made += 1
            yield number

    with closing(ahead(making(), depth)) as items:
        for number in islice(items, 10):
            time.sleep(0.01)
            assert made <= number + 1 + depth + 1  # taken, in the queue, and one in the maker's hand


def test_error_comes_in_its_turn() -> None:
    def failing() -> Iterator[int]:
        yield 1
        yield 2
        raise OSError("the disk is gone")

    items = ahead(failing(), 8)
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(OSError, match="the disk is gone"):
        next(items)
    assert list(items) == []


def test_interrupt_in_the_thread_reaches_the_reader() -> None:
    def interrupted() -> Iterator[int]:
        yield 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(ahead(interrupted(), 2))


@pytest.mark.parametrize("depth", [1, 4])
def test_thread_ends_when_the_reader_stops_early(depth: int) -> None:
    before, closed = threading.active_count(), threading.Event()

    def endless() -> Iterator[int]:
        try:
            yield from count()
        finally:
            closed.set()

    source = endless()  # a name of its own: it must be closed, not collected
    with closing(ahead(source, depth)) as items:
        assert next(items) == 0
        assert threading.active_count() == before + 1
    assert closed.is_set()  # what the maker holds open is closed by then, not at some later time
    assert threading.active_count() == before


def test_thread_ends_when_the_reader_fails() -> None:
    before = threading.active_count()

    def reader() -> None:
        with closing(ahead(count(), 2)) as items:
            for number in items:
                if number == 5:
                    raise RuntimeError("reader")

    with pytest.raises(RuntimeError, match="reader"):
        reader()
    assert threading.active_count() == before


def test_nested_threads_end_together() -> None:
    before = threading.active_count()
    with closing(ahead(ahead(count(), 2), 2)) as items:
        assert list(islice(items, 5)) == [0, 1, 2, 3, 4]
    assert threading.active_count() == before


def test_nothing_starts_before_the_first_item_is_asked_for() -> None:
    before = threading.active_count()
    items = ahead(count(), 2)
    assert threading.active_count() == before
    items.close()
    assert threading.active_count() == before
