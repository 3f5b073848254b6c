"""A running job's progress: estimates that fall, figures that add up."""

from actors.progress import ProgressMeter
from domain.jobs import Job, JobState
from domain.load import ShardKey
from engine.protocol import LiveReported
from tests.domain.made_samples import an_ok_sample


def a_job(done, total=10):
    return Job(
        id="j",
        owner_id="u",
        kind="benchmark",
        state=JobState.RUNNING,
        attempt=1,
        created_at_ms=0,
        total=total,
        done=done,
        result_id="b",
    )


def a_key(shard):
    return ShardKey(job_id="j", attempt=1, shard=shard, shard_attempt=1)


def live(shard, *, ttft_ms=None, errors=0):
    return LiveReported(a_key(shard), 2.0, 100.0, ttft_ms, 1, errors)


def test_nothing_is_estimated_before_the_first_request_has_finished():
    assert ProgressMeter(0.0, 0).frame(a_job(0), 5.0).progress.eta_s is None


def test_the_estimate_falls_between_two_requests_and_never_below_what_is_left_after_one():
    meter = ProgressMeter(0.0, 0)
    etas = [meter.frame(a_job(1), now_s).progress.eta_s for now_s in (2.0, 3.0, 9.0)]
    assert etas == [18.0, 17.0, 16.0]


def test_what_an_earlier_attempt_had_done_does_not_speed_the_estimate_up():
    meter = ProgressMeter(0.0, 8)
    assert meter.frame(a_job(9), 3.0).progress.eta_s == 3.0


def test_shards_add_up_and_one_that_has_ended_keeps_only_its_errors():
    meter = ProgressMeter(0.0, 0)
    meter.report(live(0, ttft_ms=40.0, errors=2))
    meter.report(live(1))
    both = meter.frame(a_job(0), 1.0).live
    assert (both.requests_per_s, both.active_streams, both.errors) == (4.0, 2, 2)
    assert both.ttft_p50_ms == 40.0
    meter.forget(a_key(0))
    one = meter.frame(a_job(0), 1.0).live
    assert (one.requests_per_s, one.active_streams, one.errors) == (2.0, 1, 2)
    assert one.ttft_p50_ms is None


def test_a_median_of_two_shards_is_unknown_rather_than_made_up():
    meter = ProgressMeter(0.0, 0)
    meter.report(live(0, ttft_ms=40.0))
    meter.report(live(1, ttft_ms=80.0))
    assert meter.frame(a_job(0), 1.0).live.ttft_p50_ms is None


def test_the_workers_of_one_stage_share_a_median_over_its_last_requests():
    meter = ProgressMeter(0.0, 0)
    for shard in (0, 1):
        meter.report(live(shard, ttft_ms=40.0), row=5)
    meter.arrive([an_ok_sample(row=5, ttft_ms=ms) for ms in (10.0, 30.0, 90.0)])
    assert meter.frame(a_job(0), 1.0).live.ttft_p50_ms == 30.0
    meter.report(live(2), row=6)
    assert meter.frame(a_job(0), 1.0).live.ttft_p50_ms is None


def test_where_the_time_left_is_known_it_is_told_with_what_is_being_measured():
    frame = ProgressMeter(0.0, 0).frame(a_job(5), 9.0, left_s=12.34, detail="m1: rate 2")
    assert (frame.progress.eta_s, frame.progress.detail) == (12.3, "m1: rate 2")


def test_more_requests_than_estimated_are_no_more_than_all():
    assert ProgressMeter(0.0, 0).frame(a_job(15), 1.0).progress.pct == 100
