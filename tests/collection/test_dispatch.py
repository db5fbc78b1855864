"""Workers are kept busy, failures tried again elsewhere, and memory is not spent twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincodec.collection import dispatch
from coincodec.collection.conversion import Encoding
from coincodec.collection.dispatch import Dispatcher
from coincodec.collection.engine import Memory, Outcome
from coincodec.collection.manifest import DONE, FAILED, Row
from coincodec.collection.work import Answer, Job, Task
from coincodec.options import EncodeOptions

Act = Callable[[Job, str], list[Answer] | None]

ENCODING = Encoding(EncodeOptions())


def done(task: Task, seconds: float = 1.0) -> Answer:
    return Answer(task, Row(task.source, task.output, DONE, seconds=seconds))


def failed(task: Task, again: bool) -> Answer:
    return Answer(task, Row(task.source, task.output, FAILED, error="no"), again=again)


class Workers:
    """An engine whose workers take turns, and do with a job what a function says; None is a worker's death."""

    def __init__(self, count: int, act: Act, memory: Memory | None = None) -> None:
        self.workers = self.cores = count
        self.at_once = 0.5
        self.act, self.memory = act, memory or Memory(100, 100 * count, 100 * count)
        self.busy: dict[str, Job] = {}
        self.jobs: list[tuple[str, Job]] = []
        self.most_memory = 0

    def _idle(self, avoid: str | None) -> list[str]:
        names = [f"w{number}" for number in range(self.workers)]
        return [n for n in names if n not in self.busy and (self.workers == 1 or n != avoid)]

    def free(self, avoid: str | None = None) -> bool:
        return bool(self._idle(avoid))

    def submit(self, job: Job) -> None:
        worker = self._idle(job.avoid)[0]
        self.busy[worker] = job
        self.jobs.append((worker, job))
        self.most_memory = max(self.most_memory, sum(job.room for job in self.busy.values()))

    def wait(self, seconds: float) -> list[Outcome]:
        if not self.busy:
            return []
        worker = next(iter(self.busy))
        job = self.busy.pop(worker)
        answers = self.act(job, worker)
        return [Outcome(job.number, answers, worker, "" if answers else "it died")]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "_PAUSE", 0.0)


def tasks(count: int) -> list[Task]:
    return [Task(f"in{number}", f"out{number}") for number in range(count)]


@given(st.integers(1, 5), st.integers(0, 80), st.randoms(use_true_random=False), st.floats(0, 2))
def test_every_task_has_one_answer_whatever_happens(count: int, pictures: int, random: object, seconds: float) -> None:
    heavy: set[str] = set()

    def act(job: Job, worker: str) -> list[Answer] | None:
        answers = []
        for task in job.tasks:
            what = random.random()  # type: ignore[attr-defined]
            if what < 0.1:
                return None
            if what < 0.2 and task.source not in heavy:
                heavy.add(task.source)
                answers.append(Answer(task, need=150))
            else:
                answers.append(failed(task, what < 0.3) if what < 0.4 else done(task, seconds))
        return answers

    dispatch._PAUSE = 0.0
    engine = Workers(count, act)
    begun: list[Task] = []
    found = list(Dispatcher(engine, began=begun.extend).answers(ENCODING, tasks(pictures)))
    assert sorted(answer.task.source for answer in found) == sorted(task.source for task in tasks(pictures))
    assert begun == tasks(pictures)
    assert all(answer.row is not None and 1 <= answer.row.attempts <= 3 for answer in found)
    assert engine.most_memory <= max(100 * count, 150)


def test_what_may_pass_is_tried_again_on_another_worker() -> None:
    engine = Workers(3, lambda job, worker: [failed(job.tasks[0], again=True)])
    (answer,) = Dispatcher(engine, retries=2).answers(ENCODING, tasks(1))
    assert answer.row is not None
    assert answer.row.attempts == 3
    assert all(before != after for (before, _), (after, _) in zip(engine.jobs, engine.jobs[1:], strict=False))


