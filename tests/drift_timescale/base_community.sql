CREATE MATERIALIZED VIEW reading_hourly WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS
  SELECT time_bucket('1 hour', at) AS hour, device, avg(value) AS average FROM reading GROUP BY 1, 2 WITH NO DATA;
CREATE INDEX reading_hourly_average ON reading_hourly (average);
CREATE TABLE kept (at timestamptz NOT NULL, device text NOT NULL, "Of" text, value double precision);
SELECT create_hypertable('kept', 'at');
ALTER TABLE kept SET (timescaledb.compress, timescaledb.compress_segmentby = 'device, "Of"', timescaledb.compress_orderby = 'value, at DESC');
