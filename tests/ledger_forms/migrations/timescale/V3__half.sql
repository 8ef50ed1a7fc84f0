-- sgmp-db: no-transaction
INSERT INTO reading VALUES (1, 1, 5);
ALTER TABLE reading ADD COLUMN note absent_type NULL;
UPDATE reading SET watts = watts + 1, note = 'seen';
