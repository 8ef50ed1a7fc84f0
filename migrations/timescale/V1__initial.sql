-- What schema.sql left. Retention is in policies.yaml.
CREATE EXTENSION IF NOT EXISTS timescaledb;

CREATE TABLE house_data (
  timestamp TIMESTAMPTZ(3) NOT NULL,
  house_id INTEGER NOT NULL,
  device_name VARCHAR(256) NOT NULL,
  field TEXT NOT NULL,
  value_decimal DOUBLE PRECISION,
  value_text TEXT
);
SELECT create_hypertable('house_data', 'timestamp');
-- The server names the indexes, as it did for schema.sql.
CREATE INDEX ON house_data (house_id, device_name, field, timestamp DESC);
CREATE INDEX ON house_data (house_id, device_name, timestamp DESC);

CREATE TABLE events (
  timestamp TIMESTAMPTZ(3) NOT NULL,
  house_id INTEGER NOT NULL,
  device_name VARCHAR(256) NOT NULL,
  type VARCHAR(256) NOT NULL,
  data JSONB NOT NULL
);
SELECT create_hypertable('events', 'timestamp');
CREATE INDEX ON events (house_id, timestamp DESC);
CREATE INDEX ON events (house_id, device_name, timestamp DESC);
CREATE INDEX ON events (house_id, device_name, type, timestamp DESC);
CREATE INDEX ON events (house_id, type, timestamp DESC);
