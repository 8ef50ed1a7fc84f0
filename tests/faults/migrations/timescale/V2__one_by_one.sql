-- sgmp-db: no-transaction
CREATE TABLE note (id int PRIMARY KEY, body text NOT NULL, n int NOT NULL DEFAULT 0);
INSERT INTO note (id, body) SELECT g, 'note ' || g FROM generate_series(1, 500) g;
CREATE INDEX CONCURRENTLY ix_note_body ON note (body);
UPDATE note SET n = n + 1;
CREATE UNIQUE INDEX CONCURRENTLY ux_note_n_id ON note (n, id);
INSERT INTO note SELECT id + 1000, body, n FROM note WHERE id <= 100;
ALTER TABLE note ADD COLUMN seen boolean NOT NULL DEFAULT false;
CREATE INDEX ix_reading_watts ON reading (watts) WITH (timescaledb.transaction_per_chunk);
UPDATE reading SET watts = watts + 1;
INSERT INTO reading SELECT at + INTERVAL '30 days', meter_id, watts FROM reading WHERE meter_id = 2;
DROP INDEX CONCURRENTLY ix_note_body;
ALTER TABLE note RENAME COLUMN body TO words;
UPDATE note SET n = n * 2 + 1;
