-- One transaction, hypertable included.
CREATE EXTENSION IF NOT EXISTS timescaledb;
CREATE TABLE meter (
  id int PRIMARY KEY,
  name text NOT NULL,
  n int NOT NULL DEFAULT 0
);
INSERT INTO meter (id, name) SELECT g, 'meter ' || g FROM generate_series(1, 3) g;
CREATE TABLE reading (
  at timestamptz NOT NULL,
  meter_id int NOT NULL REFERENCES meter (id),
  watts double precision NOT NULL
);
SELECT create_hypertable('reading', 'at', chunk_time_interval => INTERVAL '1 day');
INSERT INTO reading
  SELECT timestamptz '2026-01-01 00:00+00' + make_interval(hours => h), m.id, h * m.id
  FROM generate_series(0, 95) h CROSS JOIN meter m;
UPDATE meter SET n = n + 1;
ALTER TABLE meter ADD COLUMN uom varchar(8) NOT NULL DEFAULT 'W';
CREATE FUNCTION count_reading() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE meter SET n = n + 1 WHERE id = NEW.meter_id;
  RETURN NEW;
END $$;
CREATE TRIGGER reading_counts AFTER INSERT ON reading FOR EACH ROW EXECUTE FUNCTION count_reading();
INSERT INTO reading SELECT at + INTERVAL '7 days', meter_id, watts FROM reading WHERE meter_id = 1;
