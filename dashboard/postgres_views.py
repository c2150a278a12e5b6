"""SQL of migration p002: what reports and Grafana ask, with real times instead of seconds since 1970."""

VIEWS = """
CREATE VIEW queues_now AS
SELECT site, queue, to_timestamp(received_s) AS heard, extract(epoch FROM now()) - received_s < 30 AS current,
    CASE WHEN extract(epoch FROM now()) - received_s < 30 THEN length END AS length,
    CASE WHEN extract(epoch FROM now()) - received_s < 30 THEN wait_s END AS wait_s, quality, state
FROM state;
CREATE VIEW cameras_now AS
SELECT site, camera, to_timestamp(received_s) AS heard, extract(epoch FROM now()) - received_s < 92 AS current,
    state, picture, detail, frames_in_per_s, frames_out_per_s, latency_s, restarts, runtime
FROM cameras;
CREATE VIEW boxes_now AS
SELECT b.site, b.box, to_timestamp(b.received_s) AS heard, b.status, b.version,
    coalesce((SELECT sum(missing) FROM sources s WHERE s.site = b.site AND s.box = b.box), 0)::bigint AS rows_lost
FROM boxes b;
CREATE VIEW queue_minutes AS
SELECT site, queue, to_timestamp(minute_s) AS minute,
    sum(length_mean * greatest(readings - unknown, 1))
        / nullif(sum(greatest(readings - unknown, 1)) FILTER (WHERE length_mean IS NOT NULL), 0) AS length_mean,
    max(length_max) AS length_max,
    sum(wait_mean_s * greatest(readings - unknown, 1))
        / nullif(sum(greatest(readings - unknown, 1)) FILTER (WHERE wait_mean_s IS NOT NULL), 0) AS wait_mean_s,
    max(wait_max_s) AS wait_max_s, sum(joined)::bigint AS joined, sum(served)::bigint AS served,
    sum("left")::bigint AS "left", sum(lost)::bigint AS lost
FROM minutes GROUP BY site, queue, minute_s;
CREATE VIEW queue_hours AS
SELECT site, queue, to_timestamp(hour_s) AS hour,
    sum(length_sum) / nullif(sum(length_readings), 0) AS length_mean, max(length_max) AS length_max,
    sum(wait_sum_s) / nullif(sum(wait_readings), 0) AS wait_mean_s, max(wait_max_s) AS wait_max_s,
    sum(joined)::bigint AS joined, sum(served)::bigint AS served, sum("left")::bigint AS "left",
    sum(lost)::bigint AS lost, sum(readings)::bigint AS readings, sum(unknown)::bigint AS unknown,
    sum(told)::bigint AS told, sum(told_off_s) / nullif(sum(told), 0) AS told_off_s,
    sum(told_more_s) / nullif(sum(told), 0) AS told_bias_s,
    sum(told_covered)::double precision / nullif(sum(told), 0) AS told_covered
FROM hours GROUP BY site, queue, hour_s;
CREATE VIEW real_waits AS
SELECT site, queue, to_timestamp(hour_s) AS hour, bin.key::integer AS wait_from_s,
    bin.key::integer + CASE WHEN bin.key::integer < 1800 THEN 30 ELSE 300 END AS wait_to_s,
    bin.value::bigint AS people
FROM hours, json_each_text(waits::json) AS bin;
CREATE VIEW visits AS
SELECT site, queue, kind, to_timestamp(at_s) AS at, wait_s, stay_s, ahead_on_joining, told_s, told_low_s, told_high_s
FROM events WHERE kind IN ('served', 'left', 'lost') AND coalesce(censored, 0) = 0;
CREATE VIEW alerts AS
SELECT site, queue, to_timestamp(at_s) AS at, text FROM events WHERE kind = 'alert';
CREATE VIEW line_totals AS
SELECT site, line, to_timestamp(hour_s) AS hour, sum(count_in)::bigint AS count_in, sum(count_out)::bigint AS count_out
FROM line_hours GROUP BY site, line, hour_s;
"""
