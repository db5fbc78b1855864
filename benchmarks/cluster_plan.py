"""A hundred million pictures on paper: a simulation of workers, a scheduler and failures.

    python benchmarks/cluster_plan.py [--scheduler-ms 5] [--price 0.04]

A worker takes a job, tells of it, and takes the next one, which waits beside it already. The scheduler, with the client
whose manifest each picture gets lines in, handles one job after the other. A worker lives for a while (spare machines
do not live long), then what it has in hand is lost and begun again, and another one takes its place some minutes later.
Of the pictures a few kill whoever takes them, and are given up after three attempts. How long fits take is lognormal;
short ones are sent several at a time, as `dispatch.py` does it.

A shard, a batch of its own with a manifest and a scheduler of its own, is simulated for each row, a tenth of one for
100 workers, and told for all.
"""

from __future__ import annotations

import argparse
import heapq
from collections import deque
from dataclasses import dataclass

import numpy as np

PICTURES, SHARD = 10**8, 10**6

# What a picture takes on one core, in seconds: a thumbnail, and one of 768x512 with presets of more and more steps.
WORK = {"128x128, instant": 0.4, "768x512, instant": 8.0, "768x512, fast": 26.0}

# Bytes of a manifest's lines for each picture; attempts; jobs a second that a scheduler is given, and pictures in one.
LINES, ATTEMPTS, JOBS_A_SECOND, MOST = 620, 3, 100, 64


@dataclass(frozen=True)
class Plan:
    """What is simulated, times in seconds.

    seconds, spread: of a fit, mean and standard deviation of its logarithm. job, each: of the scheduler for a job and
    for a picture in it. latency: from there to a worker. lives, back: of workers, and until another one is there.
    killers: share of pictures that kill.
    """

    workers: int
    seconds: float
    lives: float
    job: float
    spread: float = 0.8
    each: float = 5e-5
    latency: float = 0.01
    back: float = 180.0
    killers: float = 1e-5


@dataclass(frozen=True)
class Outcome:
    """What became of it.

    wall: seconds. busy: share of the workers' time that became outputs. again: work that was lost, as a share of what
    was not. scheduler: share of the time that it was at work. given_up: pictures.
    """

    wall: float
    busy: float
    again: float
    scheduler: float
    given_up: int


@dataclass(frozen=True)
class Job:
    """Pictures, whether one of them kills, and how often that one has."""

    pictures: int
    kills: bool = False
    attempts: int = 0


def simulate(plan: Plan, pictures: int, seed: int = 0) -> Outcome:
    """One shard."""
    random = np.random.default_rng(seed)
    mean = np.log(plan.seconds) - plan.spread**2 / 2
    bundle = min(max(1, int(max(1.0, plan.workers / JOBS_A_SECOND) / plan.seconds)), MOST)
    left, chance = pictures, plan.killers
    again: deque[Job] = deque()
    free = useful = lost = scheduled = over = 0.0
    given_up = 0
    # When the jobs that wait beside a worker were, or will be, there.
    beside: list[deque[float]] = [deque([0.0, 0.0]) for _ in range(plan.workers)]
    events: list[tuple[float, int, int]] = [(0.0, worker, 0) for worker in range(plan.workers)]
    asleep: list[int] = []
    while events:
        now, worker, told = heapq.heappop(events)
        if told:
            cost = plan.job + plan.each * told
            free, scheduled = max(free, now) + cost, scheduled + cost
            beside[worker].append(free + plan.latency)
        if left:
            count = min(bundle, max(1, left // (4 * plan.workers)))
            job = Job(count, bool(random.random() < chance * count))
            left -= count
        elif again:
            job = again.popleft()
        else:
            asleep.append(worker)
            continue
        start = max(now, beside[worker].popleft())
        duration = float(random.lognormal(mean, plan.spread, job.pictures).sum())
        death = float(random.exponential(plan.lives))
        fatal = float(random.random()) * duration if job.kills else duration
        if death >= fatal and not job.kills:
            useful, over = useful + duration, max(over, start + duration)
            heapq.heappush(events, (start + duration, worker, job.pictures))
            continue
        spent = min(death, fatal)
        lost += spent
        # What is begun again goes picture by picture, and one that kills is given up in the end.
        if job.attempts + 1 < ATTEMPTS or not job.kills:
            again.append(Job(1, job.kills, job.attempts + 1))
        else:
            given_up += 1
        again.extend(Job(1) for _ in range(job.pictures - 1))
        heapq.heappush(events, (start + spent + plan.back, worker, job.pictures))
        while asleep and again:
            heapq.heappush(events, (start + spent, asleep.pop(), 1))
    return Outcome(over, useful / (plan.workers * over), lost / useful, scheduled / over, given_up)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scheduler-ms", type=float, default=5.0, help="for each job, the client's part with it")
    parser.add_argument("--price", type=float, default=0.04, help="of a core-hour")
    arguments = parser.parse_args()
    print(f"{PICTURES:,} pictures in shards of {SHARD:,}, each with a manifest of {SHARD * LINES / 1e6:,.0f} MB")
    columns = f"{'':18}{'workers':>8}{'live':>7}{'a shard':>11}{'busy':>8}{'again':>8}{'scheduler':>10}"
    print(columns + f"{'core-hours':>13}{'price':>10}")
    for name, seconds in WORK.items():
        for workers in (100, 1000, 10_000):
            for hours in (2, 24):
                pictures = SHARD if workers > 100 else SHARD // 10
                told = simulate(Plan(workers, seconds, 3600.0 * hours, arguments.scheduler_ms / 1e3), pictures)
                wall = told.wall / 3600 * SHARD / pictures
                work = PICTURES * seconds / 3600 / told.busy
                print(
                    f"{name:18}{workers:8,}{hours:5} h{wall:9.2f} h{told.busy:8.1%}{told.again:8.2%}"
                    f"{told.scheduler:10.1%}{work:13,.0f}{work * arguments.price:10,.0f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
