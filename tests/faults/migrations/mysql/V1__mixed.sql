-- Every kind of statement that MySQL commits by itself, data that must change exactly once, and a
-- session variable that the statements after an interruption still need.
SET foreign_key_checks = 0;

-- The parent comes after its child: works only while the checks are off.
CREATE TABLE reading (
  id int PRIMARY KEY,
  meter_id int NOT NULL,
  watts int NOT NULL,
  CONSTRAINT fk_reading_meter FOREIGN KEY (meter_id) REFERENCES meter (id)
);
CREATE TABLE meter (
  id int PRIMARY KEY,
  name varchar(64) NOT NULL,
  n int NOT NULL DEFAULT 0
);
INSERT INTO meter (id, name) VALUES (1, 'roof'), (2, 'cellar'), (3, 'street; or "lane"');
INSERT INTO reading SELECT a.id * 10 + b.id, a.id, a.id * b.id FROM meter a CROSS JOIN meter b;
UPDATE meter SET n = n + 1;

ALTER TABLE meter ADD COLUMN unit varchar(8) NOT NULL DEFAULT 'W', ALGORITHM = INSTANT;
ALTER TABLE reading ADD INDEX ix_reading_watts (watts), ALGORITHM = INPLACE;
ALTER TABLE meter MODIFY n bigint NOT NULL DEFAULT 0 COMMENT 'how often', ALGORITHM = COPY;
CREATE INDEX ix_meter_name ON meter (name);
ALTER TABLE meter
  ADD COLUMN house_id int NULL,
  ADD CONSTRAINT fk_meter_house FOREIGN KEY (house_id) REFERENCES house (id);
CREATE TABLE house (id int PRIMARY KEY, name varchar(64) NOT NULL);
INSERT INTO house VALUES (1, 'first');

CREATE TABLE daily SELECT meter_id, SUM(watts) AS total, COUNT(*) AS readings FROM reading GROUP BY meter_id;
RENAME TABLE daily TO meter_day;
UPDATE meter_day SET total = total * 2 + 1;
ALTER TABLE meter_day ADD PRIMARY KEY (meter_id);

DELIMITER //
CREATE TRIGGER reading_counts AFTER INSERT ON reading FOR EACH ROW
BEGIN
  UPDATE meter SET n = n + 1 WHERE id = NEW.meter_id;
  UPDATE meter_day SET readings = readings + 1, total = total + NEW.watts WHERE meter_id = NEW.meter_id;
END//
DELIMITER ;
INSERT INTO reading SELECT id + 1000, meter_id, watts + 1 FROM reading;
-- No meter 99: another proof that the checks are still off.
INSERT INTO reading VALUES (9000, 99, 5);

DROP INDEX ix_meter_name ON meter;
ALTER TABLE meter RENAME COLUMN unit TO uom;
CREATE VIEW meter_total AS SELECT m.name, d.total FROM meter m JOIN meter_day d ON d.meter_id = m.id;
UPDATE meter SET n = n + 1, house_id = 1;
