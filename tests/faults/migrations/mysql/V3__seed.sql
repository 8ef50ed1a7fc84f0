-- Neighbouring data statements share transactions: groups that DDL and SET end, whose rows must be changed once.
CREATE TABLE seed (id int PRIMARY KEY, house varchar(32) NOT NULL, n int NOT NULL DEFAULT 0);
INSERT INTO seed (id, house) VALUES (1, 'first; or "second"');
INSERT INTO seed (id, house) VALUES (2, 'two'), (3, 'three');
UPDATE seed SET n = n + 1;
INSERT INTO seed (id, house, n) SELECT id + 10, house, n FROM seed;
REPLACE INTO seed (id, house, n) VALUES (3, 'three again', 7);
DELETE FROM seed WHERE id = 12;
UPDATE seed SET n = n * 2 + 1;
ALTER TABLE seed ADD COLUMN note varchar(16) NOT NULL DEFAULT 'none';
INSERT INTO seed (id, house) VALUES (20, 'twenty');
INSERT INTO seed (id, house) VALUES (21, 'twenty-one');
UPDATE seed SET n = n + 3, note = 'seen' WHERE id > 10;
SET unique_checks = 0;
INSERT INTO seed (id, house) VALUES (30, 'thirty');
INSERT INTO seed (id, house) VALUES (31, 'thirty-one');
UPDATE seed SET n = n + 1;