def test_what_is_wrong_with_a_picture_is_not_tried_again() -> None:
    engine = Workers(2, lambda job, worker: [failed(task, again=False) for task in job.tasks])
    assert len(list(Dispatcher(engine).answers(ENCODING, tasks(4)))) == 4
    assert len(engine.jobs) == 4


def test_a_picture_that_kills_workers_is_given_up_and_those_beside_it_are_not() -> None:
    def act(job: Job, worker: str) -> list[Answer] | None:
        return None if Task("in40", "out40") in job.tasks else [done(task, 0.001) for task in job.tasks]

    engine = Workers(2, act)
    found = {a.task.source: a.row for a in Dispatcher(engine, retries=2).answers(ENCODING, tasks(100)) if a.row}
    assert Counter(row.status for row in found.values()) == {DONE: 99, FAILED: 1}
    assert found["in40"].error == "it died"
    assert found["in40"].attempts == 3
    assert sum(1 for _, job in engine.jobs if Task("in40", "out40") in job.tasks) == 3
    assert any(len(job.tasks) > 1 for _, job in engine.jobs)


def test_small_work_is_sent_in_bundles_that_get_small_at_the_end() -> None:
    engine = Workers(2, lambda job, worker: [done(task, 0.01) for task in job.tasks])
    list(Dispatcher(engine).answers(ENCODING, tasks(400)))
    sizes = [len(job.tasks) for _, job in engine.jobs]
    assert sizes[0] == sizes[-1] == 1
    assert 20 <= max(sizes) <= 50
    engine = Workers(2, lambda job, worker: [done(task, 2.0) for task in job.tasks])
    list(Dispatcher(engine).answers(ENCODING, tasks(50)))
    assert len(engine.jobs) == 50


def test_one_thread_a_fit_and_all_cores_for_the_last_ones() -> None:
    engine = Workers(4, lambda job, worker: [done(task) for task in job.tasks])
    list(Dispatcher(engine).answers(ENCODING, tasks(20)))
    assert [job.threads for _, job in engine.jobs] == [1] * 18 + [2, 4]
    list(Dispatcher(engine, threads=3).answers(ENCODING, tasks(2)))
    assert [job.threads for _, job in engine.jobs[20:]] == [3, 3]
    list(Dispatcher(engine).answers(ENCODING, tasks(2)))
    assert [job.threads for _, job in engine.jobs[22:]] == [2, 2]


def test_large_pictures_wait_for_memory_and_share_the_cores_as_they_share_that() -> None:
    needs = {"in1": 200, "in3": 200, "in5": 1000}

    def act(job: Job, worker: str) -> list[Answer]:
        (task,) = job.tasks
        need = needs.get(task.source, 50)
        return [Answer(task, need=need) if need > job.room else done(task)]

    engine = Workers(4, act)
    found = list(Dispatcher(engine).answers(ENCODING, tasks(8)))
    assert all(answer.row is not None and answer.row.attempts == 1 for answer in found)
    large = [job for _, job in engine.jobs if job.room > 100]
    assert [job.tasks[0].source for job in large] == ["in1", "in3", "in5"]
    assert [job.threads for job in large] == [2, 2, 4]
    assert [job.room for job in large] == [200, 200, 1000]
    assert engine.most_memory == 1000  # alone, since it takes more than there is


def test_a_picture_that_no_worker_of_a_cluster_has_the_memory_for() -> None:
    engine = Workers(2, lambda job, worker: [Answer(job.tasks[0], need=2**30)], Memory(2**28, 2**29, None))
    (answer,) = Dispatcher(engine).answers(ENCODING, tasks(1))
    assert answer.row is not None
    assert answer.row.error == "it takes about 1,024 MB of memory, more than any worker has for one picture"


def test_hashes_alone() -> None:
    engine = Workers(2, lambda job, worker: [Answer(task, hash=task.source) for task in job.tasks])
    found = list(Dispatcher(engine).answers(None, tasks(5)))
    assert {answer.hash for answer in found} == {task.source for task in tasks(5)}
    assert replace(found[0], hash=None) == Answer(found[0].task)
