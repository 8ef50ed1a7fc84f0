-- The foreign key needs an index at any time: first the one that the server had made for it.
CREATE INDEX house_id ON device (house_id);
DROP INDEX ix_device_house_id ON device;
