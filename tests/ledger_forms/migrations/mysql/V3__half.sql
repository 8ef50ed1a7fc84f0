INSERT INTO reading VALUES (1, 1, 5);
ALTER TABLE reading ADD COLUMN note varchar(20) NULL;
UPDATE reading SET watts = watts + 1, note = 'seen';
