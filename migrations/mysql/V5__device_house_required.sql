-- flask-migrate revision b8464db3feb8
-- sgmp-db: require SELECT NOT EXISTS (SELECT 1 FROM device WHERE house_id IS NULL) because "every device must belong to a house before device.house_id can be NOT NULL"
ALTER TABLE device MODIFY COLUMN house_id INT NOT NULL;
