CREATE MATERIALIZED VIEW reading_hourly WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS
  SELECT time_bucket('1 hour', at) AS hour, device, avg(value) AS average FROM reading GROUP BY 1, 2 WITH NO DATA;
CREATE INDEX reading_hourly_average ON reading_hourly (average);
