CREATE TABLE parent (
  id int NOT NULL AUTO_INCREMENT,
  code varchar(20) NOT NULL DEFAULT 'x',
  b varchar(20) COLLATE utf8mb4_bin,
  PRIMARY KEY (id),
  UNIQUE KEY code (code)
);
CREATE TABLE child (
  a int,
  parent_id int,
  s varchar(60) DEFAULT 'it''s',
  t text,
  d datetime(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  u varchar(60) DEFAULT (concat('a', 'b')),
  g varchar(80) AS (concat(s, '-', a)) STORED,
  h int AS (a + 1) VIRTUAL INVISIBLE,
  j json,
  e enum('a','b') DEFAULT 'a',
  p point NOT NULL SRID 4326,
  KEY s (s(10) DESC, a),
  KEY f ((lower(s))),
  KEY m ((CAST(j->'$.x[*]' AS unsigned array))),
  FULLTEXT KEY t (t),
  SPATIAL KEY p (p),
  CONSTRAINT child_parent FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE,
  CONSTRAINT child_a CHECK (a > 0 AND s <> 'x')
);
CREATE TABLE cut (a int PRIMARY KEY, d date) PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE);
CREATE VIEW joined AS SELECT c.a, c.s AS label, p.code FROM child c JOIN parent AS p ON p.id = c.parent_id WHERE c.s <> 'parent.x';
CREATE VIEW above AS SELECT a, upper(label) AS label FROM joined;
CREATE TRIGGER child_first BEFORE INSERT ON child FOR EACH ROW SET NEW.a = NEW.a + 1;
CREATE TRIGGER child_second BEFORE INSERT ON child FOR EACH ROW BEGIN IF NEW.s = 'x' THEN SET NEW.s = 'y'; END IF; END;
CREATE PROCEDURE renew(IN what varchar(20), OUT many int) MODIFIES SQL DATA BEGIN UPDATE parent SET code = what; SET many = ROW_COUNT(); END;
CREATE FUNCTION twice(x varchar(20)) RETURNS varchar(40) DETERMINISTIC NO SQL RETURN concat(x, x);
CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM cut WHERE a < 0
