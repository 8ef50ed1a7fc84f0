ALTER TABLE device DROP FOREIGN KEY device_ibfk_1;
ALTER TABLE device DROP COLUMN house_id;
DROP TABLE house;
