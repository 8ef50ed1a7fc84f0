-- The foreign key is made again, so that its index is the server's own once more: an index made by hand
-- would stay when V4 is applied again.
ALTER TABLE device DROP FOREIGN KEY device_ibfk_1;
DROP INDEX ix_device_house_id ON device;
ALTER TABLE device ADD FOREIGN KEY (house_id) REFERENCES house (house_id);
